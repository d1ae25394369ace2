package ir

// Place says where a value lives when the model runs.
type Place struct {
	Of     *Value // the graph input or output whose buffer, the caller's, it is in; nil for the arena
	Offset int    // bytes from the buffer's or the arena's start
}

// Stream is a run of nodes, g.Nodes[From:To], that compute row by row: again and again the last of them that has the rows that it
// reads computes its next row. Of values that only they use, a ring of the rows that are still to be read is kept.
type Stream struct{ From, To int }

// Memory is the plan of everything that a lowered graph needs besides its constants. Constants have no place.
type Memory struct {
	ArenaBytes int
	LowerBound int // the greatest sum of sizes that are alive at once: no plan of this node order can be smaller
	Places     map[*Value]Place
	Scratch    map[*Node]int // arena offset of each kernel's scratch, for nodes that ask for one
	Streams    []Stream
	Rings      map[*Value]Ring // of values in streams of which not all rows are kept
}

// Ring says that of a value's rows the last Kept are in memory: row r is in place r % Kept.
type Ring struct{ Kept, Rows int }

// Bytes returns the memory that a value takes.
func (m *Memory) Bytes(v *Value) int {
	if r := m.Rings[v]; r.Kept > 0 {
		return v.Type.Bytes() / r.Rows * r.Kept
	}
	return v.Type.Bytes()
}

// StreamOf returns the stream that node i of the graph is in, or nil.
func (m *Memory) StreamOf(i int) *Stream {
	for k := range m.Streams {
		if s := &m.Streams[k]; s.From <= i && i < s.To {
			return s
		}
	}
	return nil
}
