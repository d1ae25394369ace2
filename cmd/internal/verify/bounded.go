package verify

import (
	"slices"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// readGoldens reads the outputs of a case. Those whose size depends on the data are in files as large as they are; how large that is, is
// in no file, and follows from them.
func readGoldens(set string, m *deepgo.Model) ([]*tensor.Tensor, error) {
	isLength := func(i int) bool {
		return slices.ContainsFunc(m.Bounds, func(b frontend.Bound) bool { return b.Length == i })
	}
	var inFiles []*ir.Value
	var at []int
	for i, v := range m.Graph.Outputs {
		if !isLength(i) {
			inFiles, at = append(inFiles, v), append(at, i)
		}
	}
	loose := func(i int, got ir.Type) bool {
		k := boundOf(m, at[i])
		if k == nil || len(got.Shape) != len(inFiles[i].Type.Shape) || got.Shape[k.Axis] > inFiles[i].Type.Shape[k.Axis] {
			return false
		}
		shape := slices.Clone(got.Shape)
		shape[k.Axis] = inFiles[i].Type.Shape[k.Axis]
		return inFiles[i].Type.Equal(ir.Type{DType: got.DType, Shape: shape})
	}
	list, err := readTensors(set, "output", inFiles, m.Graph.Strings, loose)
	if err != nil || list == nil {
		return nil, err
	}
	all := make([]*tensor.Tensor, len(m.Graph.Outputs))
	for i, t := range list {
		all[at[i]] = t
	}
	for _, b := range m.Bounds {
		all[b.Length] = tensor.Ints([]int64{int64(all[b.Output].Shape[b.Axis])})
	}
	return all, nil
}

// boundOf says of what output i a part is there; nil where it is whole.
func boundOf(m *deepgo.Model, i int) *frontend.Bound {
	k := slices.IndexFunc(m.Bounds, func(b frontend.Bound) bool { return b.Output == i })
	if k < 0 {
		return nil
	}
	return &m.Bounds[k]
}

// comparable returns what is to equal a golden of output i: of one whose size depends on the data, as much as the golden has.
func (c *comparison) comparable(i int, got, golden *tensor.Tensor) *tensor.Tensor {
	if b := boundOf(c.model, i); b != nil {
		return got.First(b.Axis, golden.Shape[b.Axis])
	}
	return got
}
