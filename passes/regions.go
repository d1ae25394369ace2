package passes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/passes/plan"
)

// spread divides the blocks among several memories: those that are read and written most, per byte, go to the first that has room. The memories
// follow each other in the arena's addresses.
func (p *planner) spread(memories []RAM) (*spreading, error) {
	s := &spreading{heat: p.heat(), plan: plan.Plan{Offsets: make([]int, len(p.blocks))}}
	s.left = make([]int, len(p.blocks))
	for i := range s.left {
		s.left[i] = i
	}
	slices.SortStableFunc(s.left, func(a, b int) int {
		return cmp.Compare(s.heat[b]*p.blocks[a].Size, s.heat[a]*p.blocks[b].Size)
	})
	for _, m := range memories {
		s.fill(p.blocks, m)
	}
	if len(s.left) > 0 {
		return nil, p.tooSmall(memories, s)
	}
	s.plan.LowerBound = plan.LowerBound(p.blocks)
	return s, nil
}

// spreading is a plan of several memories while it is made.
type spreading struct {
	heat    []int // per block, bytes that kernels read and write in it
	left    []int // blocks that have no place yet, the hottest first
	plan    plan.Plan
	regions []ir.Region
	slow    int // heat outside the first memory
}

// fill places blocks in m until no other fits.
func (s *spreading) fill(blocks []plan.Buffer, m RAM) {
	start := roundUp(s.plan.Peak)
	var taken, left []int
	var inside []plan.Buffer
	best := plan.Plan{}
	for _, b := range s.left {
		some := append(inside, blocks[b])
		if plan.LowerBound(some) <= m.Bytes {
			if with := plan.Place(some); with.Peak <= m.Bytes {
				taken, inside, best = append(taken, b), some, with
				continue
			}
		}
		left = append(left, b)
	}
	for i, b := range taken {
		s.plan.Offsets[b] = start + best.Offsets[i]
		if len(s.regions) > 0 {
			s.slow += s.heat[b]
		}
	}
	s.regions = append(s.regions, ir.Region{Name: m.Name, Start: start, Bytes: best.Peak})
	s.plan.Peak = start + best.Peak
	s.left = left
}

// heat returns, per block, about how many bytes kernels read and write in it.
func (p *planner) heat() []int {
	heat := make([]int, len(p.blocks))
	add := func(v *ir.Value, bytes int) {
		r := p.mem.rootOf(v)
		if host, ok := p.hosts[r]; ok {
			r = host.Of
		}
		if b, ok := p.block[r]; ok {
			heat[b] += bytes
		}
	}
	for _, n := range p.g.Nodes {
		if isView(n) {
			continue
		}
		gathers := false
		if b, ok := p.scratch[n]; ok {
			heat[b] += products(n)
			gathers = true
		}
		for _, v := range n.Inputs {
			switch {
			case v == nil || v.IsConst():
			case gathers:
				add(v, v.Type.Bytes()*overlap(n))
			default:
				add(v, max(v.Type.Bytes(), products(n)*v.Type.DType.Size()))
			}
		}
		for _, v := range n.Outputs {
			if v != nil {
				add(v, v.Type.Bytes())
			}
		}
	}
	return heat
}

// products returns about how many products of a weight and an element n takes: every weight, once for every position of its window.
func products(n *ir.Node) int {
	weights := 0
	for _, v := range n.Inputs {
		if v != nil && v.IsConst() {
			weights = max(weights, v.Type.Len())
		}
	}
	return weights * positions(n)
}

// positions returns how many places n's window has, or rows of a matrix.
func positions(n *ir.Node) int {
	if n.Attrs.Has("OH") {
		return n.Attrs.Int("OH") * max(n.Attrs.Int("OW"), 1)
	}
	return 1
}

// overlap returns how many windows of n an element of its input is in.
func overlap(n *ir.Node) int {
	taps := max(n.Attrs.Int("KH"), 1) * max(n.Attrs.Int("KW"), 1)
	return max(taps/(max(n.Attrs.Int("SH"), 1)*max(n.Attrs.Int("SW"), 1)), 1)
}

// tooSmall is the error that the memories do not hold what the graph needs.
func (p *planner) tooSmall(memories []RAM, s *spreading) error {
	var list []string
	for i, m := range memories {
		list = append(list, fmt.Sprintf("%s %d of %d bytes", m.Name, s.regions[i].Bytes, m.Bytes))
	}
	greatest := 0
	for _, b := range s.left {
		greatest = max(greatest, p.blocks[b].Size)
	}
	return &ir.Error{
		Msg: fmt.Sprintf("the memories of --ram are too small: %d buffers, the greatest of %d bytes, have no room (%s are taken); in one memory they all take %d",
			len(s.left), greatest, strings.Join(list, ", "), plan.Place(p.blocks).Peak),
		Hint: "give the last memory more room, or quantize the model",
	}
}
