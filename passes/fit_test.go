package passes

import (
	"testing"

	"github.com/deepgo/deepgo/ir"
)

// TestFit finds sums of products and divisions from values, and nothing where the values are something else.
func TestFit(t *testing.T) {
	dims := []ir.Dim{{Name: "b", Min: 1, Max: 9}, {Name: "n", Min: 1, Max: 50}}
	var told [][]int
	for b := 9; b > 5; b-- {
		for n := 50; n > 34; n-- {
			told = append(told, []int{b, n})
		}
	}
	for want, of := range map[string]func(b, n int) int{
		"7":                           func(_, _ int) int { return 7 },
		"4 * d1 + 3":                  func(_, n int) int { return 4*n + 3 },
		"d1 * d1 - d1":                func(_, n int) int { return n * (n - 1) },
		"2 * d0 * d1":                 func(b, n int) int { return 2 * b * n },
		"d0 * d1 * d1":                func(b, n int) int { return b * n * n },
		"d2":                          func(_, n int) int { return (n + 1) / 2 },
		"8 * d0 * d2":                 func(b, n int) int { return 8 * b * ((n + 1) / 2) },
		"cannot be told: clamped":     func(_, n int) int { return min(n, 40) },
		"cannot be told: no polynome": func(_, n int) int { return n & 5 },
	} {
		f := newFitter(dims, []ir.Dim{{Name: "n_1", Of: 1, Mul: 1, Add: 1, Div: 2, Min: 1, Max: 25}}, told)
		values := make([]int, len(told))
		for i, at := range told {
			values[i] = of(at[0], at[1])
		}
		e, ok := f.fit(values)
		if got := e.String(); ok && got != want || !ok && want[0] != 'c' {
			t.Errorf("%s, %v; expected %s", got, ok, want)
		}
	}
}

// TestDivided finds a dimension that follows from another.
func TestDivided(t *testing.T) {
	var told [][]int
	for n := 40; n > 20; n-- {
		told = append(told, []int{n})
	}
	f := newFitter([]ir.Dim{{Name: "n", Min: 3, Max: 40}}, nil, told)
	values := make([]int, len(told))
	for i, at := range told {
		values[i] = (at[0]-3)/4 + 1
	}
	e, ok := f.fit(values)
	if !ok || len(f.dims) != 2 || e.Max != 10 || f.dims[1] != (ir.Dim{Name: "n_1", Min: 1, Max: 10, Of: 0, Mul: 1, Add: 1, Div: 4}) {
		t.Errorf("%v %v, dimensions %+v", e, ok, f.dims)
	}
	if again, ok := f.fit(values); !ok || !again.Equal(e) || len(f.dims) != 2 {
		t.Errorf("%v %v the second time, dimensions %+v", again, ok, f.dims)
	}
}

// TestFitKeepsWithin32Bits takes no sum whose parts C could not hold, as of the factors of a requantization at a few sizes.
func TestFitKeepsWithin32Bits(t *testing.T) {
	f := newFitter([]ir.Dim{{Name: "n", Min: 3, Max: 5}}, nil, [][]int{{3}, {4}, {5}})
	if e, ok := f.fit([]int{1_700_000_000, 2_100_000_000, 1_300_000_001}); ok {
		t.Errorf("%s; expected none", e)
	}
	if e, ok := f.fit([]int{9, 16, 25}); !ok || e.String() != "d0 * d0" {
		t.Errorf("%s, %v; expected the square", e, ok)
	}
}

// TestFitNeedsSizesThatDiffer takes no sum that only as many sizes of derived dimensions tell as it has factors: at others it is another number.
// A product of axes is known without that.
func TestFitNeedsSizesThatDiffer(t *testing.T) {
	dims := []ir.Dim{{Name: "n", Min: 2, Max: 13}}
	known := []ir.Dim{{Name: "n_1", Of: 0, Mul: 1, Add: 5, Div: 3, Min: 2, Max: 6}, {Name: "n_2", Of: 0, Mul: 1, Add: 11, Div: 6, Min: 2, Max: 4}}
	var told [][]int
	for n := 2; n < 13; n++ {
		told = append(told, []int{n})
	}
	f := newFitter(dims, known, told)
	height := ir.NewExtent([]ir.Term{{Factor: 1, Dims: []int{1}}, {Factor: -1, Dims: []int{2}}, {Factor: 1}}, f.dims)
	width := ir.NewExtent([]ir.Term{{Factor: 1, Dims: []int{2}}, {Factor: -1}}, f.dims)
	area := height.Times(width)
	values := make([]int, len(told))
	for i := range told {
		values[i] = area.At(f.sizes[i])
	}
	if e, ok := f.fit(values); ok {
		t.Errorf("%s is %d at the greatest size; expected none, or %d", e, e.At(ir.Sizes(f.dims, []int{13})), area.At(ir.Sizes(f.dims, []int{13})))
	}
	if e, ok := f.fit(values, height, area); !ok || e.At(ir.Sizes(f.dims, []int{13})) != 9 {
		t.Errorf("%s, %v; expected %s", e, ok, area)
	}
}
