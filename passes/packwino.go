package passes

import (
	"cmp"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// packWinoS8 gives a convolution of 8-bit values transformed weights.
//
//	%y = conv2d_s8(%x, %w, %b, %m, %s) {KH=3, KW=3, …}  =>  %y = conv2d_wino_s8(%x, %quads) {window=ints[32, 32, 4, 1, 1, 1, 1], …}
func packWinoS8(r *rewriter, n *ir.Node) bool {
	in := n.Inputs
	packed, a, ok := op.PackWinoS8(n.Attrs, in[1].Const, in[2].Const, in[3].Const, in[4].Const)
	if !ok {
		return false
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, "conv2d_wino_s8", a, y.Type, n.From, in[0], r.g.NewConst(in[1].Name+".wino", packed)))
	return true
}

// winoChoice is a convolution that Winograd's way would make faster.
type winoChoice struct {
	at     int // of the node
	cycles int // saved, about
	bytes  int // more constants
	ram    int // bytes of scratch
}

// winograds chooses the convolutions of 8-bit values to be computed Winograd's way where speed is wanted: those that save the most cycles for a byte
// first, as long as constants fit the flash and scratch the memory.
func winograds(g *ir.Graph, c *Config) map[*ir.Node]bool {
	chosen := map[*ir.Node]bool{}
	if c.Optimize != "speed" || c.Push == PushFrames { // whose rows have no numbers
		return chosen
	}
	const code = 24 << 10 // that all of a model's kernels take, at most
	flash, ram := room(c.Target.FlashBytes, code+constBytes(g)), c.ramRoom(g)
	live := liveBytes(g)
	for _, w := range winoChoices(g) {
		if w.bytes <= flash && live[w.at]+w.ram <= ram {
			chosen[g.Nodes[w.at]] = true
			flash -= w.bytes
		}
	}
	return chosen
}

// winoChoices returns what there is to choose from, the best first.
func winoChoices(g *ir.Graph) []winoChoice {
	planar := map[*ir.Value]bool{} // what a depthwise convolution would rather have in planes
	for _, n := range g.Nodes {
		if n.Op == "dwconv2d_s8" {
			planar[n.Inputs[0]] = true
		}
	}
	var list []winoChoice
	for i, n := range g.Nodes {
		if n.Op != "conv2d_s8" || n.Varies() || !winoShaped(n.Attrs) || planar[n.Outputs[0]] {
			continue
		}
		if saved := winoSaves(n.Attrs); saved > 0 {
			weights := n.Inputs[1].Const.Len()
			list = append(list, winoChoice{at: i, cycles: saved, bytes: weights*32/9 - weights, ram: op.WinoS8Scratch(n.Attrs)})
		}
	}
	slices.SortStableFunc(list, func(a, b winoChoice) int {
		return cmp.Compare(float64(b.cycles)/float64(b.bytes), float64(a.cycles)/float64(a.bytes))
	})
	return list
}

// winoShaped reports whether a convolution is one that the kernel computes.
func winoShaped(a ir.Attrs) bool {
	for _, name := range []string{"G", "SH", "SW", "DH", "DW"} {
		if a.Int(name) != 1 {
			return false
		}
	}
	return a.String("WT") == "int8_t" && a.Int("KH") == 3 && a.Int("KW") == 3 && a.Int("IC")%4 == 0 && a.Int("IC") >= 8 && a.Int("OC")%4 == 0 && a.Int("OW") >= 3
}

// winoSaves returns how many cycles a convolution takes less, by what both kernels were measured to take on a Cortex-M4.
func winoSaves(a ir.Attrs) int {
	images, ic, oc := max(a.Int("N"), 1), a.Int("IC"), a.Int("OC")
	pixels := images * a.Int("OH") * a.Int("OW")
	direct := pixels * (oc*ic*9*15/16 + 18*(oc+ic))
	output := 140
	if boundedS8(a) || a.Int("OW")%2 != 0 {
		output = 400 // in C
	}
	pairs := images * ((a.Int("OH") + 1) / 2) * ((a.Int("OW") + 3) / 4)
	return direct - pairs*(oc*(32*ic+112+output)+107*ic+350)
}

// boundedS8 reports whether a kernel's results of 8 bits have bounds that are tighter than those of their type.
func boundedS8(a ir.Attrs) bool {
	if a.String("YT") == "uint8_t" {
		return a.Int("QMIN") > 0 || a.Int("QMAX") < 255
	}
	return a.Int("QMIN") > -128 || a.Int("QMAX") < 127
}

// room is what is left of so many bytes, or no end of it where they are not known.
func room(bytes, taken int) int {
	const unlimited = 1 << 40
	if bytes == 0 {
		return unlimited
	}
	return bytes - taken
}

// ramRoom returns the bytes that the arena may take.
func (c *Config) ramRoom(g *ir.Graph) int {
	if len(c.Memories) > 0 {
		sum := 0
		for _, m := range c.Memories {
			sum += m.Bytes
		}
		return sum
	}
	if c.RAM > 0 {
		return c.RAM
	}
	const stack = 4 << 10
	taken := stack
	for _, v := range slices.Concat(g.Inputs, g.Outputs) {
		taken += v.Type.Bytes()
	}
	return room(c.Target.RAMBytes, taken)
}

// constBytes returns the bytes of all constants that nodes read.
func constBytes(g *ir.Graph) int {
	sum, seen := 0, map[*ir.Value]bool{}
	for _, n := range g.Nodes {
		for _, v := range n.Inputs {
			if v != nil && v.IsConst() && !seen[v] {
				seen[v] = true
				sum += v.Type.Bytes()
			}
		}
	}
	return sum
}

// liveBytes returns, per node, the bytes of values that are in memory while it runs, in the order in which the nodes are.
func liveBytes(g *ir.Graph) []int {
	last := map[*ir.Value]int{}
	for i, n := range g.Nodes {
		for _, v := range n.Inputs {
			last[v] = i
		}
	}
	live := make([]int, len(g.Nodes))
	for i, n := range g.Nodes {
		for _, v := range n.Outputs {
			for j := i; v != nil && j <= max(last[v], i) && !g.IsOutput(v) && !isView(n); j++ {
				live[j] += v.Type.Bytes()
			}
		}
	}
	return live
}
