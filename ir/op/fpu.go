package op

import (
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products of floats whose weights are packed for eight output channels at a time, for FPUs with registers for the sums of several
// pixels; runtime/kernels/conv2d_fpu_f32.c describes the layout.
var fpuDefs = []*Def{
	{Name: "conv2d_fpu_f32", In: Args("x", "w"), Out: Args("y"), Eval: evalConv2DFPU, Post: "POST(v)"},
	{Name: "dwconv2d_fpu_f32", In: Args("x", "w"), Out: Args("y"), Eval: evalDWConv2DFPU, Post: "POST(v)"},
	{Name: "fc_fpu_f32", In: Args("x", "w"), Out: Args("y"), Eval: evalFCFPU, Post: "POST(v)", Part: "fc_fpu_part_f32"},
	{Name: "fc_fpu_part_f32", In: Args("x", "w"), Out: Args("y"), Eval: evalFCFPU, Post: "POST(v)"},
}

// fpuBlock is how many channels stand together; those that are left over at the end stand in a narrower block.
const fpuBlock = 8

// fpuPlace is where weight t of channel c is, of so many channels with so many weights each; t is -1 for the bias.
func fpuPlace(c, t, channels, taps int) int {
	from := c / fpuBlock * fpuBlock
	wide := min(fpuBlock, channels-from)
	return from*(1+taps) + (1+t)*wide + c - from
}

// FPUWeights packs the weights of conv2d_f32 and fc_f32, [OC][…], or of dwconv2d_f32, [KH][KW][C], with the bias.
func FPUWeights(w, b *tensor.Tensor, depthwise bool) *tensor.Tensor {
	channels, taps := b.Len(), w.Len()/b.Len()
	packed := tensor.New(tensor.Float32, w.Len()+b.Len())
	for c := range channels {
		copyElement(packed, fpuPlace(c, -1, channels, taps), b, c)
		for t := range taps {
			from := c*taps + t
			if depthwise {
				from = t*channels + c
			}
			copyElement(packed, fpuPlace(c, t, channels, taps), w, from)
		}
	}
	return packed
}

// FPUBounds takes a Relu or Clip that is the whole of a node's post out of its attributes, as constants of a kernel that keeps results
// within bounds itself.
func FPUBounds(a ir.Attrs) {
	low, high, act := boundsOf(a.String("post"))
	if act > 0 {
		delete(a, "post")
	}
	a["ACT"], a["LOW"], a["HIGH"] = int64(act), low, high
}

// boundsOf returns the bounds that an expression over v keeps it within, and how many of them there are.
func boundsOf(post string) (low, high float32, act int) {
	if post == "" {
		return 0, 0, 0
	}
	e, err := ParseExpr(post)
	if err != nil {
		ir.Bugf("%v", err)
	}
	if e.Func == "" || e.Args[0].Var != "v" {
		return 0, 0, 0
	}
	switch {
	case e.Func == "Relu":
		return 0, 0, 1
	case e.Func == "Clip" && finite(e.Args[1]) && finite(e.Args[2]):
		return e.Args[1].Value, e.Args[2].Value, 2
	}
	return 0, 0, 0
}

// finite reports whether an expression is a number that is neither infinite nor NaN.
func finite(e *Expr) bool {
	v := float64(e.Value)
	return e.Func == "" && e.Var == "" && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// unpackFPU is the call of the plain kernel that a packed one stands for.
func unpackFPU(c *Call, channels int, depthwise bool) *Call {
	w, taps := c.X(1), c.X(1).Len()/channels-1
	plain := *c
	plain.Attrs = c.Attrs.Clone()
	weights, bias := tensor.New(tensor.Float32, channels*taps), tensor.New(tensor.Float32, channels)
	for ch := range channels {
		copyElement(bias, ch, w, fpuPlace(ch, -1, channels, taps))
		for t := range taps {
			to := ch*taps + t
			if depthwise {
				to = t*channels + ch
			}
			copyElement(weights, to, w, fpuPlace(ch, t, channels, taps))
		}
	}
	plain.in = []*tensor.Tensor{c.X(0), weights, bias}
	return &plain
}

// bounded keeps the results of a plain kernel within a packed one's bounds.
func bounded(a ir.Attrs, ys []*tensor.Tensor, err error) ([]*tensor.Tensor, error) {
	if err != nil {
		return nil, err
	}
	act := a.Int("ACT")
	for _, y := range ys {
		data := tensor.Data[float32](y)
		for i, v := range data {
			switch {
			case act > 0 && v < a.Float("LOW"):
				data[i] = a.Float("LOW")
			case act > 1 && v > a.Float("HIGH"):
				data[i] = a.Float("HIGH")
			}
		}
	}
	return ys, nil
}

func evalConv2DFPU(c *Call) ([]*tensor.Tensor, error) {
	plain := unpackFPU(c, c.Attrs.Int("OC"), false)
	plain.Attrs["G"] = int64(1)
	y, err := evalConv2D(plain)
	return bounded(c.Attrs, y, err)
}

func evalDWConv2DFPU(c *Call) ([]*tensor.Tensor, error) {
	plain := unpackFPU(c, c.Attrs.Int("C"), true)
	plain.Attrs["IC"], plain.Attrs["OC"] = c.Attrs["C"], c.Attrs["C"]
	y, err := evalDWConv2D(plain)
	return bounded(c.Attrs, y, err)
}

func evalFCFPU(c *Call) ([]*tensor.Tensor, error) {
	y, err := evalFC(unpackFPU(c, c.Attrs.Int("NO"), false))
	return bounded(c.Attrs, y, err)
}
