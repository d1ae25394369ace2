package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Fourier transforms and what goes with them.
var signalDefs = []*Def{
	{Name: "DFT", Since: []int{17, 20}, In: Args("input", "dft_length?", "axis?"), Out: Args("output"), Attrs: []Attr{Int("inverse", 0), Int("onesided", 0)}, Upgrade: upgradeDFT, Infer: inferDFT, Eval: evalDFT, Lower: lowerDFT},
	{Name: "STFT", Since: []int{17}, In: Args("signal", "frame_step", "window?", "frame_length?"), Out: Args("output"), Attrs: []Attr{Int("onesided", 1)}, Infer: inferSTFT, Eval: evalSTFT, Lower: lowerSTFT},
	windowDef("HannWindow", 0.5, 0.5, 0), windowDef("HammingWindow", 25.0/46, 21.0/46, 0), windowDef("BlackmanWindow", 0.42, 0.5, 0.08),
	{Name: "MelWeightMatrix", Since: []int{17}, In: Args("num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz"), Out: Args("output"), Attrs: []Attr{Int("output_datatype", 1)}, Parts: partsMelWeights},
}

// upgradeDFT makes the attribute of opset 19 an input; its default was another.
func upgradeDFT(u *Upgrade, v int) error {
	if v >= 20 {
		return nil
	}
	axis := int64(1)
	if u.Node.Attrs.Has("axis") {
		axis = int64(u.Node.Attrs.Int("axis"))
	}
	delete(u.Node.Attrs, "axis")
	u.SetInput(2, "axis", tensor.Ints([]int64{axis}))
	return nil
}

// transform is a DFT's geometry: n of the elements along axis, zeros behind them up to length, bins of the result.
type transform struct {
	axis, in, length, bins int
	parts, outParts        int // 1 for real numbers, 2 for complex ones
	inverse, oneSided      bool
}

func newTransform(c *Call) (*transform, error) {
	s := c.Shape(0)
	t := &transform{axis: len(s) - 2, inverse: c.Attrs.Bool("inverse"), oneSided: c.Attrs.Bool("onesided"), outParts: 2}
	if len(s) < 2 || s[len(s)-1] != 1 && s[len(s)-1] != 2 {
		return nil, fmt.Errorf("input has shape %v; expected one or two numbers along the last axis", s)
	}
	t.parts = s[len(s)-1]
	if c.Has(2) {
		axis, err := c.ConstInts(2)
		if err != nil {
			return nil, err
		}
		if t.axis, err = axisOf(axis[0], len(s)); err != nil || t.axis == len(s)-1 {
			return nil, fmt.Errorf("axis %d is not one of the signal's, whose shape is %v", axis[0], s)
		}
	}
	t.in = s[t.axis]
	t.length = t.in
	back := t.oneSided && t.inverse
	if back {
		t.length = 2 * (t.in - 1)
	}
	if c.Has(1) {
		n, err := c.ConstInts(1)
		if err != nil {
			return nil, err
		}
		t.length = n[0]
	}
	if t.length < 1 || back && t.parts != 2 || t.oneSided && !t.inverse && t.parts != 1 {
		return nil, fmt.Errorf("a transform of length %d of %d numbers an element, inverse=%v, onesided=%v is not one", t.length, t.parts, t.inverse, t.oneSided)
	}
	t.bins = t.length
	switch {
	case back:
		t.outParts = 1
	case t.oneSided:
		t.bins = t.length/2 + 1
	}
	return t, nil
}

func inferDFT(c *Call) ([]ir.Type, error) {
	t, err := newTransform(c)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(c.Shape(0))
	shape[t.axis], shape[len(shape)-1] = t.bins, t.outParts
	return typed(c.Type(0).DType, shape...), nil
}

func evalDFT(c *Call) ([]*tensor.Tensor, error) {
	t, err := newTransform(c)
	if err != nil {
		return nil, err
	}
	types, _ := inferDFT(c)
	s := c.X(0).Shape
	outer, inner := tensor.Len(s[:t.axis]), tensor.Len(s[t.axis+1:len(s)-1])
	y := tensor.New(types[0].DType, types[0].Shape...)
	t.apply(c.X(0), y, outer, inner)
	return one(y), nil
}

// apply transforms every lane of x [outer][in][inner][parts] to y [outer][bins][inner][outParts].
func (t *transform) apply(x, y *tensor.Tensor, outer, inner int) {
	for lane := range outer * inner {
		o, k := lane/inner, lane%inner
		signal := make([]complex128, t.length)
		for n := range min(t.in, t.length) {
			at := ((o*t.in+n)*inner + k) * t.parts
			re, im := x.F64(at), 0.0
			if t.parts == 2 {
				im = x.F64(at + 1)
			}
			signal[n] = complex(re, im)
		}
		if t.outParts == 1 { // the other half of the spectrum is this one's mirror
			for n := t.length/2 + 1; n < t.length; n++ {
				m := signal[t.length-n]
				signal[n] = complex(real(m), -imag(m))
			}
		}
		for b := range t.bins {
			v := t.bin(signal, b)
			at := ((o*t.bins+b)*inner + k) * t.outParts
			y.SetF64(at, real(v))
			if t.outParts == 2 {
				y.SetF64(at+1, imag(v))
			}
		}
	}
}

func (t *transform) bin(signal []complex128, b int) complex128 {
	sign, scale := -1.0, 1.0
	if t.inverse {
		sign, scale = 1, 1/float64(t.length)
	}
	sum := complex(0, 0)
	for n, v := range signal {
		sin, cos := math.Sincos(sign * 2 * math.Pi * float64(b*n%t.length) / float64(t.length))
		sum += v * complex(cos, sin)
	}
	return sum * complex(scale, 0)
}

// framing is how STFT cuts a signal.
type framing struct{ batch, samples, parts, step, length, frames int }

func newFraming(c *Call) (*framing, error) {
	s := c.Shape(0)
	step, err := c.ConstInts(1)
	if err != nil {
		return nil, err
	}
	if len(s) != 3 || s[2] < 1 || s[2] > 2 || len(step) != 1 || step[0] < 1 {
		return nil, fmt.Errorf("signal has shape %v and frame_step is %v; expected [batch, length, 1 or 2] and a positive number", s, step)
	}
	f := &framing{batch: s[0], samples: s[1], parts: s[2], step: step[0], length: s[1]}
	if c.Has(2) {
		f.length = c.Type(2).Len()
	}
	if c.Has(3) {
		n, err := c.ConstInts(3)
		if err != nil {
			return nil, err
		}
		f.length = n[0]
	}
	if f.length < 1 || f.length > f.samples || c.Has(2) && f.length != c.Type(2).Len() {
		return nil, fmt.Errorf("frames of %d do not fit a signal of %d samples and the window", f.length, f.samples)
	}
	f.frames = (f.samples-f.length)/f.step + 1
	return f, nil
}

// oneSided reports whether the mirrored half of the spectrum is left out.
func (f *framing) oneSided(c *Call) bool { return c.Attrs.Bool("onesided") && f.parts == 1 }

func (f *framing) transform(c *Call) *transform {
	t := &transform{in: f.length, length: f.length, bins: f.length, parts: f.parts, outParts: 2}
	if f.oneSided(c) {
		t.bins = f.length/2 + 1
	}
	return t
}

func inferSTFT(c *Call) ([]ir.Type, error) {
	f, err := newFraming(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, f.batch, f.frames, f.transform(c).bins, 2), nil
}

func evalSTFT(c *Call) ([]*tensor.Tensor, error) {
	f, err := newFraming(c)
	if err != nil {
		return nil, err
	}
	strides := []int{f.samples * f.parts, f.step * f.parts, f.parts, 1}
	x := gatherStrided(c.X(0), []int{f.batch, f.frames, f.length, f.parts}, strides, 0)
	if c.Has(2) {
		for i := range x.Len() {
			x.SetF64(i, x.F64(i)*c.X(2).F64(i/f.parts%f.length))
		}
	}
	types, _ := inferSTFT(c)
	y := tensor.New(types[0].DType, types[0].Shape...)
	f.transform(c).apply(x, y, f.batch*f.frames, 1)
	return one(y), nil
}

// windowDef is a window a - b cos(x) + c cos(2x).
func windowDef(name string, a, b, c float64) *Def {
	return &Def{Name: name, Since: []int{17}, In: Args("size"), Out: Args("output"), Attrs: []Attr{Int("output_datatype", 1), Int("periodic", 1)}, Parts: func(p *Parts) []*ir.Value {
		size, err := p.ConstInts(0)
		if err != nil || len(size) != 1 || size[0] < 0 {
			p.Fail("size must be one number that is known when compiling")
		}
		d, err := p.dtypeAttr("output_datatype", tensor.Float32)
		if err != nil {
			p.Fail("%w", err)
		}
		t, period := tensor.New(d, size[0]), float64(size[0])
		if !p.Attrs.Bool("periodic") {
			period--
		}
		for i := range size[0] {
			x := 2 * math.Pi * float64(i) / max(period, 1)
			t.SetF64(i, a-b*math.Cos(x)+c*math.Cos(2*x))
		}
		return []*ir.Value{p.Constant(t)}
	}}
}

// partsMelWeights makes triangles that lie evenly on the mel scale.
func partsMelWeights(p *Parts) []*ir.Value {
	v := make([]float64, 5)
	for i := range v {
		t := p.Const(i)
		if t == nil || t.Len() != 1 {
			p.Fail("input %q must be one number that is known when compiling", p.Def.In[i].Name)
		}
		v[i] = t.F64(0)
	}
	d, err := p.dtypeAttr("output_datatype", tensor.Float32)
	if err != nil || v[0] < 1 || v[1] < 1 || v[2] <= 0 {
		p.Fail("%v mel bins of a transform of length %v at %v samples a second are not possible", v[0], v[1], v[2])
	}
	mel := func(hertz float64) float64 { return 2595 * math.Log10(1+hertz/700) }
	bands, bins := int(v[0]), int(v[1])/2+1
	edges, step := make([]int, bands+2), (mel(v[4])-mel(v[3]))/float64(bands+2)
	for i := range edges {
		hertz := 700 * (math.Pow(10, (mel(v[3])+step*float64(i))/2595) - 1)
		edges[i] = int(math.Floor((v[1] + 1) * hertz / v[2]))
	}
	t := tensor.New(d, bins, bands)
	set := func(bin, band int, w float64) {
		if bin >= 0 && bin < bins {
			t.SetF64(bin*bands+band, w)
		}
	}
	for b := range bands {
		lo, mid, hi := edges[b], edges[b+1], edges[b+2]
		if lo == mid {
			set(mid, b, 1)
		}
		for i := lo; lo < mid && i <= mid; i++ {
			set(i, b, float64(i-lo)/float64(mid-lo))
		}
		for i := mid; mid < hi && i < hi; i++ {
			set(i, b, float64(hi-i)/float64(hi-mid))
		}
	}
	return []*ir.Value{p.Constant(t)}
}
