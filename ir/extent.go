package ir

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Dim is a dimension whose size a run is told, within bounds, or one that follows from another.
type Dim struct {
	Name     string
	Min, Max int

	// One that follows from another is (Mul*size + Add) / Div, rounded down, of the size of dimension Of. Div is 0 for one that a run is told.
	Of, Mul, Add, Div int
}

// Told reports whether the size of d is an argument of a run.
func (d Dim) Told() bool { return d.Div == 0 }

// Sizes completes the sizes of the dimensions that a run is told, which are the first ones, with those of the others.
func Sizes(dims []Dim, told []int) []int {
	sizes := slices.Clone(told)
	for _, d := range dims[len(told):] {
		sizes = append(sizes, d.From(told[d.Of]))
	}
	return sizes
}

// From is the size of a dimension that follows from another of size n.
func (d Dim) From(n int) int { return floorDiv(d.Mul*n+d.Add, d.Div) }

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Extent is a whole number that depends on the sizes of a graph's dimensions: a sum of products. Max is its value at the greatest sizes. It
// is an attribute where a constant of a kernel's depends on them.
type Extent struct {
	Terms []Term // in order of Dims, each combination once
	Max   int
}

// Term is a factor times the sizes of dimensions, by index in the graph's list, ascending.
type Term struct {
	Factor int
	Dims   []int
}

// Fixed returns the extent that is always n.
func Fixed(n int) Extent {
	if n == 0 {
		return Extent{}
	}
	return Extent{Terms: []Term{{Factor: n}}, Max: n}
}

// NewExtent returns the sum of terms, with Max from the greatest sizes of the dimensions.
func NewExtent(terms []Term, dims []Dim) Extent {
	e := Extent{Terms: sum(terms)}
	greatest := make([]int, len(dims))
	for i, d := range dims {
		greatest[i] = d.Max
	}
	e.Max = e.At(greatest)
	return e
}

// sum brings terms of the same dimensions together, in order.
func sum(terms []Term) []Term {
	terms = slices.Clone(terms)
	slices.SortStableFunc(terms, func(a, b Term) int {
		return cmp.Or(cmp.Compare(len(b.Dims), len(a.Dims)), slices.Compare(a.Dims, b.Dims))
	})
	var out []Term
	for _, t := range terms {
		if last := len(out) - 1; last >= 0 && slices.Equal(out[last].Dims, t.Dims) {
			out[last].Factor += t.Factor
			continue
		}
		out = append(out, t)
	}
	return slices.DeleteFunc(out, func(t Term) bool { return t.Factor == 0 })
}

// Varies reports whether e is not the same number at all sizes.
func (e Extent) Varies() bool {
	return slices.ContainsFunc(e.Terms, func(t Term) bool { return len(t.Dims) > 0 })
}

// At returns e at the sizes of all dimensions, as Sizes returns them.
func (e Extent) At(sizes []int) int {
	total := 0
	for _, t := range e.Terms {
		n := t.Factor
		for _, d := range t.Dims {
			n *= sizes[d]
		}
		total += n
	}
	return total
}

// Equal reports whether e and f are the same number at all sizes.
func (e Extent) Equal(f Extent) bool {
	return e.Max == f.Max && slices.EqualFunc(e.Terms, f.Terms, func(a, b Term) bool { return a.Factor == b.Factor && slices.Equal(a.Dims, b.Dims) })
}

// Plus returns e + f.
func (e Extent) Plus(f Extent) Extent {
	return Extent{Terms: sum(slices.Concat(e.Terms, f.Terms)), Max: e.Max + f.Max}
}

// Times returns e * f.
func (e Extent) Times(f Extent) Extent {
	var terms []Term
	for _, a := range e.Terms {
		for _, b := range f.Terms {
			dims := slices.Concat(a.Dims, b.Dims)
			slices.Sort(dims)
			terms = append(terms, Term{a.Factor * b.Factor, dims})
		}
	}
	return Extent{Terms: sum(terms), Max: e.Max * f.Max}
}

// Over returns e / f, and whether that is an extent.
func (e Extent) Over(f Extent) (Extent, bool) {
	quotient := Extent{}
	for len(e.Terms) > 0 {
		if len(f.Terms) == 0 {
			return Extent{}, false
		}
		lead, by := e.Terms[0], f.Terms[0]
		rest := slices.Clone(lead.Dims)
		for _, d := range by.Dims {
			at := slices.Index(rest, d)
			if at < 0 {
				return Extent{}, false
			}
			rest = slices.Delete(rest, at, at+1)
		}
		if lead.Factor%by.Factor != 0 {
			return Extent{}, false
		}
		part := Extent{Terms: []Term{{lead.Factor / by.Factor, rest}}}
		quotient = quotient.Plus(part)
		e = e.Plus(part.Times(f).Times(Fixed(-1)))
	}
	return quotient, true
}

// Attr returns e as an attribute: an int64 where it does not vary.
func (e Extent) Attr() any {
	if e.Varies() {
		return e
	}
	return int64(e.Max)
}

// String shows e with the dimensions d0, d1 ...
func (e Extent) String() string {
	return e.Text(func(d int) string { return fmt.Sprintf("d%d", d) })
}

// Text shows e as a sum of products, as C has them, with the names of dimensions.
func (e Extent) Text(name func(dim int) string) string {
	var b strings.Builder
	for i, t := range e.Terms {
		factor := t.Factor
		switch {
		case i > 0 && factor < 0:
			b.WriteString(" - ")
			factor = -factor
		case i > 0:
			b.WriteString(" + ")
		}
		var parts []string
		if factor != 1 || len(t.Dims) == 0 {
			parts = append(parts, strconv.Itoa(factor))
		}
		for _, d := range t.Dims {
			parts = append(parts, name(d))
		}
		b.WriteString(strings.Join(parts, " * "))
	}
	if len(e.Terms) == 0 {
		return "0"
	}
	return b.String()
}

// ExtentOf returns an integer attribute as an extent.
func (a Attrs) ExtentOf(name string) Extent {
	if e, ok := a[name].(Extent); ok {
		return e
	}
	return Fixed(a.Int(name))
}

// Varies reports whether n works on other sizes from run to run.
func (n *Node) Varies() bool {
	for _, a := range n.Attrs {
		if _, ok := a.(Extent); ok {
			return true
		}
	}
	varies := func(v *Value) bool { return v != nil && v.Type.Dims != nil }
	return slices.ContainsFunc(n.Inputs, varies) || slices.ContainsFunc(n.Outputs, varies)
}

// At returns the type at the sizes of all dimensions.
func (t Type) At(sizes []int) Type {
	if t.Dims == nil {
		return t
	}
	t.Shape = make([]int, len(t.Dims))
	for i, e := range t.Dims {
		t.Shape[i] = e.At(sizes)
	}
	t.Dims = nil
	return t
}

// At returns the member of a graph of many sizes that has the given ones, those that a run is told.
func (g *Graph) At(told []int) *Graph {
	c, _ := g.memberAt(Sizes(g.Dims, told))
	return c
}

// PlannedAt returns the member of a planned graph, and its plan: that of the greatest sizes.
func (g *Graph) PlannedAt(told []int, mem *Memory) (*Graph, *Memory) {
	sizes := Sizes(g.Dims, told)
	c, values := g.memberAt(sizes)
	own := *mem
	own.Places, own.Scratch = map[*Value]Place{}, map[*Node]int{}
	for v, p := range mem.Places {
		own.Places[values[v]] = Place{Of: values[p.Of], Offset: p.Offset + p.Moves.At(sizes)}
	}
	for i, n := range g.Nodes {
		if at, ok := mem.Scratch[n]; ok {
			own.Scratch[c.Nodes[i]] = at
		}
	}
	return c, &own
}

func (g *Graph) memberAt(sizes []int) (*Graph, map[*Value]*Value) {
	c, values := g.CloneMap()
	c.Dims = nil
	for _, v := range c.Values() {
		if v.IsConst() && v.Type.Dims != nil {
			v.Const = v.Const.Beginning(v.Type.At(sizes).Shape)
		}
		v.Type = v.Type.At(sizes)
	}
	for _, n := range c.Nodes {
		for key, a := range n.Attrs {
			if e, ok := a.(Extent); ok {
				n.Attrs[key] = int64(e.At(sizes))
			}
		}
	}
	return c, values
}
