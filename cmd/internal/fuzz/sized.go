package fuzz

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/op"
)

// isSized reports whether a seed's graph gets a dimension whose size a run is told, where it can have one.
func isSized(seed uint64) bool { return seed%5 == 4 }

// place is an axis of an input.
type place struct{ input, axis int }

// openings lists sets of places that may have another size together: each by itself, and all of one size.
func openings(g *ir.Graph) [][]place {
	var list [][]place
	bySize := map[int][]place{}
	for i, v := range g.Inputs {
		for axis, n := range v.Type.Shape {
			if n > 1 {
				list = append(list, []place{{i, axis}})
				bySize[n] = append(bySize[n], place{i, axis})
			}
		}
	}
	for n := range 64 {
		if len(bySize[n]) > 1 {
			list = append(list, bySize[n])
		}
	}
	return list
}

var (
	errShape  = errors.New("the graph has other shapes in it")
	errInputs = errors.New("random inputs do not fit, as indices do not where an axis is short")
)

// resize returns g with another size in some places. All constants stay; where they do not fit, it is an error.
func resize(g *ir.Graph, at []place, size int) (*ir.Graph, error) {
	const most = 20_000 // elements of a value
	c := g.Clone()
	for _, p := range at {
		v := c.Inputs[p.input]
		v.Type.Shape = slices.Clone(v.Type.Shape)
		v.Type.Shape[p.axis] = size
	}
	changed := map[*ir.Value]bool{}
	for i, v := range c.Inputs {
		changed[v] = !v.Type.Equal(g.Inputs[i].Type)
	}
	for _, n := range c.Nodes {
		if !slices.ContainsFunc(n.Inputs, func(v *ir.Value) bool { return changed[v] }) {
			continue
		}
		for _, a := range n.Attrs {
			if _, body := a.(*ir.Graph); body {
				return nil, errShape
			}
		}
		types, err := op.Infer(n)
		if err != nil {
			return nil, err
		}
		for i, v := range n.Outputs {
			if v == nil {
				continue
			}
			if types[i].Len() == 0 || types[i].Len() > most {
				return nil, errShape
			}
			changed[v] = !v.Type.Equal(types[i])
			v.Type.DType, v.Type.Shape = types[i].DType, types[i].Shape
		}
	}
	return c, nil
}

// sizedModel returns g as a model with a dimension of any size, or nil where it can have none.
func sizedModel(g *ir.Graph, name string, seed uint64) *deepgo.Model {
	r := rand.New(rand.NewPCG(seed, 5))
	list := openings(g)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, at := range list {
		dims := []ir.Dim{{Name: "n", Min: 1, Max: 3 + r.IntN(14)}}
		fixed := func(sizes []int) (*deepgo.Model, error) {
			c, err := resize(g, at, sizes[0])
			return &deepgo.Model{File: name + ".ir", Name: name, Graph: c}, err
		}
		m, err := fixed([]int{dims[0].Max})
		if err != nil {
			continue
		}
		if m, err = m.WithDims(dims, fixed); err == nil {
			return m
		}
	}
	return nil
}

// prepareSized is Prepare for a graph with a dimension of any size: a case for each of some sizes. There are none where it can have no such
// dimension, or where deepgo says that it does not compile with one.
func prepareSized(g *ir.Graph, name string, seed uint64, disable []string) (cases []*Case, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	m := sizedModel(g, name, seed)
	if m == nil {
		return nil, nil
	}
	p, err := m.Compile(deepgo.CompileOptions{Target: machineOf(seed).target, Name: name, Emit: "single", Disable: disable})
	var refused *ir.Error
	if errors.As(err, &refused) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("with a dimension from %d to %d: %w", m.Dims[0].Min, m.Dims[0].Max, err)
	}
	d := m.Dims[0]
	for _, size := range slices.Compact([]int{d.Min, min(d.Min+1, d.Max), (d.Min + d.Max + 1) / 2, d.Max}) {
		c, err := caseOf(m, p, size, seed)
		if errors.Is(err, errInputs) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("at size %d of %d to %d: %w", size, d.Min, d.Max, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// caseOf checks that the interpreter agrees about the graph of a size and the lowered one.
func caseOf(m *deepgo.Model, p *deepgo.Program, size int, seed uint64) (*Case, error) {
	sizes := []int{size}
	fixed, err := m.At(sizes)
	if err != nil {
		return nil, err
	}
	c := &Case{Graph: fixed.Graph, Program: p, Sizes: sizes, Inputs: samples.Random(fixed.InputTypes(), seed)}
	most := magnitudes{}
	before, err := interp.Run(c.Graph, c.Inputs, interp.Options{Observe: most.add})
	if err != nil {
		return nil, errInputs
	}
	if c.Want, err = interp.Run(p.Lowered.At(sizes), c.Inputs, interp.Options{}); err != nil {
		return nil, fmt.Errorf("interpreting the lowered graph: %w", err)
	}
	return c, c.compare(before, most)
}
