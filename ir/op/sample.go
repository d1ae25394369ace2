package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators that read an image at places between its pixels.
var sampleDefs = []*Def{
	{Name: "GridSample", Since: []int{16, 20, 22}, In: Args("X", "grid"), Out: Args("Y"), Attrs: []Attr{Int("align_corners", 0), Str("mode", "linear"), Str("padding_mode", "zeros")},
		Upgrade: upgradeGridSample, Infer: inferGridSample, Eval: evalGridSample, Lower: lowerGridSample},
	{Name: "AffineGrid", Since: []int{20}, In: Args("theta", "size"), Out: Args("grid"), Attrs: []Attr{Int("align_corners", 0)}, Parts: partsAffineGrid},
	{Name: "RoiAlign", Since: []int{10, 16, 22}, In: Args("X", "rois", "batch_indices"), Out: Args("Y"),
		Attrs:   []Attr{Str("coordinate_transformation_mode", "half_pixel"), Str("mode", "avg"), Int("output_height", 1), Int("output_width", 1), Int("sampling_ratio", 0), Float("spatial_scale", 1)},
		Upgrade: upgradeRoiAlign, Infer: inferRoiAlign, Eval: evalRoiAlign, Lower: lowerRoiAlign},
	{Name: "MaxRoiPool", Since: []int{1, 22}, In: Args("X", "rois"), Out: Args("Y"), Attrs: []Attr{Ints("pooled_shape").Must(), Float("spatial_scale", 1)}, Infer: inferMaxRoiPool, Eval: evalMaxRoiPool, Lower: lowerMaxRoiPool},
}

// upgradeGridSample gives the modes of opset 19 their newer names.
func upgradeGridSample(u *Upgrade, v int) error {
	if newer := map[string]string{"bilinear": "linear", "bicubic": "cubic"}[u.Node.Attrs.String("mode")]; newer != "" {
		u.Node.Attrs["mode"] = newer
	}
	return nil
}

func inferGridSample(c *Call) ([]ir.Type, error) {
	x, g := c.Shape(0), c.Shape(1)
	if len(x) < 3 || len(g) != len(x) || g[0] != x[0] || g[len(g)-1] != len(x)-2 {
		return nil, fmt.Errorf("X has shape %v and grid %v; expected [N, C, …] and [N, …, %d]", x, g, len(x)-2)
	}
	if m := c.Attrs.String("mode"); m != "linear" && m != "nearest" && m != "cubic" {
		return nil, fmt.Errorf("mode %q is unknown; expected linear, nearest or cubic", m)
	}
	if m := c.Attrs.String("padding_mode"); m != "zeros" && m != "border" && m != "reflection" {
		return nil, fmt.Errorf("padding_mode %q is unknown; expected zeros, border or reflection", m)
	}
	return typed(c.Type(0).DType, slices.Concat(x[:2], g[1:len(g)-1])...), nil
}

// sampler reads an image of any number of axes.
type sampler struct {
	dims          []int
	mode, padding string
	align         bool
}

func evalGridSample(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferGridSample(c)
	if err != nil {
		return nil, err
	}
	x, grid := c.X(0), c.X(1)
	s := &sampler{x.Shape[2:], c.Attrs.String("mode"), c.Attrs.String("padding_mode"), c.Attrs.Bool("align_corners")}
	y := tensor.New(x.DType, types[0].Shape...)
	s.sample(x, grid, y, tensor.Len(types[0].Shape[2:]))
	return one(y), nil
}

// sample reads x [N][C][dims] at the points of a grid.
func (s *sampler) sample(x, grid, y *tensor.Tensor, points int) {
	volume, rank := tensor.Len(s.dims), len(s.dims)
	channels := x.Shape[1]
	for n := range x.Shape[0] {
		for pt := range points {
			at := make([]float64, rank) // the grid has the last axis first
			for a := range at {
				at[a] = grid.F64((n*points+pt)*rank + rank - 1 - a)
			}
			index, weight := s.taps(at)
			for ch := range channels {
				acc := 0.0
				for i, k := range index {
					if k >= 0 {
						acc += weight[i] * x.F64((n*channels+ch)*volume+k)
					}
				}
				y.SetF64((n*channels+ch)*points+pt, acc)
			}
		}
	}
}

// taps returns the elements that a place is made of, -1 for a zero, and their weights: the products of those along each axis.
func (s *sampler) taps(at []float64) (index []int, weight []float64) {
	index, weight = []int{0}, []float64{1}
	for a, n := range s.dims {
		pos, w := s.axis(at[a], n)
		var nextIndex []int
		var nextWeight []float64
		for i, k := range index {
			for j, p := range pos {
				to := -1
				if k >= 0 && p >= 0 {
					to = k*n + p
				}
				nextIndex, nextWeight = append(nextIndex, to), append(nextWeight, weight[i]*w[j])
			}
		}
		index, weight = nextIndex, nextWeight
	}
	return index, weight
}

// axis returns the taps along one axis of n elements, for a coordinate from -1 to 1.
func (s *sampler) axis(g float64, n int) (pos []int, weight []float64) {
	x := ((g+1)*float64(n) - 1) / 2
	if s.align {
		x = (g + 1) / 2 * float64(n-1)
	}
	if s.mode != "cubic" {
		x = s.inside(x, n)
	}
	switch s.mode {
	case "nearest":
		return []int{s.pixel(int(math.RoundToEven(x)), n)}, []float64{1}
	case "linear":
		low := math.Floor(x)
		return []int{s.pixel(int(low), n), s.pixel(int(low)+1, n)}, []float64{low + 1 - x, x - low}
	}
	low := math.Floor(x)
	for k := -1; k <= 2; k++ {
		pos = append(pos, s.pixel(int(low)+k, n))
		weight = append(weight, cubicWeight(x-low-float64(k), -0.75))
	}
	return pos, weight
}

// inside moves a coordinate into the image where the padding says so.
func (s *sampler) inside(x float64, n int) float64 {
	switch {
	case x != x:
		return -1
	case s.padding == "border":
		return min(max(x, 0), float64(n-1))
	case s.padding == "reflection":
		return s.reflect(x, n)
	}
	return min(max(x, -1e9), 1e9)
}

// reflect mirrors a coordinate at the borders: the centers of the outer pixels, or their outer edges.
func (s *sampler) reflect(x float64, n int) float64 {
	lo, hi := -0.5, float64(n)-0.5
	if s.align {
		lo, hi = 0, float64(n-1)
	}
	if hi <= lo {
		return lo
	}
	d := math.Mod(math.Abs(x-lo), 2*(hi-lo))
	return lo + min(d, 2*(hi-lo)-d)
}

// pixel returns the element that stands for position i, or -1 for a zero.
func (s *sampler) pixel(i, n int) int {
	switch {
	case i >= 0 && i < n:
		return i
	case s.padding == "border":
		return min(max(i, 0), n-1)
	case s.padding == "reflection":
		return min(max(int(s.reflect(float64(i), n)), 0), n-1)
	}
	return -1
}

// partsAffineGrid maps the centers of an image's pixels, which run from -1 to 1, by a matrix.
func partsAffineGrid(p *Parts) []*ir.Value {
	size, err := p.ConstInts(1)
	theta := p.Shape(0)
	if err != nil {
		p.Fail("%w", err)
	}
	rank := len(size) - 2
	if rank < 2 || rank > 3 || !slices.Equal(theta, []int{size[0], rank, rank + 1}) {
		p.Fail("theta has shape %v and size is %v; expected [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W]", theta, size)
	}
	dims := size[2:]
	points := tensor.New(p.Type(0).DType, tensor.Len(dims), rank+1)
	for i := range tensor.Len(dims) {
		for a, stride := range stridesOf(dims) {
			n, k := float64(dims[a]), float64(i/stride%dims[a])
			v := (2*k+1)/n - 1
			if p.Attrs.Bool("align_corners") {
				v = 2*k/max(n-1, 1) - 1
			}
			points.SetF64(i*(rank+1)+rank-1-a, v)
		}
		points.SetF64(i*(rank+1)+rank, 1)
	}
	y := p.MatMul(p.Constant(points), p.Transpose(p.In(0), 0, 2, 1))
	return []*ir.Value{p.Reshape(y, slices.Concat(size[:1], dims, []int{rank})...)}
}

// upgradeRoiAlign: before opset 16 there was no shift by half a pixel.
func upgradeRoiAlign(u *Upgrade, v int) error {
	if v < 16 {
		u.Node.Attrs["coordinate_transformation_mode"] = "output_half_pixel"
	}
	return nil
}

func inferRoiAlign(c *Call) ([]ir.Type, error) {
	x, rois, batch := c.Shape(0), c.Shape(1), c.Shape(2)
	h, w := c.Attrs.Int("output_height"), c.Attrs.Int("output_width")
	if len(x) != 4 || len(rois) != 2 || rois[1] != 4 || len(batch) != 1 || batch[0] != rois[0] || h < 1 || w < 1 {
		return nil, fmt.Errorf("X has shape %v, rois %v and batch_indices %v; expected [N, C, H, W], [R, 4] and [R]", x, rois, batch)
	}
	if m := c.Attrs.String("mode"); m != "avg" && m != "max" {
		return nil, fmt.Errorf("mode %q is unknown; expected avg or max", m)
	}
	return typed(c.Type(0).DType, rois[0], x[1], h, w), nil
}

// roiWindow is a region of interest cut into bins, each sampled at some points.
type roiWindow struct {
	y, x, binH, binW float64
	rows, cols       int
}

func newRoiWindow(c *Call, r int) roiWindow {
	scale, offset := float64(c.Attrs.Float("spatial_scale")), 0.5
	half := c.Attrs.String("coordinate_transformation_mode") == "half_pixel"
	if !half {
		offset = 0
	}
	side := func(i int) float64 { return c.X(1).F64(r*4+i)*scale - offset }
	w, h := side(2)-side(0), side(3)-side(1)
	if !half {
		w, h = max(w, 1), max(h, 1)
	}
	oh, ow := float64(c.Attrs.Int("output_height")), float64(c.Attrs.Int("output_width"))
	win := roiWindow{y: side(1), x: side(0), binH: h / oh, binW: w / ow}
	if win.rows = c.Attrs.Int("sampling_ratio"); win.rows > 0 {
		win.cols = win.rows
		return win
	}
	win.rows, win.cols = int(math.Ceil(h/oh)), int(math.Ceil(w/ow))
	return win
}

func evalRoiAlign(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferRoiAlign(c)
	if err != nil {
		return nil, err
	}
	x, y := c.X(0), tensor.New(types[0].DType, types[0].Shape...)
	ch, oh, ow := y.Shape[1], y.Shape[2], y.Shape[3]
	plane := x.Shape[2] * x.Shape[3]
	for r := range y.Shape[0] {
		n, err := indexInside(c.X(2).I64(r), x.Shape[0])
		if err != nil {
			return nil, err
		}
		win := newRoiWindow(c, r)
		for k := range ch {
			at := func(i int) float64 { return x.F64((n*ch+k)*plane + i) }
			for i := range oh * ow {
				y.SetF64((r*ch+k)*oh*ow+i, win.pool(i/ow, i%ow, x.Shape[2], x.Shape[3], c.Attrs.String("mode") == "max", at))
			}
		}
	}
	return one(y), nil
}

// pool returns the average, or the greatest part, of a bin's samples.
func (w roiWindow) pool(row, col, h, width int, most bool, at func(i int) float64) float64 {
	sum, best := 0.0, math.Inf(-1)
	for i := range w.rows {
		for j := range w.cols {
			y := w.y + (float64(row)+(float64(i)+0.5)/float64(w.rows))*w.binH
			x := w.x + (float64(col)+(float64(j)+0.5)/float64(w.cols))*w.binW
			index, weight := bilinear(y, x, h, width)
			part := math.Inf(-1)
			for t, k := range index {
				sum += weight[t] * at(k)
				part = max(part, weight[t]*at(k))
			}
			best = max(best, part)
		}
	}
	if most {
		return max(best, 0)
	}
	return sum / float64(max(w.rows*w.cols, 1))
}

// bilinear returns the four pixels around a place and their weights; nothing more than a pixel outside.
func bilinear(y, x float64, h, w int) (index []int, weight []float64) {
	if y < -1 || y > float64(h) || x < -1 || x > float64(w) {
		return nil, nil
	}
	y0, y1, fy := between(y, h)
	x0, x1, fx := between(x, w)
	return []int{y0*w + x0, y0*w + x1, y1*w + x0, y1*w + x1}, []float64{(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx}
}

// between returns the two elements of n that a coordinate lies between, and how far from the first.
func between(v float64, n int) (lo, hi int, part float64) {
	v = max(v, 0)
	if lo = int(v); lo >= n-1 {
		return n - 1, n - 1, 0
	}
	return lo, lo + 1, v - float64(lo)
}

func inferMaxRoiPool(c *Call) ([]ir.Type, error) {
	x, rois, shape := c.Shape(0), c.Shape(1), c.Attrs.Ints("pooled_shape")
	if len(x) != 4 || len(rois) != 2 || rois[1] != 5 || len(shape) != 2 || slices.Min(shape) < 1 {
		return nil, fmt.Errorf("X has shape %v, rois %v and pooled_shape is %v; expected [N, C, H, W], [R, 5] and two sizes", x, rois, shape)
	}
	return typed(c.Type(0).DType, rois[0], x[1], shape[0], shape[1]), nil
}

func evalMaxRoiPool(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferMaxRoiPool(c)
	if err != nil {
		return nil, err
	}
	x, y := c.X(0), tensor.New(types[0].DType, types[0].Shape...)
	ch, oh, ow := y.Shape[1], y.Shape[2], y.Shape[3]
	h, w := x.Shape[2], x.Shape[3]
	for r := range y.Shape[0] {
		side := func(i int) int { return int(math.Round(c.X(1).F64(r*5+i) * float64(c.Attrs.Float("spatial_scale")))) }
		n, err := indexInside(c.X(1).I64(r*5), x.Shape[0])
		if err != nil {
			return nil, err
		}
		rows := roiBins(side(2), side(4), oh, h)
		cols := roiBins(side(1), side(3), ow, w)
		for k := range ch {
			for i := range oh * ow {
				best, found := 0.0, false
				for a := rows[i/ow][0]; a < rows[i/ow][1]; a++ {
					for b := cols[i%ow][0]; b < cols[i%ow][1]; b++ {
						if v := x.F64(((n*ch+k)*h+a)*w + b); !found || v > best {
							best, found = v, true
						}
					}
				}
				y.SetF64((r*ch+k)*oh*ow+i, best)
			}
		}
	}
	return one(y), nil
}

// roiBins cuts the pixels from first to last into n bins, which may overlap, inside limit pixels.
func roiBins(first, last, n, limit int) [][2]int {
	size := float64(max(last-first+1, 1)) / float64(n)
	bins := make([][2]int, n)
	for i := range bins {
		lo, hi := first+int(math.Floor(float64(i)*size)), first+int(math.Ceil(float64(i+1)*size))
		bins[i] = [2]int{min(max(lo, 0), limit), min(max(hi, 0), limit)}
	}
	return bins
}
