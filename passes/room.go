package passes

import (
	"fmt"
	"strings"

	"github.com/deepgo/deepgo/ir"
)

// room refuses a graph of many sizes in which something takes more at others than at the greatest, for which memory is planned: as what is
// left of a fixed length does, or a convolution whose weights grow.
func (f Family) room(g *ir.Graph) error {
	seen := map[string]bool{}
	check := func(e ir.Extent, n *ir.Node, who, unit string) error {
		if key := e.String(); !seen[key] {
			seen[key] = true
			return f.greatest(e, g.Dims, n, who, unit)
		}
		return nil
	}
	for _, v := range g.Values() {
		if v.Type.Dims == nil {
			continue
		}
		if err := check(v.Type.Extent(), v.Def, fmt.Sprintf("%q has", v.Name), "elements"); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		for _, key := range []string{"scratch", "beyond"} {
			if err := check(n.Attrs.ExtentOf(key), n, "its kernel takes", "bytes"); err != nil {
				return err
			}
		}
	}
	return nil
}

// greatest returns an error where e is more than at the greatest sizes. n, who and unit are for its message.
func (f Family) greatest(e ir.Extent, dims []ir.Dim, n *ir.Node, who, unit string) error {
	if rises(e, dims) {
		return nil
	}
	refuse := func(how string) error {
		return about(n, &ir.Error{Msg: fmt.Sprintf("%s %s; expected no more than %d, as at the greatest sizes, for which memory is planned", who, how, e.Max)})
	}
	told, tried := f.more(e, dims)
	switch {
	case told != nil:
		return refuse(fmt.Sprintf("%d %s where %s", e.At(ir.Sizes(dims, told)), unit, strings.ReplaceAll(f.named(told), "=", " is ")))
	case !tried:
		return refuse(fmt.Sprintf("%s %s, too many sizes to try", e.Text(func(i int) string { return dims[i].Name }), unit))
	}
	return nil
}

// more returns sizes of which e is more than at the greatest, nil where there are none. tried is false where there are too many to try.
func (f Family) more(e ir.Extent, dims []ir.Dim) (sizes []int, tried bool) {
	const most = 1 << 18
	all := combinations(f.Dims)
	if all > most {
		return nil, false
	}
	sizes = f.all(func(d ir.Dim) int { return d.Min })
	for range all {
		if e.At(ir.Sizes(dims, sizes)) > e.Max {
			return sizes, true
		}
		for i, d := range f.Dims { // the next ones
			if sizes[i]++; sizes[i] <= d.Max {
				break
			}
			sizes[i] = d.Min
		}
	}
	return nil, true
}

// rises reports whether e gets no less where any of the dimensions gets more, by the least that each of its terms may add.
func rises(e ir.Extent, dims []ir.Dim) bool {
	for i, d := range dims {
		least := 0
		for _, t := range e.Terms {
			least += leastStep(t, i, dims)
		}
		if least < 0 || d.Min < 0 {
			return false
		}
	}
	return true
}

// leastStep is the least that a term changes by where dimension i grows by one.
func leastStep(t ir.Term, i int, dims []ir.Dim) int {
	if dims[i].Min == dims[i].Max {
		return 0
	}
	sizes := make([]int, len(dims))
	for k, d := range dims {
		if sizes[k] = d.Min; t.Factor < 0 {
			sizes[k] = d.Max
		}
	}
	if t.Factor < 0 {
		sizes[i]--
	}
	term := ir.Extent{Terms: []ir.Term{t}}
	before := term.At(sizes)
	sizes[i]++
	return term.At(sizes) - before
}
