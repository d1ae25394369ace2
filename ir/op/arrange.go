package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators that repeat, cut and rearrange whole blocks, and matrices with ones on a diagonal.
var arrangeDefs = []*Def{
	{Name: "Tile", Since: []int{6, 13}, In: Args("input", "repeats"), Out: Args("output"), Infer: inferTile, Eval: evalTile, Lower: lowerTile, Moves: true},
	{Name: "DepthToSpace", Since: []int{1, 11, 13, 28}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("blocksize", 0).Must(), Str("mode", "DCR")}, Parts: partsDepthToSpace},
	{Name: "SpaceToDepth", Since: []int{1, 13, 28}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("blocksize", 0).Must(), Str("mode", "DCR")}, Parts: partsSpaceToDepth},
	{Name: "CenterCropPad", Since: []int{18}, In: Args("input_data", "shape"), Out: Args("output_data"), Attrs: []Attr{Ints("axes")}, Parts: partsCenterCropPad},
	{Name: "Trilu", Since: []int{14}, In: Args("input", "k?"), Out: Args("output"), Attrs: []Attr{Int("upper", 1)}, Parts: partsTrilu},
	{Name: "EyeLike", Since: []int{9, 22}, In: Args("input"), Out: Args("output"), Attrs: []Attr{Int("dtype", 0).Optional(), Int("k", 0)}, Parts: partsEyeLike},
}

func inferTile(c *Call) ([]ir.Type, error) {
	repeats, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(c.Shape(0))
	if len(repeats) != len(shape) || len(repeats) > 0 && slices.Min(repeats) < 0 {
		return nil, fmt.Errorf("repeats are %v; expected a number for each of the %d axes", repeats, len(shape))
	}
	for i, r := range repeats {
		shape[i] *= r
	}
	return typed(c.Type(0).DType, shape...), nil
}

// tiling returns the sizes and strides with which a tensor is read to repeat it: each axis becomes two, the repeats and the axis.
func tiling(c *Call, repeats []int) (sizes, strides []int) {
	for i, s := range stridesOf(c.Shape(0)) {
		sizes, strides = append(sizes, repeats[i], c.Shape(0)[i]), append(strides, 0, s)
	}
	return sizes, strides
}

func evalTile(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferTile(c)
	if err != nil {
		return nil, err
	}
	repeats, _ := c.ConstInts(1)
	sizes, strides := tiling(c, repeats)
	return one(gatherStrided(c.X(0), sizes, strides, 0).Reshape(types[0].Shape...)), nil
}

func lowerTile(l *Lowering) error {
	repeats, err := l.ConstInts(1)
	if err != nil {
		return err
	}
	sizes, strides := tiling(l.Call, repeats)
	v, err := l.stridedValue(l.In(0), sizes, strides, 0)
	if err != nil {
		v, err = l.tileAxes(repeats)
	}
	if err != nil {
		return err
	}
	l.Replace("view", ir.Attrs{"offset": int64(0)}, v)
	return nil
}

// tileAxes repeats one axis after the other.
func (l *Lowering) tileAxes(repeats []int) (*ir.Value, error) {
	v := l.In(0)
	for a, r := range repeats {
		if r == 1 {
			continue
		}
		outer, n, inner := around(v.Type.Shape, a)
		whole := slices.Clone(v.Type.Shape)
		whole[a] *= r
		w, err := l.stridedValue(v, []int{outer, r, n * inner}, []int{n * inner, 0, 1}, 0)
		if err != nil {
			return nil, err
		}
		v = l.Emit("view", ir.Attrs{"offset": int64(0)}, ir.Type{DType: v.Type.DType, Shape: whole}, w)
	}
	return v, nil
}

// blockSizes checks an image and a block size.
func blockSizes(p *Parts) (n, c, h, w, b int) {
	s := p.Shape(0)
	b = p.Attrs.Int("blocksize")
	if len(s) != 4 || b < 1 {
		p.Fail("input has shape %v and blocksize is %d; expected [N, C, H, W] and a positive number", s, b)
	}
	return s[0], s[1], s[2], s[3], b
}

// partsDepthToSpace spreads channels over blocks of pixels: in mode DCR a block's pixels are the outer part of the channel index, in
// CRD the inner.
func partsDepthToSpace(p *Parts) []*ir.Value {
	n, c, h, w, b := blockSizes(p)
	if c%(b*b) != 0 {
		p.Fail("%d channels do not divide into blocks of %d by %d", c, b, b)
	}
	x, c := p.In(0), c/(b*b)
	if p.Attrs.String("mode") == "CRD" {
		x = p.Transpose(p.Reshape(x, n, c, b, b, h, w), 0, 1, 4, 2, 5, 3)
	} else {
		x = p.Transpose(p.Reshape(x, n, b, b, c, h, w), 0, 3, 4, 1, 5, 2)
	}
	return []*ir.Value{p.Reshape(x, n, c, h*b, w*b)}
}

func partsSpaceToDepth(p *Parts) []*ir.Value {
	n, c, h, w, b := blockSizes(p)
	if h%b != 0 || w%b != 0 {
		p.Fail("an image of %d by %d does not divide into blocks of %d by %d", h, w, b, b)
	}
	x := p.Reshape(p.In(0), n, c, h/b, b, w/b, b)
	if p.Attrs.String("mode") == "CRD" {
		x = p.Transpose(x, 0, 1, 3, 5, 2, 4)
	} else {
		x = p.Transpose(x, 0, 3, 5, 1, 2, 4)
	}
	return []*ir.Value{p.Reshape(x, n, c*b*b, h/b, w/b)}
}

// partsCenterCropPad cuts what is too much and pads what is missing, equally on both sides; an odd element goes from the front, and
// comes at the back.
func partsCenterCropPad(p *Parts) []*ir.Value {
	want, err := p.ConstInts(1)
	if err != nil {
		p.Fail("%w", err)
	}
	rank := len(p.Shape(0))
	axes := p.Attrs.Ints("axes")
	if axes == nil {
		for i := range rank {
			axes = append(axes, i)
		}
	}
	if axes, err = axesOf(axes, rank); err != nil || len(axes) != len(want) {
		p.Fail("shape %v for axes %v; expected a size for each", want, axes)
	}
	x, before, after := p.In(0), make([]int, rank), make([]int, rank)
	for i, a := range axes {
		if d := p.Shape(0)[a] - want[i]; d >= 0 {
			x = p.Slice(x, a, d/2, d/2+want[i])
		} else {
			before[a], after[a] = -d/2, -d-(-d/2)
		}
	}
	return []*ir.Value{p.Do("Pad", nil, x, p.Ints(slices.Concat(before, after)...))}
}

// partsTrilu keeps elements whose column is at least k right of their row, or at most.
func partsTrilu(p *Parts) []*ir.Value {
	s := p.Shape(0)
	if len(s) < 2 {
		p.Fail("input has shape %v; expected a matrix, or several", s)
	}
	diagonal := p.Sub(p.Iota(s[len(s)-1], 1, 2), p.Iota(s[len(s)-2], 0, 2))
	k := p.In(1)
	if k == nil {
		k = p.Scalar(tensor.Int64, 0)
	}
	compare := "LessOrEqual"
	if p.Attrs.Bool("upper") {
		compare = "GreaterOrEqual"
	}
	return []*ir.Value{p.Where(p.Do(compare, nil, diagonal, k), p.In(0), p.Like(p.In(0), 0))}
}

func partsEyeLike(p *Parts) []*ir.Value {
	s := p.Shape(0)
	d, err := p.dtypeAttr("dtype", p.Type(0).DType)
	if err != nil || len(s) != 2 {
		p.Fail("input has shape %v; expected two dimensions, and a dtype that is supported", s)
	}
	t := tensor.New(d, s...)
	for i := range s[0] {
		if j := i + p.Attrs.Int("k"); j >= 0 && j < s[1] {
			t.SetI64(i*s[1]+j, 1)
		}
	}
	return []*ir.Value{p.Constant(t)}
}
