package conformance

import (
	"slices"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Case is a test made ready to run.
type Case struct {
	*Test
	Model  *deepgo.Model
	Pinned []string         // inputs that are constants, as an operator needs their values when compiling
	In     []*tensor.Tensor // the other inputs
	Want   []*tensor.Tensor
	ops    map[string]bool  // the operators in the model's file
	all    []*tensor.Tensor // every input, pinned ones included
}

// Load returns the test with as few inputs pinned as it takes to import the model.
func (t *Test) Load() (*Case, error) {
	raw, err := onnx.Decode(t.Model, "", onnx.DefaultLimits)
	if err != nil {
		return nil, err
	}
	c := &Case{Test: t, ops: map[string]bool{}}
	for _, n := range raw.Graph.Nodes {
		c.ops[n.OpType] = true
	}
	in, err := decodeValues(raw.Graph.Inputs, t.Inputs, raw.Strings)
	if err != nil {
		return nil, err
	}
	if c.Model, c.Pinned, err = pinFew(t, raw.Graph.Inputs, in); err != nil {
		return nil, err
	}
	table := c.Model.Graph.Strings // of the model that runs
	if in, err = decodeValues(raw.Graph.Inputs, t.Inputs, table); err != nil {
		return nil, err
	}
	want, err := decodeValues(raw.Graph.Outputs, t.Outputs, table)
	if err != nil {
		return nil, err
	}
	c.all, c.Want = flat(in), flat(want)
	values := named(in)
	for _, v := range c.Model.Graph.Inputs {
		c.In = append(c.In, values[v.Name])
	}
	return c, nil
}

// pinFew tries the test without pins. Where that fails it pins all inputs, and takes the pins away again that are not needed, those
// of floats first: they are the data.
func pinFew(t *Test, declared []*onnx.ValueInfo, in []value) (*deepgo.Model, []string, error) {
	values := named(in)
	try := func(pins map[string]*tensor.Tensor) (*deepgo.Model, error) {
		return deepgo.Decode(t.Name, t.Model, deepgo.LoadOptions{Pinned: pins, InputShapes: shapes(declared, in), Elements: elements(in)})
	}
	m, err := try(nil)
	if err == nil || len(values) == 0 {
		return m, nil, err
	}
	pins := map[string]*tensor.Tensor{}
	for name, v := range values {
		pins[name] = v
	}
	if m, err = try(pins); err != nil {
		return nil, nil, err
	}
	names := sortedNames(values)
	for _, name := range names {
		delete(pins, name)
		if less, err := try(pins); err == nil {
			m = less
		} else {
			pins[name] = values[name]
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return pins[name] == nil })
	slices.Sort(names)
	return m, names, nil
}

// sortedNames returns floats before integers, each by name.
func sortedNames(values map[string]*tensor.Tensor) []string {
	var names []string
	for _, float := range []bool{true, false} {
		from := len(names)
		for name, v := range values {
			if v.DType.IsFloat() == float {
				names = append(names, name)
			}
		}
		slices.Sort(names[from:])
	}
	return names
}
