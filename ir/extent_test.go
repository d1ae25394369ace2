package ir

import "testing"

// TestExtents computes with sums of products.
func TestExtents(t *testing.T) {
	dims := []Dim{{Name: "b", Min: 1, Max: 4}, {Name: "n", Min: 1, Max: 10}, {Name: "h", Of: 1, Mul: 1, Add: 1, Div: 2, Min: 1, Max: 5}}
	n := NewExtent([]Term{{1, []int{1}}}, dims)
	b := NewExtent([]Term{{1, []int{0}}}, dims)
	e := n.Plus(Fixed(-2)).Times(b).Times(Fixed(3)) // 3bn - 6b
	if got := e.String(); got != "3 * d0 * d1 - 6 * d0" || e.Max != 96 {
		t.Errorf("%s, at most %d", got, e.Max)
	}
	sizes := Sizes(dims, []int{3, 7})
	if got := e.At(sizes); got != 45 || sizes[2] != 4 {
		t.Errorf("%d at %v", got, sizes)
	}
	if q, ok := e.Over(b); !ok || !q.Equal(Extent{Terms: n.Times(Fixed(3)).Plus(Fixed(-6)).Terms, Max: q.Max}) {
		t.Errorf("%s over %s is %s, %v", e, b, q, ok)
	}
	if q, ok := e.Over(n); ok {
		t.Errorf("%s over %s is %s", e, n, q)
	}
	if n.Plus(n.Times(Fixed(-1))).Varies() || !n.Varies() || Fixed(0).Attr() != int64(0) {
		t.Error("an extent that is the same at all sizes varies, or one that is not does not")
	}
}
