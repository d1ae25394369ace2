package op

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Products with weights of less than 8 bits, which stand together in bytes. GroupedGemm is deepgo's own: QGemm with weights [N][K] whose
// inputs are in groups of so many that have a factor, and maybe a zero point, each; B_scale has an element per output.
var packedDefs = []*Def{
	{Name: "GroupedGemm", In: Args("A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_points?", "factors", "C", "y_scale", "y_zero_point"), Out: Args("Y"),
		Attrs: append([]Attr{Int("group", 0).Must()}, clampAttrs...), Infer: inferGroupedGemm, Eval: evalGroupedGemm, Lower: lowerGroupedGemm},
	{Name: "convn_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalConvN},
	{Name: "dwconvn_s8", In: Args("x", "w", "b", "m", "s"), Out: Args("y"), Eval: evalDWConvN},
	{Name: "fcn_s8", In: Args("x", "w", "f", "z", "b", "m", "s"), Out: Args("y"), Eval: evalFCN},
}

// signedTypes are the signed integers of at most 8 bits.
var signedTypes = map[int]tensor.DType{2: tensor.Int2, 4: tensor.Int4, 8: tensor.Int8}

// packRows puts the weights of each of n rows together, bits for each; the first goes to the low bits, and a row begins a byte.
func packRows(w *tensor.Tensor, n, bits int) *tensor.Tensor {
	per := w.Len() / n
	row := (per*bits + 7) / 8
	out := tensor.New(tensor.Uint8, n, row)
	for j := range n {
		for k := range per {
			at := j*row + k*bits/8
			out.SetI64(at, out.I64(at)|w.I64(j*per+k)&(1<<bits-1)<<(k*bits%8))
		}
	}
	return out
}

// unpackRows is what packRows came from: signed weights, [n][per].
func unpackRows(w *tensor.Tensor, n, per, bits int) *tensor.Tensor {
	out, sign := tensor.New(tensor.Int8, n, per), int64(1)<<(bits-1)
	row := (per*bits + 7) / 8
	for i := range out.Len() {
		k := i % per
		v := w.I64(i/per*row+k*bits/8) >> (k * bits % 8) & (1<<bits - 1)
		out.SetI64(i, v^sign-sign)
	}
	return out
}

// leastSaved is how many bytes packing must save: less than that, the code of another kernel takes.
const leastSaved = 256

// PackedBytes is what n rows of weights take in flash: packed where that saves something to speak of, a byte each otherwise.
func PackedBytes(n, per, bits int) int {
	if packed := n * ((per*bits + 7) / 8); bits < 8 && n*per-packed >= leastSaved {
		return packed
	}
	return n * per
}

// packedBits returns with how many bits n rows of weights, less their zero points, are worth packing: as few as all of them fit, whatever
// type the file has them in; 8 where it does not pay.
func packedBits(centred *tensor.Tensor, n int) int {
	for _, bits := range []int{2, 4} {
		if PackedBytes(n, centred.Len()/n, bits) < centred.Len() && fitsBits(centred, bits) {
			return bits
		}
	}
	return 8
}

func fitsBits(t *tensor.Tensor, bits int) bool {
	for i := range t.Len() {
		if v := t.I64(i); v < -1<<(bits-1) || v >= 1<<(bits-1) {
			return false
		}
	}
	return true
}

// packedConv emits a convolution with packed weights, which are in the order of the plain kernel: [OC][taps][IC/G], or [taps][OC] of a
// depthwise one.
func (l *Lowering) packedConv(kernel string, attrs ir.Attrs, p *product, packed *tensor.Tensor, bits int) {
	delete(attrs, "WT")
	attrs["BITS"] = int64(bits)
	p.accumulate(attrs)
	name, rows := "convn_s8", attrs.Int("OC")
	attrs["scratch"] = int64(4 * packed.Len() / rows)
	if kernel == "dwconv2d" {
		name, rows = "dwconvn_s8", packed.Len()/rows
		attrs["scratch"] = int64(packed.Len())
	}
	l.image(name, attrs, append([]*ir.Value{l.Constant("w", packRows(packed, rows, bits))}, p.consts...)...)
}

// withWeights is the call of the kernel on weights of a byte each.
func (c *Call) withWeights(w *tensor.Tensor) *Call {
	wide := *c
	wide.in = append([]*tensor.Tensor{c.X(0), w}, c.in[2:]...)
	return &wide
}

func evalConvN(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	per := a.Int("KH") * a.Int("KW") * a.Int("IC") / a.Int("G")
	return evalConv2DS8(c.withWeights(unpackRows(c.X(1), a.Int("OC"), per, a.Int("BITS"))))
}

func evalDWConvN(c *Call) ([]*tensor.Tensor, error) {
	a := c.Attrs
	oc, taps := a.Int("OC"), a.Int("KH")*a.Int("KW")
	return evalDWConv2DS8(c.withWeights(unpackRows(c.X(1), taps, oc, a.Int("BITS"))))
}

// groups is a matrix product in groups.
type groups struct {
	m, k, n int
	group   int            // inputs of a group
	perRow  int            // groups of an output
	w       *tensor.Tensor // [n][k]
	zeros   *tensor.Tensor // [n][perRow]; nil for none
	factors *tensor.Tensor // [n][perRow]; nil for ones
}

func groupsOf(c *Call) (*groups, error) {
	g := &groups{m: c.Shape(0)[0], k: c.Shape(3)[1], n: c.Shape(3)[0], group: c.Attrs.Int("group")}
	if len(c.Shape(0)) != 2 || len(c.Shape(3)) != 2 || c.Shape(0)[1] != g.k || g.group < 1 {
		return nil, fmt.Errorf("A has shape %v and B %v in groups of %d; expected [M K] and [N K]", c.Shape(0), c.Shape(3), g.group)
	}
	g.perRow = (g.k + g.group - 1) / g.group
	if want := g.n * g.perRow; tensor.Len(c.Shape(6)) != want || c.Has(5) && tensor.Len(c.Shape(5)) != want {
		return nil, fmt.Errorf("%d factors for %d groups", tensor.Len(c.Shape(6)), want)
	}
	g.w, g.zeros, g.factors = c.Const(3), c.Const(5), c.Const(6)
	if g.w == nil || g.factors == nil || c.Has(5) && g.zeros == nil {
		return nil, fmt.Errorf("weights, factors and zero points must be constants")
	}
	return g, nil
}

// at returns the group of weight i.
func (g *groups) at(i int) int { return i/g.k*g.perRow + i%g.k/g.group }

func inferGroupedGemm(c *Call) ([]ir.Type, error) {
	g, err := groupsOf(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(9).DType, g.m, g.n), nil
}

func evalGroupedGemm(c *Call) ([]*tensor.Tensor, error) {
	g, err := groupsOf(c)
	if err != nil {
		return nil, err
	}
	s, err := newScales(c, 1, 4, 8)
	if err != nil {
		return nil, err
	}
	x, w, y := c.X(0).Int64s(), g.effective().Int64s(), tensor.New(c.X(9).DType, g.m, g.n)
	lo, hi := c.clampOf(y.DType)
	for i := range g.m {
		for j := range g.n {
			acc := zeroAt(c.X(7), j)
			for p := range g.k {
				acc += (x[i*g.k+p] - s.xz) * w[j*g.k+p]
			}
			y.SetI64(i*g.n+j, s.output(acc, j, lo, hi))
		}
	}
	return one(y), nil
}

// centred returns weight i less its zero point.
func (g *groups) centred(i int) int64 {
	if g.zeros == nil {
		return g.w.I64(i)
	}
	return g.w.I64(i) - g.zeros.I64(g.at(i))
}

// effective returns the weights less their zero points, times their factors.
func (g *groups) effective() *tensor.Tensor {
	out := tensor.New(tensor.Int64, g.n, g.k)
	for i := range out.Len() {
		factor := int64(1)
		if g.factors != nil {
			factor = g.factors.I64(g.at(i))
		}
		out.SetI64(i, g.centred(i)*factor)
	}
	return out
}

func lowerGroupedGemm(l *Lowering) error {
	g, err := groupsOf(l.Call)
	if err != nil {
		return err
	}
	s, err := newScales(l.Call, 1, 4, 8)
	if err != nil {
		return err
	}
	return l.packedGemm(g, s, l.Const(7))
}

// packedGemm emits fcn_s8. The input's zero point is in the bias.
func (l *Lowering) packedGemm(g *groups, s *scales, bias *tensor.Tensor) error {
	p, err := l.product(s, g.effective(), bias, g.n, false)
	if err != nil {
		return err
	}
	attrs := ir.Attrs{"M": int64(g.m), "K": int64(g.k), "NO": int64(g.n), "GROUP": int64(g.group), "GROUPS": int64(g.perRow), "FACTORS": int64(boolToInt(g.factors != nil)), "ZEROS": int64(0), "SUM": "int32_t"}
	p.attrs(attrs, g.w)
	delete(attrs, "WT")
	delete(attrs, "XZ")
	p.accumulate(attrs)
	if g.largestSum(p.xt) > math.MaxInt32 {
		attrs["SUM"] = "int64_t"
	}
	w, zeros := g.signed()
	attrs["BITS"] = int64(w.DType.Bits())
	factors := g.factors
	if factors == nil {
		factors = tensor.New(tensor.Uint8, 1)
	}
	attrs["FT"] = factors.DType.C()
	if zeros == nil {
		zeros = tensor.New(tensor.Int8, 1)
	} else {
		attrs["ZEROS"] = int64(1)
	}
	consts := []*ir.Value{l.Constant("w", packRows(w, g.n, w.DType.Bits())), l.Constant("f", factors), l.Constant("z", zeros)}
	l.Replace("fcn_s8", attrs, append(append([]*ir.Value{l.In(0)}, consts...), p.consts...)...)
	return nil
}

// largestSum bounds what the sum of a group's products reaches.
func (g *groups) largestSum(x tensor.DType) int64 {
	lo, hi := x.Range()
	sums, most := make([]int64, g.n*g.perRow), int64(0)
	for i := range g.w.Len() {
		k, v := g.at(i), g.centred(i)
		sums[k] += max(v, -v) * max(hi, -lo)
		most = max(most, sums[k])
	}
	return most
}

// signed returns the weights as signed integers of as many bits, and their zero points, shifted likewise.
func (g *groups) signed() (w, zeros *tensor.Tensor) {
	d, shift := g.w.DType, int64(0)
	if !d.IsSigned() {
		shift = 1 << (d.Bits() - 1)
		d = signedTypes[d.Bits()]
	}
	w = tensor.New(d, g.n, g.k)
	for i := range w.Len() {
		w.SetI64(i, g.w.I64(i)-shift)
	}
	if g.zeros == nil && shift == 0 {
		return w, nil
	}
	zeros = tensor.New(tensor.Int8, g.n, g.perRow)
	for i := range zeros.Len() {
		zeros.SetI64(i, -shift)
		if g.zeros != nil {
			zeros.SetI64(i, g.zeros.I64(i)-shift)
		}
	}
	return w, zeros
}

// packedGroups reads the weights of a kernel, which stand packed, and the zero points in an input.
func packedGroups(c *Call, zeros int) *groups {
	a := c.Attrs
	g := &groups{k: a.Int("K"), n: a.Int("NO"), group: a.Int("GROUP"), perRow: a.Int("GROUPS")}
	g.w = unpackRows(c.X(1), g.n, g.k, a.Int("BITS"))
	if a.Bool("ZEROS") {
		g.zeros = c.X(zeros)
	}
	return g
}

// evalFCN is evalFCS8 on weights that stand packed, in groups.
func evalFCN(c *Call) ([]*tensor.Tensor, error) {
	g := packedGroups(c, 3)
	if c.Attrs.Bool("FACTORS") {
		g.factors = c.X(2)
	}
	wide := *c
	wide.in = append([]*tensor.Tensor{c.X(0), g.effective()}, c.in[4:]...)
	return evalFCS8(&wide)
}
