// nhwc and lower replace ONNX operators by kernel operators, through the Lower of each in the operator table.
//
//	%y: f32[1,8,6,6] = Conv(%x, %w)    =>    %a: f32[1,6,6,3] = Transpose(%x) {perm=[0, 2, 3, 1]}
//	                                         %b: f32[1,6,6,8] = conv2d_f32(%a, %w.1, %b)
//	                                         %y: f32[1,8,6,6] = Transpose(%b) {perm=[0, 3, 1, 2]}
//
// nhwc lowers the operators on images, and leaves the Transposes to the transposes pass; lower does the rest, and reports
// every operator that has no C at once.

package passes

import (
	"errors"
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

func nhwc(g *ir.Graph, c *Config) (int, error) {
	return lowerWhere(g, c, func(d *op.Def) bool { return d.Spatial })
}

// lower repeats until nothing is left: a Lower may emit ONNX operators.
func lower(g *ir.Graph, c *Config) (int, error) {
	total := 0
	for {
		n, err := lowerWhere(g, c, func(d *op.Def) bool { return !d.IsKernel() })
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func lowerWhere(g *ir.Graph, c *Config, want func(*op.Def) bool) (int, error) {
	var nodes []*ir.Node
	var errs ir.Errors
	changed := 0
	for _, n := range g.Nodes {
		d := op.Lookup(n.Op)
		if d == nil || !want(d) {
			nodes = append(nodes, n)
			continue
		}
		lowered, err := lowerNode(g, c, n, d)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		nodes = append(nodes, lowered...)
		changed++
	}
	if len(errs) > 0 {
		return 0, errs
	}
	g.Nodes = nodes
	return changed, nil
}

func lowerNode(g *ir.Graph, c *Config, n *ir.Node, d *op.Def) ([]*ir.Node, error) {
	err := errors.New("it is not available in C: it runs in the interpreter, and where the compiler can compute it beforehand")
	if d.Lower != nil {
		var l *op.Lowering
		if l, err = op.NewLowering(g, n); err == nil {
			l.AnySize = c.family
			if err = d.Lower(l); err == nil {
				return l.Nodes(), nil
			}
		}
	}
	e := &ir.Error{Node: slices.Concat(n.From, []string{""})[0], Op: n.Op, Msg: err.Error(), Hint: "OPS.md says what C takes; deepgo run evaluates the model as it is", At: n.Line()}
	return nil, e
}

// bind sets the macros of kernels from their expressions.
func bind(g *ir.Graph, c *Config) (int, error) {
	vectors := c.vectors()
	for _, n := range g.Nodes {
		if !op.IsKernel(n.Op) {
			ir.Bugf("%s was not lowered", n.Op)
		}
		if err := op.BindExpr(n, vectors); err != nil {
			return 0, fmt.Errorf("%s: %w", n.Op, err)
		}
	}
	return 0, nil
}
