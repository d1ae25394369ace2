// pushinput lets the model's input arrive row by row: a copy of each row is made, which is where the first stream begins.
//
//	graph g(%x: f32[1,48,48,3]) …                       graph g(%x: f32[1,48,48,3]) …
//	%y = conv2d_f32(%x, …)                         =>   %x.rows: f32[1,48,48,3] = copy(%x) {N=6912, window=ints[48, 48, 1, 1, 1, 0, 1], …}
//	                                                    %y = conv2d_f32(%x.rows, …)
//
// interleave, before it, lets images come as cameras give them: all channels of a pixel, then the next pixel; and upright lets time be
// what rows are counted along.

package passes

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// What Config.Push may be: rows of one image, or frames of a window that moves on in time.
const (
	PushRows   = "rows"
	PushFrames = "frames"
)

func pushInput(g *ir.Graph, c *Config) (int, error) {
	if c.Push == "" {
		return 0, nil
	}
	if slices.Contains(c.Disable, "stream") {
		return 0, &ir.Error{Msg: "--stream-input needs the pass stream, which is switched off"}
	}
	x, err := onlyInput(g)
	if err != nil {
		return 0, err
	}
	rows := newRowGraph(g, storageOf(g, nil)).rows[x]
	if rows < 2 && len(x.Type.Shape) < 4 {
		rows = framesOf(x)
	}
	if rows < 2 || x.Type.Len()%rows != 0 {
		return 0, &ir.Error{Msg: fmt.Sprintf("--stream-input: input %q, %s, has no rows that could arrive one by one; expected an image, or frames in time as the first dimension that is not 1", x.Name, x.Type)}
	}
	if len(g.Uses()[x]) == 0 {
		return 0, &ir.Error{Msg: fmt.Sprintf("--stream-input: nothing reads input %q", x.Name), Hint: "compile without --stream-input"}
	}
	y := g.NewValue(x.Name+".rows", x.Type)
	for _, n := range g.Nodes {
		for i, v := range n.Inputs {
			if v == x {
				n.Inputs[i] = y
			}
		}
	}
	y.Def = &ir.Node{Op: "copy", Inputs: []*ir.Value{x}, Outputs: []*ir.Value{y}, Attrs: ir.Attrs{"N": int64(x.Type.Len() / rows), "T": x.Type.DType.C()}}
	ir.Rowwise(rows).SetWindow(y.Def.Attrs)
	g.Nodes = slices.Insert(g.Nodes, 0, y.Def)
	return 1, nil
}

func onlyInput(g *ir.Graph) (*ir.Value, error) {
	if len(g.Inputs) != 1 {
		return nil, &ir.Error{Msg: fmt.Sprintf("--stream-input: expected one input, the model has %d", len(g.Inputs)), Hint: "pin the others with --const, or compile without --stream-input"}
	}
	return g.Inputs[0], nil
}

// framesOf returns the first dimension that is not 1, where what is behind it makes a frame; 0 where it does not.
func framesOf(x *ir.Value) int {
	for i, d := range x.Type.Shape {
		if d != 1 && (i < len(x.Type.Shape)-1 || i == 0) {
			return d
		}
	}
	return 0
}

func interleave(g *ir.Graph, c *Config) (int, error) {
	if c.Push == "" || len(g.Inputs) != 1 {
		return 0, nil
	}
	x := g.Inputs[0]
	planes, ends, ok := planesOf(g, x)
	if !ok {
		return 0, nil
	}
	c.turned = true
	for _, v := range planes {
		v.Type.Shape = channelsLast(v.Type.Shape)
	}
	for _, n := range ends {
		g.Replace(n.Outputs[0], n.Inputs[0])
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *ir.Node) bool { return slices.Contains(ends, n) })
	return len(ends), nil
}

// channelsLast returns the shape [N][…][C] of values that were [N][C][…].
func channelsLast(s []int) []int {
	return append(append([]int{s[0]}, s[2:]...), s[1])
}

// planesOf returns x and the values that elementwise nodes compute from it alone, up to the Transposes that put channels last; ok is false
// where anything else reads them.
func planesOf(g *ir.Graph, x *ir.Value) (planes []*ir.Value, ends []*ir.Node, ok bool) {
	uses := g.Uses()
	planes = []*ir.Value{x}
	for at := 0; at < len(planes); at++ {
		if g.IsOutput(planes[at]) {
			return nil, nil, false
		}
		for _, n := range uses[planes[at]] {
			switch {
			case n.Op == "Transpose" && isChannelsLast(permOf(n)):
				ends = append(ends, n)
			case oneToOne(n):
				planes = append(planes, n.Outputs[0])
			default:
				return nil, nil, false
			}
		}
	}
	return planes, ends, len(ends) > 0
}

func isChannelsLast(perm []int) bool {
	return slices.Equal(perm, []int{0, 2, 3, 1}) || slices.Equal(perm, []int{0, 2, 1})
}

// oneToOne reports whether n computes each element from one of its first input, all in the same way.
func oneToOne(n *ir.Node) bool {
	if _, pointwise := op.ExprOf(n); !pointwise && !slices.Contains(elementwiseOps, n.Op) {
		return false
	}
	for _, v := range n.Inputs[1:] {
		if v != nil && (!v.IsConst() || v.Type.Len() != 1) {
			return false
		}
	}
	return len(n.Outputs) == 1 && n.Outputs[0].Type.Len() == n.Inputs[0].Type.Len()
}

// upright makes time, which is the width of an image of one row where a kernel has one axis, its height.
func upright(g *ir.Graph, c *Config) (int, error) {
	if c.Push == "" {
		return 0, nil
	}
	changed := 0
	for _, n := range g.Nodes {
		a := n.Attrs
		if _, ok := ir.WindowOf(n); !ok || a.Int("IH") != 1 || a.Int("OH") != 1 || a.Int("KH") != 1 || !a.Has("KW") || a.Int("IW") == 1 {
			continue
		}
		for _, name := range [][2]string{{"IH", "IW"}, {"OH", "OW"}, {"KH", "KW"}, {"SH", "SW"}, {"DH", "DW"}, {"PT", "PL"}, {"PB", "PR"}} {
			h, w := a.Has(name[0]), a.Has(name[1])
			if h || w {
				a[name[0]], a[name[1]] = int64(a.Int(name[1])), int64(a.Int(name[0]))
			}
		}
		changed++
	}
	return changed, nil
}
