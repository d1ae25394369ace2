package op

import (
	"github.com/deepgo/deepgo/ir/tensor"
)

// view: its output is a part of its input's memory, from byte "offset" on. It has no C: the planner gives both one place.
var viewDefs = []*Def{
	{Name: "view", In: Args("x"), Out: Args("y"), Attrs: []Attr{Int("offset", 0)}, Eval: evalView, View: true},
}

func evalView(c *Call) ([]*tensor.Tensor, error) {
	t, x := c.Out(0), c.X(0)
	from := c.Attrs.Int("offset")
	raw := x.Bytes()
	y, err := tensor.FromBytes(t.DType, raw[from:from+t.Bytes()], t.Shape...)
	if err != nil {
		return nil, err
	}
	return []*tensor.Tensor{y}, nil
}
