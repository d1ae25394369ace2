package passes

import (
	"testing"

	"github.com/deepgo/deepgo/ir"
)

func TestRoom(t *testing.T) {
	a, b := ir.Term{Factor: 1, Dims: []int{0}}, ir.Term{Factor: 1, Dims: []int{1}}
	product := ir.Term{Factor: 3, Dims: []int{0, 1}}
	times := func(t ir.Term, by int) ir.Term { return ir.Term{Factor: t.Factor * by, Dims: t.Dims} }
	small, large := []ir.Dim{{Name: "a", Min: 2, Max: 9}, {Name: "b", Min: 3, Max: 5}}, []ir.Dim{{Name: "a", Min: 2, Max: 9000}, {Name: "b", Min: 3, Max: 5000}}
	for _, test := range []struct {
		terms []ir.Term
		dims  []ir.Dim
		want  string
	}{
		{[]ir.Term{product, a}, large, ""},
		{[]ir.Term{product, times(a, -9), times(b, -6), {Factor: 18}}, large, ""}, // 3 (a - 2) (b - 3)
		{[]ir.Term{product, times(a, -10)}, large, "y has 3 * a * b - 10 * a elements, too many sizes to try; expected no more than 134910000, as at the greatest sizes, for which memory is planned"},
		{[]ir.Term{product, times(a, -10)}, small, ""}, // less where a is more and b is 3, but most at the end
		{[]ir.Term{{Factor: 20}, times(a, -1)}, small, "y has 18 elements where a is 2, b is 3; expected no more than 11, as at the greatest sizes, for which memory is planned"},
	} {
		f := Family{Dims: test.dims}
		err := f.greatest(ir.NewExtent(test.terms, test.dims), test.dims, nil, "y has", "elements")
		if got := errText(err); got != test.want {
			t.Errorf("%v: %q, expected %q", ir.NewExtent(test.terms, test.dims), got, test.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
