// Package plan places buffers whose lifetimes are known in one arena, so that its size, the peak, is small.
//
//	step    0 1 2 3          offset 0    24   40
//	a  24   x x              step 0 [a   ][b ]
//	b  16   x x x       =>        1 [a   ][b ]     peak 40 = lower bound
//	c  20     . x x               2 [c  ] [b ]
//	                              3 [c  ]
//
// Two buffers may share memory where no step sees both. The problem is NP-hard; the package tries several greedy orders,
// searches around the best, and stops at the first plan whose peak is the lower bound, which is then optimal.
package plan

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Buffer is a piece of memory that holds something during its lives.
type Buffer struct {
	Lives []Span // in order of time, apart from each other
	Size  int    // bytes
	Align int    // its offset is a multiple of this; 0 counts as 1
}

// Span is from step First to step Last, both included.
type Span struct{ First, Last int }

// First returns the first step of b's lives.
func (b *Buffer) First() int { return b.Lives[0].First }

// Last returns the last step of b's lives.
func (b *Buffer) Last() int { return b.Lives[len(b.Lives)-1].Last }

// meets reports whether some step sees both a and b.
func (a *Buffer) meets(b *Buffer) bool {
	for i, j := 0, 0; i < len(a.Lives) && j < len(b.Lives); {
		x, y := a.Lives[i], b.Lives[j]
		switch {
		case x.Last < y.First:
			i++
		case y.Last < x.First:
			j++
		default:
			return true
		}
	}
	return false
}

// AddLife adds a span to b's lives that does not begin before the last of them, and joins the two where they touch.
func (b *Buffer) AddLife(s Span) {
	if n := len(b.Lives); n > 0 && s.First <= b.Lives[n-1].Last+1 {
		b.Lives[n-1].Last = max(b.Lives[n-1].Last, s.Last)
		return
	}
	b.Lives = append(b.Lives, s)
}

// Plan says where each buffer is.
type Plan struct {
	Offsets    []int // bytes, one per buffer
	Peak       int   // bytes: the least arena that holds them all
	LowerBound int   // bytes: the greatest sum of sizes alive at one step; no plan has a smaller peak
}

// exactLen is the greatest number of buffers for which every order is tried.
const exactLen = 8

// searchWork bounds the local search: orders tried times buffers squared.
const searchWork = 8 << 20

// Place returns a plan for the buffers. It is deterministic.
func Place(buffers []Buffer) Plan {
	p := newPlacer(buffers)
	for _, order := range p.greedyOrders() {
		if p.try(order); p.done() {
			return p.best
		}
	}
	if len(p.sized) <= exactLen {
		p.exact()
	} else {
		p.climb()
	}
	return p.best
}

// placer holds the problem and the best plan so far.
type placer struct {
	in        []Buffer
	sized     []int   // indices of the buffers that take memory
	conflicts [][]int // per buffer, those alive at the same time
	best      Plan
	bestOrder []int

	offsets []int // of the plan being made; -1: not placed
	taken   []span
}

type span struct{ from, to int }

func newPlacer(in []Buffer) *placer {
	p := &placer{in: in, conflicts: make([][]int, len(in)), offsets: make([]int, len(in))}
	for i, b := range in {
		if b.Size > 0 && len(b.Lives) > 0 {
			p.sized = append(p.sized, i)
		}
	}
	for k, i := range p.sized {
		for _, j := range p.sized[:k] {
			if in[i].meets(&in[j]) {
				p.conflicts[i] = append(p.conflicts[i], j)
				p.conflicts[j] = append(p.conflicts[j], i)
			}
		}
	}
	p.best = Plan{Offsets: make([]int, len(in)), Peak: -1, LowerBound: LowerBound(in)}
	return p
}

// LowerBound returns the greatest sum of sizes, in bytes, that are alive at one step.
func LowerBound(in []Buffer) int {
	change := map[int]int{}
	for _, b := range in {
		for _, l := range b.Lives {
			change[l.First] += b.Size
			change[l.Last+1] -= b.Size
		}
	}
	steps := make([]int, 0, len(change))
	for s := range change {
		steps = append(steps, s)
	}
	slices.Sort(steps)
	alive, most := 0, 0
	for _, s := range steps {
		alive += change[s]
		most = max(most, alive)
	}
	return most
}

func (p *placer) done() bool { return p.best.Peak == p.best.LowerBound }

// greedyOrders returns the orders of placement that do well in practice.
func (p *placer) greedyOrders() [][]int {
	size := func(i int) int { return -p.in[i].Size }
	life := func(i int) int { return p.in[i].First() - p.in[i].Last() }
	area := func(i int) int { return p.in[i].Size * (life(i) - 1) }
	first := func(i int) int { return p.in[i].First() }
	last := func(i int) int { return -p.in[i].Last() }
	return [][]int{
		p.sortedBy(size, life), p.sortedBy(area, size), p.sortedBy(life, size),
		p.sortedBy(first, size), p.sortedBy(last, size),
	}
}

func (p *placer) sortedBy(keys ...func(int) int) []int {
	order := slices.Clone(p.sized)
	slices.SortStableFunc(order, func(i, j int) int {
		for _, key := range keys {
			if c := cmp.Compare(key(i), key(j)); c != 0 {
				return c
			}
		}
		return 0
	})
	return order
}

// try places the buffers in the given order, keeps the plan where it is the best, and returns its peak.
func (p *placer) try(order []int) int {
	for i := range p.offsets {
		p.offsets[i] = -1
	}
	peak := 0
	for _, i := range order {
		p.offsets[i] = p.fit(i)
		peak = max(peak, p.offsets[i]+p.in[i].Size)
	}
	p.keep(peak, order)
	return peak
}

func (p *placer) keep(peak int, order []int) {
	if p.best.Peak >= 0 && peak >= p.best.Peak {
		return
	}
	p.best.Peak, p.bestOrder = peak, slices.Clone(order)
	for i, o := range p.offsets {
		p.best.Offsets[i] = max(o, 0)
	}
}

// fit returns the lowest offset at which buffer i overlaps none of those placed.
func (p *placer) fit(i int) int {
	p.taken = p.taken[:0]
	for _, j := range p.conflicts[i] {
		if o := p.offsets[j]; o >= 0 {
			p.taken = append(p.taken, span{o, o + p.in[j].Size})
		}
	}
	slices.SortFunc(p.taken, func(a, b span) int { return a.from - b.from })
	at := 0
	for _, t := range p.taken {
		if at+p.in[i].Size <= t.from {
			break
		}
		at = max(at, alignUp(t.to, p.in[i].Align))
	}
	return at
}

func alignUp(n, align int) int {
	if align <= 1 {
		return n
	}
	return (n + align - 1) / align * align
}

// exact tries every order. Some order gives the optimum: that of the offsets in an optimal plan.
func (p *placer) exact() {
	for i := range p.offsets {
		p.offsets[i] = -1
	}
	p.extend(nil, 0)
}

func (p *placer) extend(order []int, peak int) {
	if p.done() || peak >= p.best.Peak {
		return
	}
	if len(order) == len(p.sized) {
		p.keep(peak, order)
		return
	}
	for _, i := range p.sized {
		if p.offsets[i] >= 0 {
			continue
		}
		p.offsets[i] = p.fit(i)
		p.extend(append(order, i), max(peak, p.offsets[i]+p.in[i].Size))
		p.offsets[i] = -1
	}
}

// climb moves one buffer that reaches the peak forward in the order, again and again, and goes on from every order that
// is no worse.
func (p *placer) climb() {
	rng := rand.New(rand.NewPCG(1, 1))
	n := len(p.sized)
	order := slices.Clone(p.bestOrder)
	peak := p.try(order)
	for range searchWork / (n * n) {
		if p.done() {
			return
		}
		next := slices.Clone(order)
		from := p.atPeak(rng, order, peak)
		moved := next[from]
		next = slices.Insert(slices.Delete(next, from, from+1), rng.IntN(from+1), moved)
		was := slices.Clone(p.offsets)
		if q := p.try(next); q <= peak {
			order, peak = next, q
		} else {
			copy(p.offsets, was)
		}
	}
}

// atPeak returns the position in order of a buffer that ends at the peak, or now and then of any.
func (p *placer) atPeak(rng *rand.Rand, order []int, peak int) int {
	var top []int
	for k, i := range order {
		if p.offsets[i]+p.in[i].Size == peak {
			top = append(top, k)
		}
	}
	if rng.IntN(4) == 0 {
		return rng.IntN(len(order))
	}
	return top[rng.IntN(len(top))]
}
