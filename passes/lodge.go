package passes

import (
	"cmp"
	"slices"
	"sort"

	"github.com/deepgo/deepgo/passes/plan"
)

// lodge puts buffers of which one row is kept, guests, where another's next row goes, while nothing else is there: a ring, the host, has room
// for all rows that a kernel reads at once, and from that kernel's call to the next row the place of one of them is free.
func (r *rowRun) lodge() {
	var guests, hosts []*rowBuffer
	for i := range r.buffers {
		switch b := &r.buffers[i]; {
		case b.whole:
		case b.ring > 1 && r.foldOf(b) == 1:
			hosts = append(hosts, b)
		case b.ring == 1 && !r.readBeyond(b):
			guests = append(guests, b)
		}
	}
	slices.SortStableFunc(guests, func(a, b *rowBuffer) int { return cmp.Compare(b.bytes(), a.bytes()) })
	taken := map[*rowBuffer][]plan.Span{}
	peak := r.most()
	for _, g := range guests {
		for _, h := range hosts {
			if all := append(slices.Clone(taken[h]), g.lives...); h.takes(g) && apart(all) && r.lodgeIn(h, g, &peak) {
				taken[h] = all
				break
			}
		}
	}
}

// lodgeIn makes g a guest of h, which then has to be in memory as long as g, unless that takes more of it than peak, which it updates.
func (r *rowRun) lodgeIn(h, g *rowBuffer, peak *int) bool {
	own := h.lives
	h.lives = []plan.Span{{First: min(own[0].First, g.lives[0].First), Last: max(own[0].Last, g.lives[len(g.lives)-1].Last)}}
	g.host = h
	most := r.most()
	if most > *peak {
		h.lives, g.host = own, nil
		return false
	}
	*peak = most
	return true
}

// foldOf is how many calls a row of buffer b takes.
func (r *rowRun) foldOf(b *rowBuffer) int {
	for s := range r.stages {
		if st := &r.stages[s]; &r.buffers[st.out] == b {
			return st.win.Fold
		}
	}
	return 0
}

// readBeyond reports whether a kernel may read what is behind buffer b.
func (r *rowRun) readBeyond(b *rowBuffer) bool {
	return slices.ContainsFunc(b.readers, func(s int) bool { return r.stages[s].node.Attrs.Has("beyond") })
}

// takes reports whether the place of b's next row is free whenever the row of guest g is there, and stays that of the next row.
func (b *rowBuffer) takes(g *rowBuffer) bool {
	size := b.rowBytes()
	if size < g.rowBytes() || size%alignment(g.root.Type) != 0 || alignment(b.root.Type)%alignment(g.root.Type) != 0 {
		return false
	}
	for _, l := range g.lives {
		next := sort.Search(len(b.use), func(row int) bool { return b.use[row].First >= l.First })
		switch {
		case next < len(b.use) && b.use[next].First <= l.Last:
			return false
		case next >= b.ring && b.use[next-b.ring].Last >= l.First:
			return false
		}
	}
	return true
}

// apart reports whether no two lives meet.
func apart(lives []plan.Span) bool {
	slices.SortFunc(lives, func(a, b plan.Span) int { return cmp.Compare(a.First, b.First) })
	for i := range lives[1:] {
		if lives[i+1].First <= lives[i].Last {
			return false
		}
	}
	return true
}
