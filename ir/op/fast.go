package op

import (
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// fastEvals are quick ways to what Eval means, for the float32 operators that take most of the time. Each sums in the same
// order as the Eval that it stands for, so that every bit of the result is the same; a test compares them. nil means that
// it does not cover the case.
var fastEvals = map[string]func(c *Call) *tensor.Tensor{
	"Conv": fastConv, "Gemm": fastGemm, "MatMul": fastMatMul, "MaxPool": fastMaxPool, "Relu": fastRelu,
	"Add": fastBinary, "Sub": fastBinary, "Mul": fastBinary, "QuantizeLinear": fastQuantize, "DequantizeLinear": fastDequantize,
}

// EvalFast computes n's outputs as Eval does, in less time where it can.
func EvalFast(n *ir.Node, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
	f := fastEvals[n.Op]
	if f == nil || n.Output(1) != nil {
		return Eval(n, in)
	}
	c, err := NewCall(n)
	if err != nil {
		return nil, err
	}
	c.in = in
	if y := f(c); y != nil {
		return one(y), nil
	}
	return Eval(n, in)
}

func allFloat32(ts ...*tensor.Tensor) bool {
	for _, t := range ts {
		if t != nil && t.DType != tensor.Float32 {
			return false
		}
	}
	return true
}

// grid is a window of one or two spatial axes as rows and columns.
type grid struct {
	ih, iw, oh, ow, kh, kw, sh, sw, dh, dw, pt, pl int
}

func newGrid(g *window) (grid, bool) {
	if len(g.in) > 2 || len(g.in) == 0 {
		return grid{}, false
	}
	pick := func(s []int, def int) (int, int) {
		if len(s) == 1 {
			return def, s[0]
		}
		return s[0], s[1]
	}
	var r grid
	r.ih, r.iw = pick(g.in, 1)
	r.oh, r.ow = pick(g.out, 1)
	r.kh, r.kw = pick(g.kernel, 1)
	r.sh, r.sw = pick(g.stride, 1)
	r.dh, r.dw = pick(g.dilation, 1)
	r.pt, r.pl = pick(g.before, 0)
	return r, true
}

// columns returns the range of output columns whose tap kw lies inside the input, and the input column of the first.
func (g *grid) columns(kw int) (from, to, at int) {
	offset := kw*g.dw - g.pl
	if offset < 0 {
		from = (-offset + g.sw - 1) / g.sw
	}
	to = g.ow
	if last := g.iw - 1 - offset; last < 0 {
		to = 0
	} else {
		to = min(to, last/g.sw+1)
	}
	return from, max(to, from), from*g.sw + offset
}

func fastConv(c *Call) *tensor.Tensor {
	x, w := c.X(0), c.X(1)
	if !allFloat32(x, w, c.X(2)) {
		return nil
	}
	win, err := convGeometry(c.Attrs, x.Shape, w.Shape)
	if err != nil {
		return nil
	}
	g, ok := newGrid(win)
	if !ok {
		return nil
	}
	y := tensor.New(tensor.Float32, append([]int{x.Shape[0], w.Shape[0]}, win.out...)...)
	k := &convolver{grid: g, x: x.Float64s(), w: tensor.Data[float32](w), y: tensor.Data[float32](y), icg: w.Shape[1], ocg: w.Shape[0] / c.Attrs.Int("group")}
	k.bias = make([]float64, w.Shape[0])
	if c.Has(2) {
		copy(k.bias, c.X(2).Float64s())
	}
	for n := range x.Shape[0] {
		for oc := 0; oc < w.Shape[0]; {
			block := min(4, k.ocg-oc%k.ocg)
			k.channels(n*x.Shape[1]+oc/k.ocg*k.icg, n*w.Shape[0]+oc, oc, block)
			oc += block
		}
	}
	return y
}

// convolver sums up to four output channels of one group at a time, a row of outputs at once.
type convolver struct {
	grid
	x, bias  []float64
	w, y     []float32
	icg, ocg int
	acc      [4][]float64
}

// channels computes the output planes that begin at plane "to" from the input planes that begin at "from".
func (k *convolver) channels(from, to, oc, block int) {
	taps := k.kh * k.kw
	for b := range k.acc {
		if len(k.acc[b]) < k.ow {
			k.acc[b] = make([]float64, k.ow)
		}
	}
	for oy := range k.oh {
		for b := range block {
			fill(k.acc[b][:k.ow], k.bias[oc+b])
		}
		for kh := range k.kh {
			iy := oy*k.sh - k.pt + kh*k.dh
			if iy < 0 || iy >= k.ih {
				continue
			}
			for kw := range k.kw {
				first, last, at := k.columns(kw)
				for ic := range k.icg {
					row := k.x[((from+ic)*k.ih+iy)*k.iw:][:k.iw]
					var f [4]float64
					for b := range block {
						f[b] = float64(k.w[((oc+b)*k.icg+ic)*taps+kh*k.kw+kw])
					}
					k.addRow(row, first, last, at, block, f)
				}
			}
		}
		for b := range block {
			out := k.y[((to+b)*k.oh+oy)*k.ow:][:k.ow]
			for i, v := range k.acc[b][:k.ow] {
				out[i] = float32(v)
			}
		}
	}
}

func (k *convolver) addRow(row []float64, first, last, at, block int, f [4]float64) {
	if block == 4 && k.sw == 1 && last > first {
		n := last - first
		r := row[at:][:n]
		a0, a1, a2, a3 := k.acc[0][first:][:n], k.acc[1][first:][:n], k.acc[2][first:][:n], k.acc[3][first:][:n]
		for i, v := range r {
			a0[i] += v * f[0]
			a1[i] += v * f[1]
			a2[i] += v * f[2]
			a3[i] += v * f[3]
		}
		return
	}
	for b := range block {
		acc := k.acc[b]
		for i, p := first, at; i < last; i, p = i+1, p+k.sw {
			acc[i] += row[p] * f[b]
		}
	}
}

func fill(s []float64, v float64) {
	for i := range s {
		s[i] = v
	}
}

func fastGemm(c *Call) *tensor.Tensor {
	m, k, n, err := gemmSizes(c.Attrs, c.X(0).Shape, c.X(1).Shape)
	if err != nil || !allFloat32(c.X(0), c.X(1), c.X(2)) || c.Attrs.Bool("transA") {
		return nil
	}
	a, b := tensor.Data[float32](c.X(0)), tensor.Data[float32](c.X(1))
	acc := make([]float64, m*n)
	if c.Attrs.Bool("transB") {
		dotRows(acc, a, b, m, k, n)
	} else {
		addRows(acc, a, b, m, k, n)
	}
	alpha, beta := float64(c.Attrs.Float("alpha")), float64(c.Attrs.Float("beta"))
	var cs []int
	if c.Has(2) {
		cs = broadcastStrides(c.X(2).Shape, []int{m, n})
	}
	y := tensor.New(tensor.Float32, m, n)
	out := tensor.Data[float32](y)
	for i := range m {
		for j := range n {
			v := acc[i*n+j] * alpha
			if c.Has(2) {
				v += beta * c.X(2).F64(i*cs[0]+j*cs[1])
			}
			out[i*n+j] = float32(v)
		}
	}
	return y
}

// dotRows computes acc [m][n] of a [m][k] and the rows of b [n][k], four rows of b at a time.
func dotRows(acc []float64, a, b []float32, m, k, n int) {
	wide := make([]float64, k)
	for i := range m {
		for p, v := range a[i*k:][:k] {
			wide[p] = float64(v)
		}
		j := 0
		for ; j+4 <= n; j += 4 {
			b0, b1, b2, b3 := b[j*k:][:k], b[(j+1)*k:][:k], b[(j+2)*k:][:k], b[(j+3)*k:][:k]
			var s0, s1, s2, s3 float64
			for p, v := range wide {
				s0 += v * float64(b0[p])
				s1 += v * float64(b1[p])
				s2 += v * float64(b2[p])
				s3 += v * float64(b3[p])
			}
			acc[i*n+j], acc[i*n+j+1], acc[i*n+j+2], acc[i*n+j+3] = s0, s1, s2, s3
		}
		for ; j < n; j++ {
			s := 0.0
			for p, v := range b[j*k:][:k] {
				s += wide[p] * float64(v)
			}
			acc[i*n+j] = s
		}
	}
}

// addRows adds a [m][k] times b [k][n] to acc, row by row of b.
func addRows(acc []float64, a, b []float32, m, k, n int) {
	for i := range m {
		out := acc[i*n:][:n]
		for p, v := range a[i*k:][:k] {
			f := float64(v)
			for j, w := range b[p*n:][:n] {
				out[j] += f * float64(w)
			}
		}
	}
}

func fastMatMul(c *Call) *tensor.Tensor {
	a, b := c.X(0), c.X(1)
	if !allFloat32(a, b) || len(a.Shape) < 2 || len(b.Shape) != 2 {
		return nil
	}
	k, n := b.Shape[0], b.Shape[1]
	if a.Shape[len(a.Shape)-1] != k {
		return nil
	}
	shape := append([]int(nil), a.Shape...)
	shape[len(shape)-1] = n
	y := tensor.New(tensor.Float32, shape...)
	m := a.Len() / max(k, 1)
	acc := make([]float64, m*n)
	addRows(acc, tensor.Data[float32](a), tensor.Data[float32](b), m, k, n)
	narrow(tensor.Data[float32](y), acc)
	return y
}

func narrow(y []float32, acc []float64) {
	for i, v := range acc {
		y[i] = float32(v)
	}
}

func fastRelu(c *Call) *tensor.Tensor {
	if !allFloat32(c.X(0)) {
		return nil
	}
	y := c.X(0).Clone()
	for i, v := range tensor.Data[float32](y) {
		if v < 0 {
			tensor.Data[float32](y)[i] = 0
		}
	}
	return y
}

// fastBinary covers operands of one shape.
func fastBinary(c *Call) *tensor.Tensor {
	a, b := c.X(0), c.X(1)
	if !allFloat32(a, b) || !(ir.Type{DType: a.DType, Shape: a.Shape}).Equal(ir.Type{DType: b.DType, Shape: b.Shape}) {
		return nil
	}
	y := tensor.New(tensor.Float32, a.Shape...)
	p, q, out := tensor.Data[float32](a), tensor.Data[float32](b), tensor.Data[float32](y)
	// A float32 sum, difference or product is the same rounded once from float64.
	for i, v := range p {
		switch c.Def.Name {
		case "Add":
			out[i] = v + q[i]
		case "Sub":
			out[i] = v - q[i]
		default:
			out[i] = v * q[i]
		}
	}
	return y
}

// fastMaxPool covers windows that always reach into the input.
func fastMaxPool(c *Call) *tensor.Tensor {
	win, err := poolWindow(c)
	if err != nil || c.X(0).DType != tensor.Float32 {
		return nil
	}
	g, ok := newGrid(win)
	if !ok {
		return nil
	}
	x := c.X(0)
	y := tensor.New(tensor.Float32, append([]int{x.Shape[0], x.Shape[1]}, win.out...)...)
	in, out := tensor.Data[float32](x), tensor.Data[float32](y)
	for plane := range x.Shape[0] * x.Shape[1] {
		for oy := range g.oh {
			for ox := range g.ow {
				best, found := g.greatest(in[plane*g.ih*g.iw:][:g.ih*g.iw], oy, ox)
				if !found {
					return nil
				}
				out[(plane*g.oh+oy)*g.ow+ox] = best
			}
		}
	}
	return y
}

func (g *grid) greatest(in []float32, oy, ox int) (best float32, found bool) {
	for kh := range g.kh {
		iy := oy*g.sh - g.pt + kh*g.dh
		if iy < 0 || iy >= g.ih {
			continue
		}
		for kw := range g.kw {
			ix := ox*g.sw - g.pl + kw*g.dw
			if ix < 0 || ix >= g.iw {
				continue
			}
			if v := in[iy*g.iw+ix]; !found || v > best || v != v {
				best, found = v, true
			}
		}
	}
	return best, found
}

// fastQuantize covers one scale, to integers of 8 or 16 bits.
func fastQuantize(c *Call) *tensor.Tensor {
	types, err := inferQuantize(c)
	if err != nil || !allFloat32(c.X(0), c.X(1)) || c.X(1).Len() != 1 || c.Attrs.Int("precision") != 0 {
		return nil
	}
	d := types[0].DType
	x, y := tensor.Data[float32](c.X(0)), tensor.New(d, c.X(0).Shape...)
	scale, zero := float32(c.X(1).F64(0)), zeroAt(c.X(2), 0)
	switch d {
	case tensor.Int8:
		quantizeInto(tensor.Data[int8](y), x, scale, zero, d)
	case tensor.Uint8:
		quantizeInto(tensor.Data[uint8](y), x, scale, zero, d)
	case tensor.Int16:
		quantizeInto(tensor.Data[int16](y), x, scale, zero, d)
	case tensor.Uint16:
		quantizeInto(tensor.Data[uint16](y), x, scale, zero, d)
	default:
		return nil
	}
	return y
}

func quantizeInto[E int8 | uint8 | int16 | uint16](y []E, x []float32, scale float32, zero int64, d tensor.DType) {
	l, h := d.Range()
	lo, hi, z := float64(l), float64(h), float64(zero)
	for i, v := range x {
		v /= scale
		if v != v {
			y[i] = E(zero)
			continue
		}
		y[i] = E(min(max(math.RoundToEven(float64(v))+z, lo), hi))
	}
}

// fastDequantize covers integers of 8 and 16 bits, but not in blocks.
func fastDequantize(c *Call) *tensor.Tensor {
	if types, err := inferDequantize(c); err != nil || types[0].DType != tensor.Float32 || !allFloat32(c.X(1)) || c.Attrs.Int("block_size") != 0 {
		return nil
	}
	x := c.X(0)
	y := tensor.New(tensor.Float32, x.Shape...)
	n := c.X(1).Len()
	scales, zeros := make([]float32, n), make([]int64, n)
	for k := range n {
		scales[k], zeros[k] = float32(c.X(1).F64(k)), zeroAt(c.X(2), k)
	}
	inner := newScaling(c).inner
	if n == 1 {
		inner = x.Len()
	}
	out := tensor.Data[float32](y)
	switch x.DType {
	case tensor.Int8, tensor.Int4, tensor.Int2:
		dequantizeInto(out, tensor.Data[int8](x), scales, zeros, inner)
	case tensor.Uint8, tensor.Uint4, tensor.Uint2:
		dequantizeInto(out, tensor.Data[uint8](x), scales, zeros, inner)
	case tensor.Int16:
		dequantizeInto(out, tensor.Data[int16](x), scales, zeros, inner)
	case tensor.Int32:
		dequantizeInto(out, tensor.Data[int32](x), scales, zeros, inner)
	default:
		return nil
	}
	return y
}

func dequantizeInto[E int8 | uint8 | int16 | int32](y []float32, x []E, scales []float32, zeros []int64, inner int) {
	for at, k := 0, 0; at < len(x); at, k = at+inner, k+1 {
		scale, zero := scales[k%len(scales)], zeros[k%len(scales)]
		out := y[at:][:inner]
		for i, v := range x[at:][:inner] {
			out[i] = float32(int64(v)-zero) * scale
		}
	}
}
