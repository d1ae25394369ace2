package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Resize and Upsample. Every mode works along one axis after the other: what an output element is made of there is a table.
var resizeDefs = []*Def{
	{Name: "Resize", Since: []int{10, 11, 13, 18, 19}, In: Args("X", "roi?", "scales?", "sizes?"), Out: Args("Y"),
		Attrs: []Attr{Int("antialias", 0), Ints("axes"), Str("coordinate_transformation_mode", "half_pixel"), Float("cubic_coeff_a", -0.75), Int("exclude_outside", 0), Float("extrapolation_value", 0),
			Str("keep_aspect_ratio_policy", "stretch"), Str("mode", "nearest"), Str("nearest_mode", "round_prefer_floor")},
		Upgrade: upgradeResize, Infer: inferResize, Eval: evalResize, Lower: lowerResize},
	{Name: "Upsample", Since: []int{7, 9, 10}, In: Args("X", "scales"), Out: Args("Y"), Attrs: []Attr{Str("mode", "nearest")}, Upgrade: upgradeUpsample, Parts: partsUpsample},
}

// upgradeResize: opset 10 had the scales second, and only what Upsample could do.
func upgradeResize(u *Upgrade, v int) error {
	if v > 10 || len(u.Node.Inputs) != 2 {
		return nil
	}
	u.Node.Inputs = []*ir.Value{u.Node.Inputs[0], nil, u.Node.Inputs[1]}
	u.Node.Attrs["coordinate_transformation_mode"], u.Node.Attrs["nearest_mode"] = "asymmetric", "opset10"
	return nil
}

// upgradeUpsample makes the attribute of opset 8 an input.
func upgradeUpsample(u *Upgrade, v int) error {
	if scales := u.Node.Attrs.Floats("scales"); scales != nil {
		u.SetInput(1, "scales", tensor.Floats(scales, len(scales)))
		delete(u.Node.Attrs, "scales")
	}
	return nil
}

func partsUpsample(p *Parts) []*ir.Value {
	mode := p.Attrs.String("mode")
	if mode == "bilinear" {
		mode = "linear"
	}
	attrs := ir.Attrs{"mode": mode, "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
	return []*ir.Value{p.Do("Resize", attrs, p.In(0), nil, p.In(1))}
}

// resampling is what becomes of one axis: element o of the output is the sum of the input's elements index[o] times weight[o], or the
// extrapolation value where outside[o].
type resampling struct {
	axis, in, out int
	scale         float64
	start, end    float64 // of the region of interest, as parts of the axis
	index         [][]int
	weight        [][]float64
	outside       []bool
}

// newResize resolves sizes and tables of every axis that changes or is looked at through a region of interest.
func newResize(c *Call) ([]*resampling, error) {
	rank := len(c.Shape(0))
	axes := axesFrom(0, rank)
	if c.Attrs.Ints("axes") != nil {
		var err error
		if axes, err = axesOf(c.Attrs.Ints("axes"), rank); err != nil {
			return nil, err
		}
	}
	list := make([]*resampling, len(axes))
	for i, a := range axes {
		list[i] = &resampling{axis: a, in: c.Shape(0)[a], end: 1}
	}
	if err := regions(c, list); err != nil {
		return nil, err
	}
	if err := resizeSizes(c, list); err != nil {
		return nil, err
	}
	for _, r := range list {
		if err := r.fill(c.Attrs); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// regions sets where each axis begins and ends.
func regions(c *Call, list []*resampling) error {
	if c.Attrs.String("coordinate_transformation_mode") != "tf_crop_and_resize" {
		return nil
	}
	roi := c.Const(1)
	if roi == nil || roi.Len() != 2*len(list) {
		return fmt.Errorf("roi must hold a start and an end for each of %d axes, and be known when compiling", len(list))
	}
	for i, r := range list {
		r.start, r.end = roi.F64(i), roi.F64(len(list)+i)
	}
	return nil
}

// resizeSizes sets the output's sizes and the scales, one of which is given.
func resizeSizes(c *Call, list []*resampling) error {
	given := func(i int) bool { return c.Has(i) && c.Type(i).Len() > 0 }
	input := 2
	if given(3) {
		input = 3
	}
	t := c.Const(input)
	if t == nil || t.Len() != len(list) || given(2) && given(3) {
		return fmt.Errorf("either scales or sizes must hold a number for each of %d axes, and be known when compiling", len(list))
	}
	if input == 2 {
		for i, r := range list {
			r.scale = t.F64(i)
			r.out = int(math.Floor(float64(r.in) * (r.end - r.start) * r.scale))
		}
		return nil
	}
	limit := map[string]func(a, b float64) float64{"not_larger": math.Min, "not_smaller": math.Max}[c.Attrs.String("keep_aspect_ratio_policy")]
	common := 0.0
	for i, r := range list {
		r.out = int(t.I64(i))
		r.scale = float64(r.out) / float64(r.in)
		if common == 0 || limit == nil {
			common = r.scale
		} else {
			common = limit(common, r.scale)
		}
	}
	if limit != nil {
		for _, r := range list {
			r.scale, r.out = common, int(math.Floor(common*float64(r.in)+0.5))
		}
	}
	return nil
}

// original returns where position o of the output lies in the input.
func (r *resampling) original(mode string, o int) (float64, error) {
	x, in, wide := float64(o), float64(r.in), r.scale*float64(r.in)
	switch mode {
	case "half_pixel":
		return (x+0.5)/r.scale - 0.5, nil
	case "half_pixel_symmetric":
		return in/2*(1-float64(r.out)/wide) + (x+0.5)/r.scale - 0.5, nil
	case "pytorch_half_pixel":
		if r.out <= 1 {
			return 0, nil
		}
		return (x+0.5)/r.scale - 0.5, nil
	case "align_corners":
		if wide == 1 {
			return 0, nil
		}
		return x * (in - 1) / (wide - 1), nil
	case "asymmetric":
		return x / r.scale, nil
	case "tf_half_pixel_for_nn": // of opset 11
		return (x + 0.5) / r.scale, nil
	case "tf_crop_and_resize":
		if r.out <= 1 {
			return (r.start + r.end) * (in - 1) / 2, nil
		}
		return r.start*(in-1) + x*(r.end-r.start)*(in-1)/float64(r.out-1), nil
	}
	return 0, fmt.Errorf("coordinate_transformation_mode %q is unknown", mode)
}

// fill makes the table.
func (r *resampling) fill(a ir.Attrs) error {
	if r.out < 0 || r.in == 0 && r.out > 0 || r.out > 1<<24 {
		return fmt.Errorf("axis %d of %d elements cannot become one of %d", r.axis, r.in, r.out)
	}
	mode := a.String("coordinate_transformation_mode")
	for o := range r.out {
		x, err := r.original(mode, o)
		if err != nil {
			return err
		}
		index, weight, err := r.taps(a, x)
		if err != nil {
			return err
		}
		r.index, r.weight = append(r.index, index), append(r.weight, weight)
		r.outside = append(r.outside, mode == "tf_crop_and_resize" && (x < 0 || x > float64(r.in-1)))
	}
	return nil
}

// taps returns which elements around x count, and for how much.
func (r *resampling) taps(a ir.Attrs, x float64) ([]int, []float64, error) {
	kernel, reach := linearWeight, 1.0
	switch a.String("mode") {
	case "nearest":
		mode := a.String("nearest_mode")
		if mode == "opset10" { // the first Resize, as ONNX Runtime has it
			mode = map[bool]string{true: "ceil", false: "floor"}[r.scale < 1]
		}
		at, err := nearestTo(mode, x)
		return []int{min(max(at, 0), r.in-1)}, []float64{1}, err
	case "linear":
	case "cubic":
		coefficient := float64(a.Float("cubic_coeff_a"))
		kernel, reach = func(d float64) float64 { return cubicWeight(d, coefficient) }, 2
	default:
		return nil, nil, fmt.Errorf("mode %q is unknown; expected nearest, linear or cubic", a.String("mode"))
	}
	squeeze := 1.0
	if a.Bool("antialias") {
		squeeze = min(r.scale, 1)
	}
	var index []int
	var weight []float64
	sum := 0.0
	for at := int(math.Floor(x-reach/squeeze)) + 1; float64(at) < x+reach/squeeze || at == int(x) && float64(at) == x; at++ {
		w := kernel((float64(at) - x) * squeeze)
		if a.Bool("exclude_outside") && (at < 0 || at >= r.in) {
			continue
		}
		index, weight, sum = append(index, min(max(at, 0), r.in-1)), append(weight, w), sum+w
	}
	for i := range weight {
		weight[i] /= sum
	}
	return index, weight, nil
}

func linearWeight(d float64) float64 { return max(1-math.Abs(d), 0) }

// cubicWeight is Keys' convolution kernel, with a coefficient of -0.5 or -0.75 usually.
func cubicWeight(d, a float64) float64 {
	switch d = math.Abs(d); {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

func nearestTo(mode string, x float64) (int, error) {
	switch mode {
	case "round_prefer_floor":
		return int(math.Ceil(x - 0.5)), nil
	case "round_prefer_ceil":
		return int(math.Floor(x + 0.5)), nil
	case "floor":
		return int(math.Floor(x)), nil
	case "ceil":
		return int(math.Ceil(x)), nil
	}
	return 0, fmt.Errorf("nearest_mode %q is unknown; expected round_prefer_floor, round_prefer_ceil, floor or ceil", mode)
}

func inferResize(c *Call) ([]ir.Type, error) {
	list, err := newResize(c)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(c.Shape(0))
	for _, r := range list {
		shape[r.axis] = r.out
	}
	return typed(c.Type(0).DType, shape...), nil
}

func evalResize(c *Call) ([]*tensor.Tensor, error) {
	list, err := newResize(c)
	if err != nil {
		return nil, err
	}
	shape, x := slices.Clone(c.X(0).Shape), c.X(0).Float64s()
	for _, r := range list {
		x, shape = r.apply(x, shape, float64(c.Attrs.Float("extrapolation_value")))
	}
	y := tensor.New(c.X(0).DType, shape...)
	for i, v := range x {
		y.SetF64(i, v)
	}
	return one(y), nil
}

// apply resamples one axis.
func (r *resampling) apply(x []float64, shape []int, extrapolation float64) ([]float64, []int) {
	outer, n, inner := around(shape, r.axis)
	y := make([]float64, outer*r.out*inner)
	for o := range outer {
		for j := range r.out {
			for k := range inner {
				acc := 0.0
				for t, at := range r.index[j] {
					acc += r.weight[j][t] * x[(o*n+at)*inner+k]
				}
				if r.outside[j] {
					acc = extrapolation
				}
				y[(o*r.out+j)*inner+k] = acc
			}
		}
	}
	shape = slices.Clone(shape)
	shape[r.axis] = r.out
	return y, shape
}
