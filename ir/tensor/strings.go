package tensor

// Strings is the table of a model's strings. An element of type String is a place in it.
type Strings struct {
	list  []string
	index map[string]int32
}

// Add returns the place of s, a new one where the table does not have it.
func (t *Strings) Add(s string) int32 {
	if i, ok := t.index[s]; ok {
		return i
	}
	if t.index == nil {
		t.index = map[string]int32{}
	}
	i := int32(len(t.list))
	t.index[s], t.list = i, append(t.list, s)
	return i
}

// List returns the strings in order; also of a nil table, which has none.
func (t *Strings) List() []string {
	if t == nil {
		return nil
	}
	return t.list
}

// Text returns the string at a place, "" where there is none.
func (t *Strings) Text(i int64) string {
	if list := t.List(); i >= 0 && i < int64(len(list)) {
		return list[i]
	}
	return ""
}
