package op

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators whose output's size depends on the elements of an input. Where those are known only at run time, import makes the node bounded:
// its outputs are as large as they can become, zeros behind what is there, and one more output, the last, says how much that is.
var selectDefs = []*Def{
	{Name: "NonZero", Since: []int{9, 13}, In: Args("X"), Out: Args("Y", "length?"), Attrs: []Attr{boundedAttr}, Infer: inferBounded, Eval: evalBounded(evalNonZero), Lower: lowerNonZero},
	{Name: "Unique", Since: []int{11, 28}, In: Args("X"), Out: Args("Y", "indices?", "inverse_indices?", "counts?", "length?"), Attrs: []Attr{Int("axis", 0).Optional(), Int("sorted", 1), boundedAttr},
		Infer: inferBounded, Eval: evalBounded(evalUnique), Lower: lowerUnique},
	{Name: "NonMaxSuppression", Since: []int{10, 11}, In: Args("boxes", "scores", "max_output_boxes_per_class?", "iou_threshold?", "score_threshold?"), Out: Args("selected_indices", "length?"),
		Attrs: []Attr{Int("center_point_box", 0), boundedAttr}, Infer: inferBounded, Eval: evalBounded(evalNonMaxSuppression), Lower: lowerNonMaxSuppression},
	{Name: "Compress", Since: []int{9, 11, 28}, In: Args("input", "condition"), Out: Args("output", "length?"), Attrs: []Attr{Int("axis", 0).Optional(), boundedAttr},
		Infer: inferBounded, Eval: evalBounded(evalCompress), Lower: lowerCompress, Moves: true},

	{Name: "nonzero", In: Args("x", "shape"), Out: Args("y", "count"), Eval: evalNonZeroKernel},
	{Name: "unique", In: Args("x"), Out: Args("y", "first", "inverse", "times", "count"), Eval: evalUniqueKernel},
	{Name: "nonmaxsuppression", In: Args("boxes", "scores", "most", "overlap", "least"), Out: Args("y", "count"), Eval: evalNonMaxSuppressionKernel},
	{Name: "compress", In: Args("x", "condition"), Out: Args("y", "count"), Eval: evalCompressKernel},
}

var boundedAttr = Int("bounded", 0)

// inferByEval computes the outputs to know their sizes.
func inferByEval(c *Call) ([]ir.Type, error) {
	for i, v := range c.Node.Inputs {
		if v != nil && c.Const(i) == nil {
			return nil, fmt.Errorf("input %q must be known when compiling, and is computed at run time: the output's size depends on it", c.Def.In[i].Name)
		}
	}
	out, err := c.Def.Eval(c)
	types := make([]ir.Type, len(out))
	for i, t := range out {
		types[i] = ir.Type{DType: t.DType, Shape: t.Shape}
	}
	return types, err
}

func isZero(t *tensor.Tensor, i int) bool {
	if t.DType.IsFloat() {
		return t.F64(i) == 0
	}
	return t.I64(i) == 0
}

// evalNonZero returns a column of indices for every element that is not 0, in order.
func evalNonZero(c *Call) ([]*tensor.Tensor, error) {
	x := c.X(0)
	var found []int
	for i := range x.Len() {
		if !isZero(x, i) {
			found = append(found, i)
		}
	}
	y := tensor.New(tensor.Int64, len(x.Shape), len(found))
	for a, s := range stridesOf(x.Shape) {
		for k, i := range found {
			y.SetI64(a*len(found)+k, int64(i/s%x.Shape[a]))
		}
	}
	return one(y), nil
}

// evalUnique returns the different slices of an axis, or elements where there is none.
func evalUnique(c *Call) ([]*tensor.Tensor, error) {
	x, axis := c.X(0), 0
	flat := !c.Attrs.Has("axis")
	if flat {
		x = x.Reshape(x.Len())
	} else {
		var err error
		if axis, err = axisOf(c.Attrs.Int("axis"), len(x.Shape)); err != nil {
			return nil, err
		}
	}
	outer, n, inner := around(x.Shape, axis)
	order := func(i, j int) int {
		for k := range outer * inner {
			base := k/inner*n*inner + k%inner
			a, b := base+i*inner, base+j*inner
			if less(x, a, b) {
				return -1
			}
			if less(x, b, a) {
				return 1
			}
		}
		return 0
	}
	first, inverse, counts := group(n, order, c.Attrs.Bool("sorted"))
	shape := slices.Clone(x.Shape)
	shape[axis] = len(first)
	y := tensor.New(x.DType, shape...)
	for o := range outer {
		for i, from := range first {
			for k := range inner {
				copyElement(y, (o*len(first)+i)*inner+k, x, (o*n+from)*inner+k)
			}
		}
	}
	return []*tensor.Tensor{y, int64s(first), int64s(inverse), int64s(counts)}, nil
}

// group finds equal ones among n: where each group occurs first, each one's group, and the groups' sizes.
func group(n int, order func(i, j int) int, sorted bool) (first, inverse, counts []int) {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, order)
	for k, i := range all {
		if k == 0 || order(all[k-1], i) != 0 {
			first = append(first, i)
		}
	}
	if !sorted {
		slices.Sort(first)
	}
	inverse, counts = make([]int, n), make([]int, len(first))
	for i := range n {
		inverse[i] = slices.IndexFunc(first, func(j int) bool { return order(i, j) == 0 })
		counts[inverse[i]]++
	}
	return first, inverse, counts
}

func int64s(v []int) *tensor.Tensor {
	t := tensor.New(tensor.Int64, len(v))
	for i, x := range v {
		t.SetI64(i, int64(x))
	}
	return t
}

// evalCompress keeps the slices of an axis, or elements where there is none, whose condition holds.
func evalCompress(c *Call) ([]*tensor.Tensor, error) {
	x, cond, axis := c.X(0), c.X(1), 0
	if !c.Attrs.Has("axis") {
		x = x.Reshape(x.Len())
	} else {
		var err error
		if axis, err = axisOf(c.Attrs.Int("axis"), len(x.Shape)); err != nil {
			return nil, err
		}
	}
	var chosen []int
	for i := range min(cond.Len(), x.Shape[axis]) {
		if cond.I64(i) != 0 {
			chosen = append(chosen, i)
		}
	}
	outer, n, inner := around(x.Shape, axis)
	shape := slices.Clone(x.Shape)
	shape[axis] = len(chosen)
	y := tensor.New(x.DType, shape...)
	for o := range outer {
		for i, from := range chosen {
			for k := range inner {
				copyElement(y, (o*len(chosen)+i)*inner+k, x, (o*n+from)*inner+k)
			}
		}
	}
	return one(y), nil
}

// evalNonMaxSuppression keeps, per batch and class, the boxes with the highest scores that do not overlap one that was kept.
func evalNonMaxSuppression(c *Call) ([]*tensor.Tensor, error) {
	boxes, scores := c.X(0), c.X(1)
	if b, s := boxes.Shape, scores.Shape; len(b) != 3 || len(s) != 3 || b[0] != s[0] || b[1] != s[2] || b[2] != 4 {
		return nil, fmt.Errorf("boxes have shape %v and scores %v; expected [batches, boxes, 4] and [batches, classes, boxes]", b, s)
	}
	most, threshold, least := 0, float32(0), math.Inf(-1)
	if c.Has(2) {
		most = int(c.X(2).I64(0))
	}
	if c.Has(3) {
		threshold = float32(c.X(3).F64(0))
	}
	if c.Has(4) {
		least = c.X(4).F64(0)
	}
	var rows [][3]int
	n := boxes.Shape[1]
	for b := range scores.Shape[0] {
		corners := make([]box, n)
		for i := range corners {
			corners[i] = newBox(boxes, (b*n+i)*4, c.Attrs.Bool("center_point_box"))
		}
		for class := range scores.Shape[1] {
			from := (b*scores.Shape[1] + class) * n
			for _, i := range suppress(corners, func(i int) float64 { return scores.F64(from + i) }, most, threshold, least) {
				rows = append(rows, [3]int{b, class, i})
			}
		}
	}
	y := tensor.New(tensor.Int64, len(rows), 3)
	for i, r := range rows {
		for k, v := range r {
			y.SetI64(i*3+k, int64(v))
		}
	}
	return one(y), nil
}

// box is a rectangle, its lower sides before its upper ones.
type box struct{ y0, x0, y1, x1 float32 }

func newBox(t *tensor.Tensor, at int, center bool) box {
	a, b, c, d := float32(t.F64(at)), float32(t.F64(at+1)), float32(t.F64(at+2)), float32(t.F64(at+3))
	if center {
		return box{b - d/2, a - c/2, b + d/2, a + c/2} // halves are exact
	}
	return box{min(a, c), min(b, d), max(a, c), max(b, d)}
}

func (a box) area() float32 { return float32((a.y1 - a.y0) * (a.x1 - a.x0)) }

// overlap is the area that two boxes share, as a part of what they cover together. It rounds to float32 after every step: what is just at the
// threshold should be so everywhere.
func (a box) overlap(b box) float32 {
	h, w := min(a.y1, b.y1)-max(a.y0, b.y0), min(a.x1, b.x1)-max(a.x0, b.x0)
	if !(h > 0 && w > 0 && a.area() > 0 && b.area() > 0) {
		return 0
	}
	return float32(h*w) / (a.area() + b.area() - float32(h*w))
}

func suppress(boxes []box, score func(int) float64, most int, threshold float32, least float64) []int {
	var order, kept []int
	for i := range boxes {
		if score(i) > least {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(score(j), score(i)) })
	for _, i := range order {
		if len(kept) >= most {
			break
		}
		if !slices.ContainsFunc(kept, func(k int) bool { return boxes[i].overlap(boxes[k]) > threshold }) {
			kept = append(kept, i)
		}
	}
	return kept
}
