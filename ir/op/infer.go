package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// sameAsInput is the shape rule of operators whose output has the type of their first input.
func sameAsInput(c *Call) ([]ir.Type, error) {
	t := c.Type(0)
	return []ir.Type{{DType: t.DType, Shape: t.Shape}}, nil
}

// typed returns one output type.
func typed(d tensor.DType, shape ...int) []ir.Type {
	return []ir.Type{{DType: d, Shape: shape}}
}

// broadcast returns the shape that NumPy's rule gives for two shapes.
func broadcast(a, b []int) ([]int, error) {
	n := max(len(a), len(b))
	out := make([]int, n)
	for i := range n {
		x, y := dimFromEnd(a, n-i), dimFromEnd(b, n-i)
		switch {
		case x == y, y == 1:
			out[i] = x
		case x == 1:
			out[i] = y
		default:
			return nil, fmt.Errorf("shapes %v and %v do not broadcast: sizes %d and %d differ and neither is 1", a, b, x, y)
		}
	}
	return out, nil
}

func dimFromEnd(s []int, k int) int {
	if k > len(s) {
		return 1
	}
	return s[len(s)-k]
}

// broadcastStrides returns the strides with which a tensor of shape is read to fill out: 0 where it repeats.
func broadcastStrides(shape, out []int) []int {
	strides := make([]int, len(out))
	step := 1
	for k := 1; k <= len(out); k++ {
		if d := dimFromEnd(shape, k); d > 1 {
			strides[len(out)-k] = step
			step *= d
		}
	}
	return strides
}

// stridesOf returns row-major strides.
func stridesOf(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = step
		step *= shape[i]
	}
	return s
}

// walk calls f for every index of shape in row-major order, with the offset that each list of strides gives.
func walk(shape []int, f func(at []int), strides ...[]int) {
	if tensor.Len(shape) == 0 {
		return
	}
	idx := make([]int, len(shape))
	at := make([]int, len(strides))
	for {
		f(at)
		d := len(shape) - 1
		for ; d >= 0; d-- {
			idx[d]++
			for k := range strides {
				at[k] += strides[k][d]
			}
			if idx[d] < shape[d] {
				break
			}
			for k := range strides {
				at[k] -= strides[k][d] * shape[d]
			}
			idx[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// axisOf returns axis counted from the front, or an error that names the attribute.
func axisOf(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank && !(axis == 0 && rank == 0) {
		return 0, fmt.Errorf("axis %d is outside rank %d", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// axesOf resolves a list of axes, which must differ.
func axesOf(axes []int, rank int) ([]int, error) {
	out := make([]int, len(axes))
	for i, a := range axes {
		var err error
		if out[i], err = axisOf(a, rank); err != nil {
			return nil, err
		}
		if slices.Contains(out[:i], out[i]) {
			return nil, fmt.Errorf("axis %d is given twice", a)
		}
	}
	return out, nil
}

// around returns the number of elements before axis, along it, and after it.
func around(shape []int, axis int) (outer, n, inner int) {
	return tensor.Len(shape[:axis]), shape[axis], tensor.Len(shape[axis+1:])
}

// copyElement copies element j of src to element i of dst, both of one type.
func copyElement(dst *tensor.Tensor, i int, src *tensor.Tensor, j int) {
	if dst.DType.IsFloat() && dst.DType.Size() >= 4 {
		dst.SetF64(i, src.F64(j))
		return
	}
	if dst.DType.IsFloat() {
		dst.CopyBits(i, src, j)
		return
	}
	dst.SetI64(i, src.I64(j))
}

// one wraps a single result.
func one(t *tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{t} }

// newOut returns a tensor of output i's type.
func (c *Call) newOut(i int) *tensor.Tensor {
	t := c.Out(i)
	return tensor.New(t.DType, t.Shape...)
}

// alike lists, for operators whose shape rule does not look at it, the inputs that must have one element type.
var alike = map[string][]int{
	"BitShift": {0, 1}, "CausalConvWithState": {0, 1, 2, 3}, "Clip": {0, 1, 2}, "Conv": {0, 1, 2}, "ConvTranspose": {0, 1, 2}, "DeformConv": {0, 1, 2, 3, 4}, "GRU": {0, 1, 2, 3, 5}, "Gemm": {0, 1, 2},
	"GroupNormalization": {0, 1, 2}, "InstanceNormalization": {0, 1, 2}, "LSTM": {0, 1, 2, 3, 5, 6, 7}, "LayerNormalization": {0, 1, 2}, "MaxRoiPool": {0, 1}, "MelWeightMatrix": {3, 4},
	"NegativeLogLikelihoodLoss": {0, 2}, "Pad": {0, 2}, "RNN": {0, 1, 2, 3, 5}, "RoiAlign": {0, 1}, "RotaryEmbedding": {0, 1, 2}, "STFT": {0, 2}, "SoftmaxCrossEntropyLoss": {0, 2}, "TensorScatter": {0, 1},
}

// takeStrings are the operators that take strings, besides those that move elements as they are stored.
var takeStrings = map[string]bool{
	"ArrayFeatureExtractor": true, "Cast": true, "CastLike": true, "CategoryMapper": true, "Compress": true, "Equal": true, "If": true, "LabelEncoder": true, "Loop": true, "OneHot": true, "OneHotEncoder": true,
	"Scan": true, "Scatter": true, "Shape": true, "Size": true, "Unique": true, "Where": true,
}

// checkInputs holds the inputs' types against what is the same for many operators.
func checkInputs(n *ir.Node) error {
	isString := func(v *ir.Value) bool { return v != nil && v.Type.DType == tensor.String }
	if slices.ContainsFunc(n.Inputs, isString) && !takeStrings[n.Op] && !Moves(n) {
		return fmt.Errorf("%s is not defined on strings", n.Op)
	}
	var first *ir.Value
	for _, i := range alike[n.Op] {
		v := n.Input(i)
		switch {
		case v == nil:
		case first == nil:
			first = v
		case v.Type.DType != first.Type.DType:
			return fmt.Errorf("inputs are %s and %s; they must have one element type", first.Type, v.Type)
		}
	}
	return nil
}
