package op

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Requantize, deepgo's own, is DequantizeLinear and QuantizeLinear in one, with the bounds of an activation between them. Values of
// 8 bits use Lookup instead.
var requantizeDefs = []*Def{
	{Name: "Requantize", In: Args("x", "x_scale", "x_zero_point", "y_scale", "y_zero_point"), Out: Args("y"), Attrs: clampAttrs, Infer: inferRequantize, Eval: evalRequantize, Lower: lowerRequantize},
	{Name: "requant_s16", In: Args("x"), Out: Args("y"), Eval: evalRequantKernel, InPlace: []int{0}, Elementwise: true},
}

func inferRequantize(c *Call) ([]ir.Type, error) { return typed(c.Type(4).DType, c.Shape(0)...), nil }

func evalRequantize(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), tensor.New(c.X(4).DType, c.X(0).Shape...)
	lo, hi := c.clampOf(y.DType)
	for i := range x.Len() {
		real := float32(x.I64(i)-zeroAt(c.X(2), 0)) * float32(c.X(1).F64(0))
		y.SetI64(i, min(max(quantize(real, float32(c.X(3).F64(0)), zeroAt(c.X(4), 0), y.DType), lo), hi))
	}
	return one(y), nil
}

func lowerRequantize(l *Lowering) error {
	p := &product{}
	m, err := p.multiplier(l.Const(1).F64(0)/l.Const(3).F64(0), reachOf(l.Type(0).DType, zeroAt(l.Const(2), 0)))
	if err != nil {
		return err
	}
	lo, hi := l.clampOf(l.Out(0).DType)
	l.Replace("requant_s16", ir.Attrs{"N": int64(l.Out(0).Len()), "XT": l.Type(0).DType.C(), "YT": l.Out(0).DType.C(), "XZ": zeroAt(l.Const(2), 0), "YZ": zeroAt(l.Const(4), 0),
		"QMIN": lo, "QMAX": hi, "MUL": int64(m.M), "SHIFT": int64(m.Shift), "TIES": truth(p.ties)}, l.In(0))
	return nil
}

func evalRequantKernel(c *Call) ([]*tensor.Tensor, error) {
	x, y := c.X(0), c.newOut(0)
	m := multiplierOf(c.Attrs)
	for i := range x.Len() {
		y.SetI64(i, c.rescaled(x.I64(i)-int64(c.Attrs.Int("XZ")), m))
	}
	return one(y), nil
}
