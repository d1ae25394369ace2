package plan

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func random(rng *rand.Rand, n int) []Buffer {
	in := make([]Buffer, n)
	for i := range in {
		in[i] = Buffer{Size: rng.IntN(40), Align: []int{0, 1, 4, 8}[rng.IntN(4)]}
		for first := rng.IntN(n); len(in[i].Lives) == 0 || rng.IntN(3) == 0; first += 1 + rng.IntN(4) {
			in[i].AddLife(Span{first, first + rng.IntN(4)})
		}
	}
	return in
}

func check(t *testing.T, in []Buffer, p Plan) {
	t.Helper()
	peak := 0
	for i, a := range in {
		if p.Offsets[i] < 0 || a.Align > 1 && p.Offsets[i]%a.Align != 0 {
			t.Fatalf("buffer %d of %v is at %d", i, a, p.Offsets[i])
		}
		if a.Size > 0 {
			peak = max(peak, p.Offsets[i]+a.Size)
		}
		for j, b := range in[:i] {
			together := shareAStep(a, b) && a.Size > 0 && b.Size > 0
			if together && p.Offsets[i] < p.Offsets[j]+b.Size && p.Offsets[j] < p.Offsets[i]+a.Size {
				t.Fatalf("buffers %v at %d and %v at %d overlap", a, p.Offsets[i], b, p.Offsets[j])
			}
		}
	}
	if peak != p.Peak {
		t.Fatalf("peak %d, the plan says %d", peak, p.Peak)
	}
	if p.Peak < p.LowerBound {
		t.Fatalf("peak %d under the lower bound %d", p.Peak, p.LowerBound)
	}
}

func shareAStep(a, b Buffer) bool {
	steps := map[int]bool{}
	for _, l := range a.Lives {
		for s := l.First; s <= l.Last; s++ {
			steps[s] = true
		}
	}
	for _, l := range b.Lives {
		for s := l.First; s <= l.Last; s++ {
			if steps[s] {
				return true
			}
		}
	}
	return false
}

func TestRandomPlansAreSound(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		in := random(rng, 1+rng.IntN(30))
		p := Place(in)
		check(t, in, p)
		if !slices.Equal(p.Offsets, Place(in).Offsets) {
			t.Fatal("two plans of the same buffers differ")
		}
	}
}

// bruteForce returns the least peak over all orders of first fit, without any pruning.
func bruteForce(in []Buffer) int {
	p := newPlacer(in)
	best := 1 << 30
	var permute func(k int)
	order := slices.Clone(p.sized)
	permute = func(k int) {
		if k == len(order) {
			best = min(best, p.try(order))
			return
		}
		for i := k; i < len(order); i++ {
			order[k], order[i] = order[i], order[k]
			permute(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	permute(0)
	return best
}

func TestSmallPlansAreOptimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	for range 40 {
		in := random(rng, 1+rng.IntN(6))
		if got, want := Place(in).Peak, bruteForce(in); got != want {
			t.Fatalf("%v: peak %d, optimal is %d", in, got, want)
		}
	}
}

func TestKnownPlans(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []Buffer
		peak int
	}{
		{"nothing", nil, 0},
		{"empty buffers", []Buffer{{[]Span{{0, 3}}, 0, 8}, {[]Span{{1, 2}}, 0, 4}}, 0},
		{"a chain alternates", []Buffer{{[]Span{{0, 1}}, 100, 4}, {[]Span{{1, 2}}, 60, 4}, {[]Span{{2, 3}}, 100, 4}, {[]Span{{3, 4}}, 60, 4}}, 160},
		{"a residual stays", []Buffer{{[]Span{{0, 3}}, 16384, 4}, {[]Span{{1, 2}}, 16384, 4}, {[]Span{{2, 3}}, 16384, 4}, {[]Span{{3, 4}}, 16384, 4}}, 3 * 16384},
		{"alignment leaves a gap", []Buffer{{[]Span{{0, 0}}, 3, 1}, {[]Span{{0, 0}}, 8, 8}, {[]Span{{0, 0}}, 8, 8}}, 19},
		{"two short lives leave room between", []Buffer{{[]Span{{0, 0}, {2, 2}}, 50, 1}, {[]Span{{1, 1}}, 40, 1}}, 50},
		{"the package's example", []Buffer{{[]Span{{0, 1}}, 24, 4}, {[]Span{{0, 2}}, 16, 4}, {[]Span{{2, 3}}, 20, 4}}, 40},
	} {
		p := Place(c.in)
		check(t, c.in, p)
		if p.Peak != c.peak {
			t.Errorf("%s: peak %d, want %d", c.name, p.Peak, c.peak)
		}
	}
}

// A perfect packing cut into rectangles: its peak is known, and greedy orders miss it.
func TestPlanOfACutRectangleComesClose(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	const height = 1000
	var in []Buffer
	var cut func(first, last, size int)
	cut = func(first, last, size int) {
		switch {
		case size > 60 && (last == first || rng.IntN(2) == 0):
			s := 20 + rng.IntN(size-40)
			cut(first, last, s)
			cut(first, last, size-s)
		case last > first:
			m := first + rng.IntN(last-first)
			cut(first, m, size)
			cut(m+1, last, size)
		default:
			in = append(in, Buffer{Lives: []Span{{first, last}}, Size: size, Align: 1})
		}
	}
	cut(0, 7, height)
	p := Place(in)
	check(t, in, p)
	if p.LowerBound != height || p.Peak > height*105/100 {
		t.Errorf("%d buffers: peak %d, bound %d", len(in), p.Peak, p.LowerBound)
	}
}
