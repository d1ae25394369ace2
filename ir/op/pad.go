package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// upgradePad moves what opset 2 had as attributes to inputs.
func upgradePad(u *Upgrade, v int) error {
	if v >= 11 {
		return nil
	}
	u.AttrToInput("pads", 1)
	if u.Node.Attrs.Has("value") {
		u.SetInput(2, "value", tensor.Floats([]float32{u.Node.Attrs.Float("value")}))
		delete(u.Node.Attrs, "value")
	}
	return nil
}

// padSizes returns the elements added before and after each axis; negative ones are cut off.
func padSizes(c *Call) (before, after []int, err error) {
	rank := len(c.Shape(0))
	pads, err := c.ConstInts(1)
	if err != nil {
		return nil, nil, err
	}
	axes := make([]int, rank)
	for i := range axes {
		axes[i] = i
	}
	if c.Has(3) {
		if axes, err = c.ConstInts(3); err != nil {
			return nil, nil, err
		}
		if axes, err = axesOf(axes, rank); err != nil {
			return nil, nil, err
		}
	}
	if len(pads) != 2*len(axes) {
		return nil, nil, fmt.Errorf("%d pads for %d axes; expected two for each", len(pads), len(axes))
	}
	before, after = make([]int, rank), make([]int, rank)
	for i, a := range axes {
		before[a], after[a] = pads[i], pads[len(axes)+i]
	}
	return before, after, nil
}

func inferPad(c *Call) ([]ir.Type, error) {
	before, after, err := padSizes(c)
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(before))
	for i, d := range c.Shape(0) {
		if shape[i] = d + before[i] + after[i]; shape[i] < 0 {
			return nil, fmt.Errorf("pads cut more than the %d elements of axis %d", d, i)
		}
	}
	return typed(c.Type(0).DType, shape...), nil
}

func evalPad(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferPad(c)
	if err != nil {
		return nil, err
	}
	before, _, _ := padSizes(c)
	x, y := c.X(0), tensor.New(types[0].DType, types[0].Shape...)
	xs, ys := stridesOf(x.Shape), stridesOf(y.Shape)
	for i := range y.Len() {
		from, inside := 0, true
		for a, s := range ys {
			pos, ok := padIndex(c.Attrs.String("mode"), i/s%y.Shape[a]-before[a], x.Shape[a])
			inside = inside && ok
			from += pos * xs[a]
		}
		switch {
		case inside:
			copyElement(y, i, x, from)
		case c.Has(2) && c.X(2).Len() > 0:
			copyElement(y, i, c.X(2), 0)
		}
	}
	return one(y), nil
}

// padIndex maps a position that may lie outside n elements to one inside, by the mode; ok is false for the constant.
func padIndex(mode string, pos, n int) (at int, ok bool) {
	switch {
	case pos >= 0 && pos < n:
		return pos, true
	case mode == "constant" || n == 0:
		return 0, false
	case mode == "edge":
		return min(max(pos, 0), n-1), true
	case mode == "wrap":
		return (pos%n + n) % n, true
	}
	if n == 1 {
		return 0, true
	}
	period := 2 * (n - 1) // reflect: the border itself is not repeated
	pos = (pos%period + period) % period
	return min(pos, period-pos), true
}

// lowerPad fills the output with a constant and places x inside it; other modes and values, and what is cut off, go by a table per axis.
func lowerPad(l *Lowering) error {
	before, after, err := padSizes(l.Call)
	if err != nil {
		return err
	}
	value := l.In(2)
	if value == nil || value.Type.Len() == 0 {
		value = l.Constant("zero", tensor.New(l.Type(0).DType))
	}
	if l.Attrs.String("mode") == "constant" && value.IsConst() && slices.Min(append(slices.Concat(before, after), 0)) == 0 {
		if l.Type(0).Len() > 0 && isImage(before, after) {
			return l.padImage(before, value.Const)
		}
		return l.padAxes(before, value.Const)
	}
	x := l.In(0)
	for a := range before {
		if before[a] == 0 && after[a] == 0 {
			continue
		}
		n := x.Type.Shape[a]
		table := make([]int, n+before[a]+after[a])
		for i := range table {
			at, ok := padIndex(l.Attrs.String("mode"), i-before[a], n)
			if table[i] = at; !ok {
				table[i] = -1
			}
		}
		x = l.take(x, a, table, value)
	}
	l.Replace("Identity", nil, x)
	return nil
}

// padAxes pads one axis after the other; each is a fill and a place.
func (l *Lowering) padAxes(before []int, value *tensor.Tensor) error {
	x, want := l.In(0), l.Out(0).Shape
	if x.IsConst() {
		x = l.load(x)
	}
	shape := append([]int{}, l.Shape(0)...)
	for a := range shape {
		if shape[a] == want[a] && before[a] == 0 {
			continue
		}
		old := shape[a]
		shape[a] = want[a]
		t := ir.Type{DType: l.Out(0).DType, Shape: append([]int{}, shape...)}
		outer, n, inner := around(shape, a)
		y := l.Emit("fill", fillWith(t, t.Len(), value), t)
		attrs := ir.Attrs{"T": t.DType.C(), "LEN": int64(t.Len()), "OUTER": int64(outer), "BLOCK": int64(old * inner), "STRIDE": int64(n * inner), "FROM": int64(before[a] * inner)}
		x = l.Emit("place", attrs, t, y, x)
	}
	l.Replace("view", ir.Attrs{"offset": int64(0)}, x)
	return nil
}

// isImage reports whether what is added to each axis is more rows and columns of pixels, images being [N][H][W][C].
func isImage(before, after []int) bool {
	const pixels = 3 // axes in front of the channels
	return len(before) == pixels+1 && before[0]+after[0]+before[pixels]+after[pixels] == 0 && before[1]+after[1]+before[2]+after[2] > 0
}

// padImage pads rows and columns of an image, row by row.
func (l *Lowering) padImage(before []int, value *tensor.Tensor) error {
	x, s, t := l.In(0), l.Shape(0), l.Out(0)
	if x.IsConst() {
		x = l.load(x)
	}
	attrs := fillWith(t, s[0], value) // N counts images
	for name, v := range map[string]int{"IH": s[1], "OH": t.Shape[1], "IW": s[2], "OW": t.Shape[2], "C": s[3], "PT": before[1], "PL": before[2], "KH": 1, "SH": 1, "DH": 1} {
		attrs[name] = int64(v)
	}
	l.Replace("pad2d", attrs, x)
	return nil
}

func evalPad2D(c *Call) ([]*tensor.Tensor, error) {
	win, _ := ir.WindowOf(c.Node)
	x, y, ch := c.X(0), c.newOut(0), c.Attrs.Int("C")
	images, iw, ow := c.Attrs.Int("N"), c.Attrs.Int("IW"), c.Attrs.Int("OW")
	for i := range y.Len() {
		copyElement(y, i, c.Attrs.Tensor("value"), 0)
	}
	for i := range images * win.In * iw * ch {
		n, r, at := i/(win.In*iw*ch), i/(iw*ch)%win.In, i%(iw*ch)
		copyElement(y, ((n*win.Out+r+win.Pad)*ow+c.Attrs.Int("PL"))*ch+at, x, i)
	}
	return one(y), nil
}
