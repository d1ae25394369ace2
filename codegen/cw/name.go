package cw

import (
	"strconv"
	"strings"
)

// Ident returns a legal C identifier that resembles name: other characters than letters and digits become underscores,
// one for each run of them. It neither begins nor ends with an underscore and is never a word that C or C++ reserves.
func Ident(name string) string {
	var b strings.Builder
	for _, r := range name {
		if isAlnum(r) {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && s[len(s)-1] != '_' {
			b.WriteByte('_')
		}
	}
	id := strings.TrimRight(b.String(), "_")
	switch {
	case id == "":
		return "v"
	case id[0] >= '0' && id[0] <= '9':
		return "v" + id
	case reserved[id]:
		return id + "_"
	}
	return id
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// Param returns Ident for a parameter: names all in capitals, as macros have them, become small.
func Param(name string) string {
	id := Ident(name)
	if strings.ToUpper(id) == id {
		return Ident(strings.ToLower(id))
	}
	return id
}

// Names gives out names that differ from each other even without regard to case. The zero value is ready.
type Names struct{ taken map[string]bool }

// Unique returns id, or id with a number where id is taken, and takes it.
func (n *Names) Unique(id string) string {
	if n.taken == nil {
		n.taken = map[string]bool{}
	}
	name := id
	for i := 2; n.taken[strings.ToLower(name)]; i++ {
		name = strings.TrimRight(id, "_") + "_" + strconv.Itoa(i)
	}
	n.taken[strings.ToLower(name)] = true
	return name
}

// reserved are the keywords of C and C++, and the names of the standard headers and of compilers that a parameter must
// not take.
var reserved = wordSet(`
	auto break case char const continue default do double else enum extern float for goto if inline int long register
	restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
	alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept bitand bitor bool catch char8_t char16_t
	char32_t class compl concept consteval constexpr constinit const_cast co_await co_return co_yield decltype delete
	dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private
	protected public reflexpr reinterpret_cast requires static_assert static_cast synchronized template this thread_local
	throw true try typeid typename typeof typeof_unqual using virtual wchar_t xor xor_eq
	int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t size_t ptrdiff_t max_align_t
	nullptr_t complex imaginary errno stdin stdout stderr linux unix i386 far near arena`)

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}
