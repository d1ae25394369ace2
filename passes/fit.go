package passes

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/deepgo/deepgo/ir"
)

// fitter finds how numbers depend on the sizes of dimensions, from what they are at some of them.
type fitter struct {
	dims  []ir.Dim // those that a run is told, and those found on the way that follow from one
	told  int
	sizes [][]int // per member of the family, of all dims
}

func newFitter(dims, known []ir.Dim, told [][]int) *fitter {
	f := &fitter{dims: slices.Concat(dims, known), told: len(dims)}
	for _, at := range told {
		f.sizes = append(f.sizes, ir.Sizes(f.dims, at))
	}
	return f
}

// only returns the fitter that has seen some of the members.
func (f *fitter) only(members []int) *fitter {
	some := &fitter{dims: f.dims, told: f.told}
	for _, k := range members {
		some.sizes = append(some.sizes, f.sizes[k])
	}
	return some
}

// know takes over dimensions that were found on the way.
func (f *fitter) know(dims []ir.Dim) {
	if len(dims) == len(f.dims) {
		return
	}
	f.dims = dims
	for i := range f.sizes {
		f.sizes[i] = ir.Sizes(dims, f.sizes[i][:f.told])
	}
}

// fit returns the extent that is values[i] for member i, or false where there is none. likely are extents that it may be a multiple of.
func (f *fitter) fit(values []int, likely ...ir.Extent) (ir.Extent, bool) {
	if !slices.ContainsFunc(values, func(v int) bool { return v != values[0] }) {
		return ir.Fixed(values[0]), true
	}
	for _, e := range likely {
		if e, ok := f.multiple(e, values); ok {
			return e, true
		}
	}
	for _, terms := range f.candidates() {
		if e, ok := f.solve(terms, values); ok {
			return e, true
		}
	}
	return f.divided(values)
}

// multiple returns e times the whole number that makes it values[i] for member i.
func (f *fitter) multiple(e ir.Extent, values []int) (ir.Extent, bool) {
	first := e.At(f.sizes[0])
	if first == 0 || values[0]%first != 0 {
		return ir.Extent{}, false
	}
	by := values[0] / first
	for i, v := range values {
		if v != by*e.At(f.sizes[i]) {
			return ir.Extent{}, false
		}
	}
	e = e.Times(ir.Fixed(by))
	return e, f.most(e.Terms) <= math.MaxInt32
}

// candidates lists sets of products that an extent may be a sum of, the smaller ones first.
func (f *fitter) candidates() [][][]int {
	var sets [][][]int
	for a := range f.dims {
		sets = append(sets, [][]int{{}, {a}}, [][]int{{}, {a}, {a, a}})
	}
	for a := range f.dims {
		for b := range a {
			sets = append(sets, [][]int{{}, {b}, {a}}, [][]int{{}, {b}, {a}, {b, a}},
				[][]int{{}, {b}, {a}, {b, a}, {b, b, a}}, [][]int{{}, {b}, {a}, {b, a}, {b, a, a}})
		}
	}
	for a := range f.dims {
		for b := range a {
			for c := range b {
				sets = append(sets, [][]int{{}, {a}, {b}, {c}, {b, a}, {c, a}, {c, b}, {c, b, a}})
			}
		}
	}
	return sets
}

// solve returns the sum of the given products with whole factors that has the values. Unless these are all the members that there are, they
// have to tell every factor, and one more has to confirm those that are not 0.
func (f *fitter) solve(products [][]int, values []int) (ir.Extent, bool) {
	n := len(products)
	var rows [][]*big.Rat
	for i, v := range values {
		row := make([]*big.Rat, n+1)
		for j, p := range products {
			row[j] = big.NewRat(int64(f.product(p, i)), 1)
		}
		row[n] = big.NewRat(int64(v), 1)
		rows = append(rows, row)
	}
	factors, rank, ok := eliminate(rows, n)
	if !ok || rank < n && !f.exhaustive() {
		return ir.Extent{}, false
	}
	var terms []ir.Term
	var used [][]int
	for j, x := range factors {
		if !x.IsInt() || !x.Num().IsInt64() {
			return ir.Extent{}, false
		}
		if x.Sign() != 0 {
			terms, used = append(terms, ir.Term{Factor: int(x.Num().Int64()), Dims: products[j]}), append(used, products[j])
		}
	}
	if f.distinct(used) <= len(used) && !f.exhaustive() {
		return ir.Extent{}, false
	}
	return ir.NewExtent(terms, f.dims), f.most(terms) <= math.MaxInt32
}

// product returns that of dimensions' sizes for member i.
func (f *fitter) product(dims []int, i int) int {
	n := 1
	for _, d := range dims {
		n *= f.sizes[i][d]
	}
	return n
}

// distinct counts the members for which the products are not all as they are for one before.
func (f *fitter) distinct(products [][]int) int {
	seen := map[string]bool{}
	for i := range f.sizes {
		row := make([]int, len(products))
		for j, p := range products {
			row[j] = f.product(p, i)
		}
		seen[fmt.Sprint(row)] = true
	}
	return len(seen)
}

// most bounds what a sum and its parts reach: C computes them in 32 bits.
func (f *fitter) most(terms []ir.Term) float64 {
	sum := 0.0
	for _, t := range terms {
		product := math.Abs(float64(t.Factor))
		for _, d := range t.Dims {
			product *= float64(f.dims[d].Max)
		}
		sum += product
	}
	return sum
}

// exhaustive reports whether the members are of all sizes that there are.
func (f *fitter) exhaustive() bool {
	return len(f.sizes) >= combinations(f.dims[:f.told])
}

// combinations counts the sizes that dimensions may have together, up to what an int32 holds.
func combinations(dims []ir.Dim) int {
	all := 1
	for _, d := range dims {
		all = min(all*(d.Max-d.Min+1), math.MaxInt32)
	}
	return all
}

// eliminate solves linear equations, n numbers and the right side a row, by Gauss. rank is how many of the unknowns they determine; others are 0.
func eliminate(rows [][]*big.Rat, n int) (unknowns []*big.Rat, rank int, ok bool) {
	pivot := make([]int, 0, n) // per row that is done, its column
	for col := range n {
		at := len(pivot)
		k := slices.IndexFunc(rows[at:], func(r []*big.Rat) bool { return r[col].Sign() != 0 })
		if k < 0 {
			continue
		}
		rows[at], rows[at+k] = rows[at+k], rows[at]
		for i, r := range rows {
			if i == at || r[col].Sign() == 0 {
				continue
			}
			by := new(big.Rat).Quo(r[col], rows[at][col])
			for j := col; j <= n; j++ {
				r[j] = new(big.Rat).Sub(r[j], new(big.Rat).Mul(by, rows[at][j]))
			}
		}
		pivot = append(pivot, col)
		if len(pivot) == len(rows) {
			break
		}
	}
	for _, r := range rows[len(pivot):] {
		if r[n].Sign() != 0 {
			return nil, 0, false
		}
	}
	out := make([]*big.Rat, n)
	for i := range out {
		out[i] = new(big.Rat)
	}
	for i, col := range pivot {
		out[col].Quo(rows[i][n], rows[i][col])
	}
	return out, len(pivot), true
}

// divided finds a dimension that follows from one that a run is told, as a pooling's output does, and returns its size.
func (f *fitter) divided(values []int) (ir.Extent, bool) {
	const greatest = 64
	for of := range f.told {
		for div := 2; div <= greatest; div++ {
			for mul := 1; mul < div; mul++ {
				d := ir.Dim{Of: of, Mul: mul, Div: div}
				if f.shift(&d, values) {
					return f.add(d), true
				}
			}
		}
	}
	return ir.Extent{}, false
}

// shift finds what to add in front of the division, where the values leave no doubt about it.
func (f *fitter) shift(d *ir.Dim, values []int) bool {
	lo, hi := -1<<40, 1<<40
	for i, v := range values {
		x := d.Mul * f.sizes[i][d.Of]
		lo, hi = max(lo, v*d.Div-x), min(hi, (v+1)*d.Div-1-x)
	}
	d.Add = lo
	return lo == hi
}

// add enters a dimension that follows from another, and returns its size.
func (f *fitter) add(d ir.Dim) ir.Extent {
	d.Name = fmt.Sprintf("%s_%d", f.dims[d.Of].Name, len(f.dims)-f.told+1)
	d.Min, d.Max = d.From(f.dims[d.Of].Min), d.From(f.dims[d.Of].Max)
	f.know(append(slices.Clone(f.dims), d))
	return ir.NewExtent([]ir.Term{{Factor: 1, Dims: []int{len(f.dims) - 1}}}, f.dims)
}
