package quantize

import (
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

const (
	mostRows = 1024 // of inputs that rounding looks at
	// prior weighs the error that uncorrelated inputs would see against the error on the samples: with few samples the
	// latter alone could be made zero by weights that fit nothing else.
	prior  = 0.3
	sweeps = 8
)

// roundByResult chooses each channel's scale, and rounds every weight up or down, so that the product's result on the samples
// changes least: coordinate descent on the objective of AdaRound (Nagel et al., arXiv:2004.10568). inputs are those of the float
// network, rounded those that the product really gets. The mean of what remains goes into the bias.
func roundByResult(n *ir.Node, w *weights, inputs, rounded []*tensor.Tensor) {
	want, got := gatherRows(n, inputs), gatherRows(n, rounded)
	if want == nil {
		return
	}
	real := tensor.Data[float32](n.Inputs[1].Const)
	w.shift = make([]float64, channelsOf(n))
	_ = Each(channelsOf(n), func(c int) error {
		at := want.weightsOf(c)
		r := newRounding(want.columns(c), got.columns(c), real, at)
		r.levels = levelsOf(w.bits)
		w.shift[c] = r.solve(w.grid, c, at)
		return nil
	})
}

// solve rounds the weights of output c, which are at the given places, and returns what the mean of its result loses.
func (r *rounding) solve(g *grid, c int, at []int) float64 {
	widest, groupOf := make([]float64, g.groups()), make([]int, len(at))
	for k, i := range at {
		_, groupOf[k] = g.at(i)
		widest[groupOf[k]] = math.Max(widest[groupOf[k]], r.widest([]float32{float32(r.values[k])}))
	}
	best, loss := math.Inf(1), 0.0
	var scale float32
	var factors []uint8
	for _, f := range r.shrink(0.06) {
		wanted := make([]float64, len(widest))
		for k, s := range widest {
			wanted[k] = float64(positive(s * f))
		}
		g.setScales(c, wanted)
		s := make([]float64, len(at))
		for k, group := range groupOf {
			s[k] = g.groupScale(c, group)
		}
		d := r.descend(s)
		if cost := d.cost(); cost < best && slices.Max(widest) > 0 {
			best, loss, scale = cost, r.meanLoss(d), g.scale[c]
			factors = slices.Clone(g.factorsOf(c))
			for k, i := range at {
				g.q.SetI64(i, int64(d.q[k]))
			}
		}
	}
	if scale != 0 {
		g.scale[c] = scale
		copy(g.factorsOf(c), factors)
	}
	return loss
}

// rounding is one channel's problem: the integers whose product with the inputs is nearest to a target.
type rounding struct {
	levels
	values  []float64
	columns [][]float32 // inputs, a column per weight, without their mean
	means   []float64   // of the columns
	squares []float64
	target  []float64 // what the channel gives in the float network, without its mean
	mean    float64   // of the target
	prior   float64
}

func newRounding(want, got [][]float32, real []float32, at []int) *rounding {
	r := &rounding{target: make([]float64, len(want[0])), prior: prior * math.Min(1, float64(len(at))/float64(len(want[0])))}
	for k, i := range at {
		v := float64(real[i])
		r.values = append(r.values, v)
		for row, x := range want[k] {
			r.target[row] += v * float64(x)
		}
		column, mean := centredColumn(got[k])
		square := 0.0
		for _, x := range column {
			square += float64(x) * float64(x)
		}
		r.columns, r.means, r.squares = append(r.columns, column), append(r.means, mean), append(r.squares, square)
	}
	for _, t := range r.target {
		r.mean += t / float64(len(r.target))
	}
	for row := range r.target {
		r.target[row] -= r.mean
	}
	return r
}

func centredColumn(x []float32) ([]float32, float64) {
	mean := 0.0
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = v - float32(mean)
	}
	return out, mean
}

// meanLoss is what the bias must make up for.
func (r *rounding) meanLoss(d *descent) float64 {
	got := 0.0
	for k, q := range d.q {
		got += d.s[k] * q * r.means[k]
	}
	return r.mean - got
}

// descent is a rounding with given scales, under way.
type descent struct {
	*rounding
	q        []float64 // the integers
	delta    []float64 // what each weight loses
	residual []float64 // what the result loses, per row
	s        []float64 // the weights' scales
}

func (r *rounding) descend(s []float64) *descent {
	d := &descent{rounding: r, s: s, residual: append([]float64(nil), r.target...)}
	for k, v := range r.values {
		q := r.round(v / s[k])
		d.q, d.delta = append(d.q, q), append(d.delta, v-s[k]*q)
		for row, x := range r.columns[k] {
			d.residual[row] -= float64(x) * s[k] * q
		}
	}
	for range sweeps {
		if !d.sweep() {
			break
		}
	}
	return d
}

// sweep tries to move every weight by one step, and reports whether one moved.
func (d *descent) sweep() bool {
	moved := false
	for k, x := range d.columns {
		dot := 0.0
		for r, v := range x {
			dot += float64(v) * d.residual[r]
		}
		step := d.s[k] // the weight goes down, what it loses up
		if d.delta[k] > 0 {
			step = -d.s[k]
		}
		next := d.q[k] - step/d.s[k]
		own := d.delta[k]
		change := 2*step*dot + step*step*d.squares[k] + d.prior*d.squares[k]*((own+step)*(own+step)-own*own)
		if next < d.lo || next > d.hi || change >= 0 {
			continue
		}
		d.q[k], d.delta[k], moved = next, own+step, true
		for r, v := range x {
			d.residual[r] += step * float64(v)
		}
	}
	return moved
}

func (d *descent) cost() float64 {
	sum := 0.0
	for _, r := range d.residual {
		sum += r * r
	}
	for k, v := range d.delta {
		sum += d.prior * d.squares[k] * v * v
	}
	return sum
}

// rows are inputs of a product as it multiplies them: for every weight of an output channel a column.
type rows struct {
	n    *ir.Node
	cols [][][]float32 // per group, per weight of a channel: a value per row
}

// columns returns the columns of an output channel.
func (r *rows) columns(c int) [][]float32 { return r.cols[c*len(r.cols)/channelsOf(r.n)] }

// weightsOf returns the places of a channel's weights, in the order of the columns.
func (r *rows) weightsOf(c int) []int {
	shape := r.n.Inputs[1].Type.Shape
	per := tensor.Len(shape) / channelsOf(r.n)
	at := make([]int, per)
	for k := range at {
		if channelAxis(r.n) == 0 {
			at[k] = c*per + k
		} else {
			at[k] = k*shape[1] + c
		}
	}
	return at
}

// gatherRows collects inputs of a product from the samples. nil where it does not know how.
func gatherRows(n *ir.Node, inputs []*tensor.Tensor) *rows {
	if n.Op != "Conv" {
		k := n.Inputs[0].Type.Shape[1]
		cols := make([][]float32, k)
		for _, t := range inputs {
			for i, v := range tensor.Data[float32](t) {
				cols[i%k] = append(cols[i%k], v)
			}
		}
		return &rows{n, [][][]float32{cols}}
	}
	if len(n.Inputs[1].Type.Shape) != 4 {
		return nil
	}
	return gatherPatches(n, inputs)
}

// gatherPatches takes windows of a convolution's input at evenly spread places.
func gatherPatches(n *ir.Node, inputs []*tensor.Tensor) *rows {
	x, w, y := n.Inputs[0].Type.Shape, n.Inputs[1].Type.Shape, n.Outputs[0].Type.Shape
	groups := max(n.Attrs.Int("group"), 1)
	strides, pads := orElse(n.Attrs.Ints("strides"), []int{1, 1}), orElse(n.Attrs.Ints("pads"), []int{0, 0, 0, 0})
	dilations := orElse(n.Attrs.Ints("dilations"), []int{1, 1})
	if auto := n.Attrs.String("auto_pad"); auto != "" && auto != "NOTSET" && auto != "VALID" {
		for i := range 2 {
			total := max((y[i+2]-1)*strides[i]+(w[i+2]-1)*dilations[i]+1-x[i+2], 0)
			pads[i] = total / 2
			if auto == "SAME_LOWER" {
				pads[i] = total - total/2
			}
		}
	}
	r := &rows{n: n, cols: make([][][]float32, groups)}
	for g := range groups {
		r.cols[g] = make([][]float32, w[1]*w[2]*w[3])
	}
	places := len(inputs) * y[2] * y[3]
	step := max(places/mostRows, 1) | 1 // odd, so that it meets every column
	for p := 0; p < places; p += step {
		data := tensor.Data[float32](inputs[p/(y[2]*y[3])])
		oy, ox := p/y[3]%y[2], p%y[3]
		for ch := range x[1] {
			for kh := range w[2] {
				for kw := range w[3] {
					iy, ix := oy*strides[0]-pads[0]+kh*dilations[0], ox*strides[1]-pads[1]+kw*dilations[1]
					v := float32(0)
					if iy >= 0 && iy < x[2] && ix >= 0 && ix < x[3] {
						v = data[(ch*x[2]+iy)*x[3]+ix]
					}
					col := &r.cols[ch/w[1]][(ch%w[1]*w[2]+kh)*w[3]+kw]
					*col = append(*col, v)
				}
			}
		}
	}
	return r
}

func orElse(v, def []int) []int {
	if v == nil {
		return def
	}
	return append([]int(nil), v...)
}
