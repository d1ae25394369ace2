package deepgo

import (
	"fmt"
	"maps"
	"slices"

	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// bounded loads a model with dimensions whose sizes a run is told. It is a family of models of fixed sizes, which load makes.
func bounded(opt LoadOptions, load func(LoadOptions) (*Model, error)) (*Model, error) {
	var dims []ir.Dim
	for _, name := range slices.Sorted(maps.Keys(opt.MaxDims)) {
		d := ir.Dim{Name: name, Min: 1, Max: opt.MaxDims[name]}
		if least, ok := opt.MinDims[name]; ok {
			d.Min = least
		}
		if _, twice := opt.Dims[name]; twice || d.Min < 1 || d.Max <= d.Min {
			return nil, &ir.Error{Msg: fmt.Sprintf("--dim '%d<=%s<=%d': expected sizes from 1 on, more than one, and no other for that dimension", d.Min, name, d.Max)}
		}
		dims = append(dims, d)
	}
	var vary map[string]bool
	fixed := func(sizes []int) (*Model, error) {
		own := opt
		own.MaxDims, own.Dims, own.vary = nil, map[string]int{}, vary
		for name, n := range opt.Dims {
			own.Dims[name] = n
		}
		for i, d := range dims {
			own.Dims[d.Name] = sizes[i]
		}
		return load(own)
	}
	greatest, smaller := make([]int, len(dims)), make([]int, len(dims))
	for i, d := range dims {
		greatest[i], smaller[i] = d.Max, max(d.Max-1, 1)
	}
	m, err := fixed(greatest)
	if err != nil {
		return nil, err
	}
	if other, err := fixed(smaller); err == nil {
		vary = frontend.Differing(m.folded, other.folded)
	}
	if len(vary) > 0 {
		if m, err = fixed(greatest); err != nil {
			return nil, err
		}
	}
	return m.WithDims(dims, fixed)
}

// WithDims makes m, which has the greatest sizes of some dimensions, a model of all: fixed returns that of given sizes.
func (m *Model) WithDims(dims []ir.Dim, fixed func(sizes []int) (*Model, error)) (*Model, error) {
	f := passes.Family{Dims: dims, At: func(sizes []int) (*ir.Graph, error) {
		k, err := fixed(sizes)
		if err != nil {
			return nil, err
		}
		return k.Graph, nil
	}}
	g, note, err := f.Shapes()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	m.Graph, m.Dims, m.fixed = g, f.Dims, fixed
	if note != "" {
		m.Notices = append(m.Notices, note)
	}
	for i, d := range dims {
		if !slices.ContainsFunc(g.Inputs, func(v *ir.Value) bool { return axisOf(v.Type, i) >= 0 }) {
			return nil, &ir.Error{Model: m.File, Msg: fmt.Sprintf("no input that is left has dimension %q", d.Name), Hint: fmt.Sprintf("fix its size with --dim %s=%d", d.Name, d.Max)}
		}
	}
	return m, nil
}

// axisOf returns the axis of t that is as long as dimension d; -1 where none is.
func axisOf(t ir.Type, d int) int {
	return slices.IndexFunc(t.Dims, func(e ir.Extent) bool {
		return len(e.Terms) == 1 && e.Terms[0].Factor == 1 && slices.Equal(e.Terms[0].Dims, []int{d})
	})
}

// At returns the model with fixed sizes of its dimensions.
func (m *Model) At(sizes []int) (*Model, error) {
	for i, d := range m.Dims {
		if sizes[i] < d.Min || sizes[i] > d.Max {
			return nil, &ir.Error{Model: m.File, Msg: fmt.Sprintf("dimension %q is %d; expected %d to %d", d.Name, sizes[i], d.Min, d.Max)}
		}
	}
	return m.fixed(sizes)
}

// MaxSizes returns the greatest sizes of the model's dimensions.
func (m *Model) MaxSizes() []int {
	sizes := make([]int, len(m.Dims))
	for i, d := range m.Dims {
		sizes[i] = d.Max
	}
	return sizes
}

// SizesOf returns the sizes of the model's dimensions that inputs have. Inputs that are nil have no say; 0 is a size that none has.
func (m *Model) SizesOf(inputs []*tensor.Tensor) ([]int, error) {
	return sizesOf(m.Graph.Inputs, m.Dims, inputs)
}

// SizesOf returns the sizes that inputs, those that a caller gives, have of the dimensions that a run is told.
func (p *Program) SizesOf(inputs []*tensor.Tensor) ([]int, error) {
	var dims []ir.Dim
	for _, d := range p.Dims {
		dims = append(dims, d.Dim)
	}
	return sizesOf(p.Lowered.OpenInputs(), dims, inputs)
}

func sizesOf(vs []*ir.Value, dims []ir.Dim, inputs []*tensor.Tensor) ([]int, error) {
	sizes := make([]int, len(dims))
	for k, v := range vs {
		if k < len(inputs) && inputs[k] == nil {
			continue
		}
		if k >= len(inputs) || len(inputs[k].Shape) != len(v.Type.Shape) {
			return nil, fmt.Errorf("input %q is not given as %s", v.Name, v.Type)
		}
		for i, d := range dims {
			axis := axisOf(v.Type, i)
			if axis < 0 {
				continue
			}
			n := inputs[k].Shape[axis]
			if sizes[i] != 0 && sizes[i] != n {
				return nil, fmt.Errorf("input %q has %d along axis %d, and another input %d for dimension %q", v.Name, n, axis, sizes[i], d.Name)
			}
			sizes[i] = n
		}
	}
	return sizes, nil
}

func (m *Model) runBounded(inputs []*tensor.Tensor) ([]*tensor.Tensor, error) {
	sizes, err := m.SizesOf(inputs)
	if err != nil {
		return nil, err
	}
	fixed, err := m.At(sizes)
	if err != nil {
		return nil, err
	}
	return fixed.Run(inputs)
}

// checkBounded refuses what does not go with sizes that a run is told.
func (m *Model) checkBounded(opt CompileOptions, states []ir.State) error {
	if len(m.Dims) == 0 {
		return nil
	}
	fix := fmt.Sprintf("fix the size with --dim %s=%d", m.Dims[0].Name, m.Dims[0].Max)
	if opt.Push != "" {
		return &ir.Error{Model: m.File, Msg: fmt.Sprintf("--stream-input and a size of %q that a run is told do not go together", m.Dims[0].Name), Hint: fix}
	}
	for _, s := range states {
		if v := m.Graph.Inputs[s.Input]; v.Type.Dims != nil {
			return &ir.Error{Model: m.File, Msg: fmt.Sprintf("--state: input %q has a size that a run is told; a state has the same in all runs", v.Name), Hint: fix}
		}
	}
	return nil
}

// lower takes g, a copy of the model's graph, through the passes: a graph with dimensions by way of its members.
func (m *Model) lower(g *ir.Graph, c *passes.Config) (*ir.Graph, error) {
	if len(m.Dims) == 0 {
		return g, passes.Run(g, c)
	}
	return passes.RunFamily(passes.Family{Dims: m.Dims, Known: m.Graph.Dims[len(m.Dims):], At: func(sizes []int) (*ir.Graph, error) {
		k, err := m.fixed(sizes)
		if err != nil {
			return nil, err
		}
		k.Graph.States = g.States
		return k.Graph, nil
	}}, c)
}

// Types returns the types of a program's inputs and outputs in a run that is told the sizes.
func (p *Program) Types(sizes []int) (in, out []ir.Type) {
	all := ir.Sizes(p.Lowered.Dims, sizes)
	of := func(ports []codegen.Port) []ir.Type {
		types := make([]ir.Type, len(ports))
		for i, port := range ports {
			types[i] = port.Type.At(all)
		}
		return types
	}
	return of(p.Inputs), of(p.Outputs)
}
