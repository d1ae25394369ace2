package op

import (
	"fmt"
	"math"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/fixed"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products of 8- and 16-bit values: ONNX's QLinearConv, ONNX Runtime's QGemm. clamp_min and clamp_max are deepgo's: the bounds of
// an activation that follows, on the quantized output.
var qlinearDefs = []*Def{
	{Name: "QLinearConv", Since: []int{10}, In: Args("x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?"), Out: Args("y"),
		Attrs: append(append([]Attr{Int("group", 1)}, clampAttrs...), windowAttrs...), Infer: inferQConv, Eval: evalQConv, Lower: lowerQConv, Spatial: true},
	{Name: "QGemm", Domain: "com.microsoft", Since: []int{1}, In: Args("A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_point", "C?", "y_scale", "y_zero_point"), Out: Args("Y"),
		Attrs: append([]Attr{Float("alpha", 1), Int("transA", 0), Int("transB", 0)}, clampAttrs...), Infer: inferQGemm, Eval: evalQGemm, Lower: lowerQGemm},
	{Name: "conv2d_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalConv2DS8},
	{Name: "dwconv2d_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalDWConv2DS8},
	{Name: "fc_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalFCS8, Part: "fc_part_s8"},
	{Name: "fc_part_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalFCS8},
	{Name: "fc4_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalFC4S8},
	{Name: "conv2d_s16", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalConv2DS8},
	{Name: "dwconv2d_s16", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalDWConv2DS8},
	{Name: "fc_s16", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalFCS8},
	{Name: "rescale_s8", In: Args("x", "as", "bs", "ys", "yz"), Out: Args("y"), Eval: evalRescale},
}

var clampAttrs = []Attr{Int("clamp_min", 0).Optional(), Int("clamp_max", 0).Optional()}

// scales are the quantization parameters of a product: input, weights per output channel, output.
type scales struct {
	xs, ys float64
	xz, yz int64
	ws     *tensor.Tensor
	wz     *tensor.Tensor // nil where symmetric
}

// newScales reads them from the inputs that the operator keeps them in.
func newScales(c *Call, x, w, y int) (*scales, error) {
	for _, i := range []int{x, x + 1, w, w + 1, y, y + 1} {
		if c.Has(i) && c.Const(i) == nil {
			return nil, fmt.Errorf("input %q must be a constant", c.Def.In[i].Name)
		}
	}
	if c.Const(x).Len() != 1 || c.Const(y).Len() != 1 {
		return nil, fmt.Errorf("activations are quantized per tensor: expected one scale")
	}
	return &scales{xs: c.Const(x).F64(0), xz: zeroAt(c.Const(x+1), 0), ws: c.Const(w), wz: c.Const(w + 1), ys: c.Const(y).F64(0), yz: zeroAt(c.Const(y+1), 0)}, nil
}

// factor is what an accumulator of output channel k is multiplied with.
func (s *scales) factor(k int) float64 {
	return s.xs * s.ws.F64(k%s.ws.Len()) / s.ys
}

// weightZero is the weights' zero point for output channel k.
func (s *scales) weightZero(k int) int64 {
	if s.wz == nil {
		return 0
	}
	return s.wz.I64(k % s.wz.Len())
}

// symmetric reports whether all zero points of the weights are 0.
func (s *scales) symmetric() bool {
	for k := range s.ws.Len() {
		if s.weightZero(k) != 0 {
			return false
		}
	}
	return true
}

// output rounds an accumulator of channel k into the output's type.
func (s *scales) output(acc int64, k int, lo, hi int64) int64 {
	v := roundEven(float64(acc)*s.factor(k)) + float64(s.yz)
	return int64(atMost(atLeast(v, float64(lo)), float64(hi)))
}

// clampOf returns the bounds of the output.
func (c *Call) clampOf(d tensor.DType) (lo, hi int64) {
	lo, hi = d.Range()
	if c.Attrs.Has("clamp_min") {
		lo = int64(c.Attrs.Int("clamp_min"))
	}
	if c.Attrs.Has("clamp_max") {
		hi = int64(c.Attrs.Int("clamp_max"))
	}
	return lo, hi
}

// checkQuantization checks the inputs that are scales and zero points, by their names: each has one element, or input w and the one behind it,
// those of weights where w is not 0, one for each of n output channels.
func (c *Call) checkQuantization(w, n int) error {
	for i, a := range c.Def.In {
		if !c.Has(i) || !strings.HasSuffix(a.Name, "_scale") && !strings.HasSuffix(a.Name, "_zero_point") {
			continue
		}
		ofWeights := w > 0 && (i == w || i == w+1)
		if ofWeights && tensor.Len(c.Shape(i)) == n {
			continue
		}
		err := c.checkSingle(i, a.Name)
		if err != nil && ofWeights {
			err = fmt.Errorf("%w, or %d, one for each output channel", err, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkSingle refuses an input with more than one element; it may be absent.
func (c *Call) checkSingle(i int, name string) error {
	if c.Has(i) && tensor.Len(c.Shape(i)) != 1 {
		return fmt.Errorf("%s has shape %v; expected one element", name, c.Shape(i))
	}
	return nil
}

func inferQConv(c *Call) ([]ir.Type, error) {
	g, err := convGeometry(c.Attrs, c.Shape(0), c.Shape(3))
	if err != nil {
		return nil, err
	}
	if c.Has(8) && tensor.Len(c.Shape(8)) != c.Shape(3)[0] {
		return nil, fmt.Errorf("B has shape %v; expected [%d], a value per output channel", c.Shape(8), c.Shape(3)[0])
	}
	return typed(c.Type(7).DType, append([]int{c.Shape(0)[0], c.Shape(3)[0]}, g.out...)...), c.checkQuantization(4, c.Shape(3)[0])
}

func evalQConv(c *Call) ([]*tensor.Tensor, error) {
	x, w := c.X(0), c.X(3)
	g, err := convGeometry(c.Attrs, x.Shape, w.Shape)
	if err != nil {
		return nil, err
	}
	s, err := newScales(c, 1, 4, 6)
	if err != nil {
		return nil, err
	}
	y := tensor.New(c.X(7).DType, append([]int{x.Shape[0], w.Shape[0]}, g.out...)...)
	lo, hi := c.clampOf(y.DType)
	xs, ws := x.Int64s(), w.Int64s()
	convolve(g, x.Shape, w.Shape, c.Attrs.Int("group"), func(i, oc int, sum func(func(xi, wi int))) {
		acc := zeroAt(c.X(8), oc)
		zero := s.weightZero(oc)
		sum(func(xi, wi int) { acc += (xs[xi] - s.xz) * (ws[wi] - zero) })
		y.SetI64(i, s.output(acc, oc, lo, hi))
	})
	return one(y), nil
}

func lowerQConv(l *Lowering) error {
	if l.computed(1, 2, 3, 4, 5, 6, 7, 8) || len(l.Shape(3)) > 4 {
		return l.rescaledConv()
	}
	w := l.Const(3)
	s, err := newScales(l.Call, 1, 4, 6)
	if err != nil {
		return err
	}
	g, err := convGeometry(l.Attrs, l.Shape(0), w.Shape)
	if err != nil {
		return err
	}
	per := w.Len() / w.Shape[0]
	centred := s.centre(w, func(i int) int { return i / per })
	kernel, attrs, packed, err := convKernel(g, l.Shape(0), centred, l.Attrs.Int("group"))
	if err != nil {
		return err
	}
	p, err := l.product(s, centred, l.Const(8), w.Shape[0], g.pads())
	if err != nil {
		return err
	}
	p.attrs(attrs, packed)
	if bits := packedBits(centred, w.Shape[0]); bits < 8 {
		l.packedConv(kernel, attrs, p, packed, bits)
		return nil
	}
	l.image(kernel+p.suffix(), attrs, append([]*ir.Value{l.Constant("w", packed)}, p.consts...)...)
	return nil
}

// pads reports whether a window reaches outside the input.
func (w *window) pads() bool {
	for i := range w.in {
		if w.before[i] > 0 || (w.out[i]-1)*w.stride[i]-w.before[i]+w.extent(i) > w.in[i] {
			return true
		}
	}
	return false
}

// centre subtracts the zero points from weights; the result is int8 where it fits, int16 otherwise: weights of at most 8 bits, or
// of 16 and symmetric, fit. channel gives the output channel of a weight.
func (s *scales) centre(w *tensor.Tensor, channel func(i int) int) *tensor.Tensor {
	out := tensor.New(tensor.Int16, w.Shape...)
	fits := true
	for i := range w.Len() {
		v := w.I64(i) - s.weightZero(channel(i))
		fits = fits && v >= -128 && v <= 127
		out.SetI64(i, v)
	}
	if fits {
		return out.Convert(tensor.Int8)
	}
	return out
}

// product holds the constants that every integer product kernel takes.
type product struct {
	consts []*ir.Value // bias, multipliers, shifts
	xz, yz int64
	lo, hi int64
	ties   bool // requantizing may have to break ties
	xt, yt tensor.DType
	padded bool
	wide   bool // the accumulator has 64 bits
}

// suffix is that of the kernels: _s16 where inputs or accumulator are too large for those of 8 bits.
func (p *product) suffix() string {
	if p.wide || p.xt.Bits() > 8 {
		return "_s16"
	}
	return "_s8"
}

// product works out bias, multipliers and shifts for n output channels of weights w, the slowest axis being the channel. The input's zero
// point goes into the bias: kernels multiply inputs as they are, and taps in the padding with the zero point.
func (l *Lowering) product(s *scales, w, bias *tensor.Tensor, n int, padded bool) (*product, error) {
	p := &product{xz: s.xz, yz: s.yz, xt: l.Type(0).DType, yt: l.Out(0).DType, padded: padded}
	p.lo, p.hi = l.clampOf(p.yt)
	per := w.Len() / n
	reach := reachOf(p.xt, s.xz)
	sums, most := make([]int64, n), make([]int64, n)
	for k := range n {
		size := int64(0)
		for i := range per {
			v := w.I64(k*per + i)
			sums[k], size = sums[k]+v, size+max(v, -v)
		}
		acc := zeroAt(bias, k)
		share := max(sums[k], -sums[k]) * max(s.xz, -s.xz)
		// With the zero point in the bias, partial sums reach further: both forms must fit.
		most[k] = max(acc, -acc) + size*reach + share
		p.wide = p.wide || tooWide(most[k], s.factor(k)) || max(acc, -acc)+size*reachOf(p.xt, 0)+share > math.MaxInt32
	}
	b, m, sh := tensor.New(p.accumulator(), n), tensor.New(tensor.Int32, n), tensor.New(tensor.Int8, n)
	for k := range n {
		mul, err := p.multiplier(s.factor(k), most[k])
		if err != nil {
			return nil, err
		}
		b.SetI64(k, zeroAt(bias, k)-s.xz*sums[k])
		m.SetI64(k, int64(mul.M))
		sh.SetI64(k, int64(mul.Shift))
	}
	p.consts = []*ir.Value{l.Constant("b", b), l.Constant("m", m), l.Constant("s", sh)}
	return p, nil
}

// reachOf is the greatest magnitude of a quantized value less its zero point.
func reachOf(d tensor.DType, zero int64) int64 {
	lo, hi := d.Range()
	return max(hi-zero, zero-lo)
}

func (p *product) accumulator() tensor.DType {
	if p.wide {
		return tensor.Int64
	}
	return tensor.Int32
}

// tooWide reports whether sums of at most this size, or what a factor makes of them, need more than 32 bits.
func tooWide(most int64, factor float64) bool {
	return most > math.MaxInt32 || float64(most)*factor >= 1<<30
}

// multiplier is the factor of accumulators of at most this size.
func (p *product) multiplier(factor float64, most int64) (fixed.Multiplier, error) {
	if p.wide {
		return fixed.NewWideMultiplier(factor)
	}
	m, err := fixed.NewMultiplier(factor)
	m = m.Within(most)
	p.ties = p.ties || m.Halves(most)
	return m, err
}

// attrs adds the kernel's constants: XZ is what taps in the padding count as, 0 where there is none.
func (p *product) attrs(a ir.Attrs, w *tensor.Tensor) {
	a["XZ"], a["YZ"], a["QMIN"], a["QMAX"], a["TIES"] = int64(0), p.yz, p.lo, p.hi, truth(p.ties)
	if p.padded {
		a["XZ"] = p.xz
	}
	a["XT"], a["YT"], a["WT"] = p.xt.C(), p.yt.C(), w.DType.C()
	if p.suffix() == "_s16" {
		p.accumulate(a)
	}
}

// accumulate adds the type of a kernel's sums, and what requantizes them.
func (p *product) accumulate(a ir.Attrs) {
	delete(a, "TIES")
	a["ACC"], a["REQUANT(a,m,s)"] = "int32_t", fmt.Sprintf("dg_requant(a, m, s, %d)", truth(p.ties))
	if p.wide {
		a["ACC"], a["REQUANT(a,m,s)"] = "int64_t", "dg_requant64(a, m, s)"
	}
}

// requantized finishes an accumulator of output channel k in a product kernel's Eval.
func requantized(c *Call, acc int64, k int) int64 {
	return c.rescaled(acc, fixed.Multiplier{M: int32(c.X(3).I64(k)), Shift: int32(c.X(4).I64(k))})
}

// rescaled is an accumulator times a factor, plus the output's zero point, within its bounds.
func (c *Call) rescaled(acc int64, m fixed.Multiplier) int64 {
	v := int32(0)
	if c.Attrs.String("ACC") == "int64_t" {
		v = m.ApplyWide(acc)
	} else {
		v = m.Apply(int32(acc))
	}
	return int64(fixed.Clamp(v+int32(c.Attrs.Int("YZ")), int32(c.Attrs.Int("QMIN")), int32(c.Attrs.Int("QMAX"))))
}

func evalConv2DS8(c *Call) ([]*tensor.Tensor, error) {
	per := c.X(1).Len() / c.Attrs.Int("OC")
	return evalProduct(c, conv2D, func(wi int) int { return wi / per })
}

func evalDWConv2DS8(c *Call) ([]*tensor.Tensor, error) {
	return evalProduct(c, dwConv2D, func(wi int) int { return wi % c.Attrs.Int("OC") })
}

// evalProduct is the meaning of integer product kernels. loop goes over the taps inside the input; the others count as XZ. channel gives the
// output channel of a weight.
func evalProduct(c *Call, loop func(ir.Attrs, func(i, oc int, sum func(func(xi, wi int)))), channel func(wi int) int) ([]*tensor.Tensor, error) {
	x, w, y := c.X(0).Int64s(), c.X(1).Int64s(), c.newOut(0)
	zero := int64(c.Attrs.Int("XZ"))
	outside := make([]int64, c.X(2).Len()) // what a channel's sum is where all taps are
	for i, v := range w {
		outside[channel(i)] += zero * v
	}
	loop(c.Attrs, func(i, oc int, sum func(func(xi, wi int))) {
		acc := c.X(2).I64(oc) + outside[oc]
		sum(func(xi, wi int) { acc += (x[xi] - zero) * w[wi] })
		y.SetI64(i, requantized(c, acc, oc))
	})
	return one(y), nil
}

func evalFCS8(c *Call) ([]*tensor.Tensor, error) {
	return evalProduct(c, func(a ir.Attrs, element func(i, oc int, sum func(func(xi, wi int)))) {
		k, n := a.Int("K")*max(a.Int("ROWS"), 1), a.Int("NO")
		for i := range max(a.Int("M"), 1) {
			for j := range n {
				element(i*n+j, j, func(f func(xi, wi int)) {
					for p := range k {
						f(i*k+p, j*k+p)
					}
				})
			}
		}
	}, func(wi int) int { return wi / (c.X(1).Len() / c.X(2).Len()) })
}

func evalFC4S8(c *Call) ([]*tensor.Tensor, error) {
	return evalFCS8(c.withWeights(unpackRows(c.X(1), c.Attrs.Int("NO"), c.Attrs.Int("K"), 4)))
}

func inferQGemm(c *Call) ([]ir.Type, error) {
	m, _, n, err := gemmSizes(c.Attrs, c.Shape(0), c.Shape(3))
	if err != nil {
		return nil, err
	}
	if c.Has(6) && tensor.Len(c.Shape(6)) != n {
		return nil, fmt.Errorf("C has shape %v; expected %d elements, one for each column", c.Shape(6), n)
	}
	return typed(c.Type(8).DType, m, n), c.checkQuantization(4, n)
}

func evalQGemm(c *Call) ([]*tensor.Tensor, error) {
	m, k, n, err := gemmSizes(c.Attrs, c.X(0).Shape, c.X(3).Shape)
	if err != nil {
		return nil, err
	}
	s, err := newScales(c, 1, 4, 7)
	if err != nil {
		return nil, err
	}
	s.xs *= float64(c.Attrs.Float("alpha"))
	a, b := c.X(0).Int64s(), c.X(3).Int64s()
	ai, ak := strides2(k, m, c.Attrs.Bool("transA"))
	bk, bj := strides2(n, k, c.Attrs.Bool("transB"))
	y := tensor.New(c.X(8).DType, m, n)
	lo, hi := c.clampOf(y.DType)
	for i := range m {
		for j := range n {
			acc, zero := zeroAt(c.X(6), j), s.weightZero(j)
			for p := range k {
				acc += (a[i*ai+p*ak] - s.xz) * (b[p*bk+j*bj] - zero)
			}
			y.SetI64(i*n+j, s.output(acc, j, lo, hi))
		}
	}
	return one(y), nil
}

func lowerQGemm(l *Lowering) error {
	if l.computed(1, 2, 3, 4, 5, 6, 7, 8) || l.Attrs.Bool("transA") {
		return l.rescaledGemm()
	}
	w := l.Const(3)
	s, err := newScales(l.Call, 1, 4, 7)
	if err != nil {
		return err
	}
	s.xs *= float64(l.Attrs.Float("alpha"))
	m, k, n, err := gemmSizes(l.Attrs, l.Shape(0), w.Shape)
	if err != nil {
		return err
	}
	if !l.Attrs.Bool("transB") {
		w = gatherStrided(w, []int{n, k}, []int{1, n}, 0)
	}
	return l.denseOfRows(s, w, l.Const(6), m, k, n)
}

// denseOfRows emits the fully connected layer of weights [n][k] on m rows.
func (l *Lowering) denseOfRows(s *scales, w, bias *tensor.Tensor, m, k, n int) error {
	narrow := w.DType == tensor.Int4 && s.symmetric() // however few: fc4_s8 is small
	w = s.centre(w, func(i int) int { return i / k })
	p, err := l.product(s, w, bias, n, false)
	if err != nil {
		return err
	}
	attrs := ir.Attrs{"M": int64(m), "K": int64(k), "NO": int64(n)}
	p.attrs(attrs, w)
	bits := packedBits(w, n)
	if (narrow && bits > 2 || bits == 4) && p.suffix() == "_s8" {
		delete(attrs, "WT")
		l.Replace("fc4_s8", attrs, append([]*ir.Value{l.In(0), l.Constant("w", packRows(w, n, 4))}, p.consts...)...)
		return nil
	}
	if bits < 8 {
		g := &groups{m: m, k: k, n: n, group: k, perRow: 1, w: w.Convert(signedTypes[bits])}
		return l.packedGemm(g, s, bias)
	}
	l.Replace("fc"+p.suffix(), attrs, append([]*ir.Value{l.In(0), l.Constant("w", w)}, p.consts...)...)
	return nil
}
