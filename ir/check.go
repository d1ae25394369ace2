package ir

import (
	"fmt"
	"slices"
)

// Check returns an error when g breaks a rule that every pass relies on: values are defined once, before they are read;
// names are unique; types have an element type, sizes of zero and more, and fit their constants; quantization is well
// formed. It is a bug of deepgo where Check fails after a pass.
func Check(g *Graph) error {
	c := &checker{defined: map[*Value]bool{}, names: map[string]bool{}}
	for _, v := range g.Inputs {
		if err := c.define(v, nil); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		if err := c.node(n); err != nil {
			return fmt.Errorf("%s: %w", n.Line(), err)
		}
	}
	for _, v := range g.Outputs {
		if err := c.read(v); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	defined map[*Value]bool
	names   map[string]bool
}

func (c *checker) node(n *Node) error {
	if n.Op == "" {
		return fmt.Errorf("no operator")
	}
	for _, v := range n.Inputs {
		if v == nil {
			continue
		}
		if err := c.read(v); err != nil {
			return err
		}
	}
	for _, v := range n.Outputs {
		if v == nil {
			continue
		}
		if err := c.define(v, n); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) read(v *Value) error {
	if v == nil {
		return fmt.Errorf("a value is missing")
	}
	if v.IsConst() && !c.defined[v] {
		return c.define(v, nil)
	}
	if !c.defined[v] {
		return fmt.Errorf("value %q is read before it is defined", v.Name)
	}
	return nil
}

func (c *checker) define(v *Value, by *Node) error {
	switch {
	case c.defined[v]:
		return fmt.Errorf("value %q is defined twice", v.Name)
	case c.names[v.Name]:
		return fmt.Errorf("two values are named %q", v.Name)
	case v.Def != by:
		return fmt.Errorf("value %q names another node as its definition", v.Name)
	case by != nil && v.Const != nil:
		return fmt.Errorf("value %q is both a constant and computed", v.Name)
	}
	c.defined[v], c.names[v.Name] = true, true
	if err := checkType(v.Type); err != nil {
		return fmt.Errorf("value %q: %w", v.Name, err)
	}
	if t := v.Const; t != nil && (t.DType != v.Type.DType || !slices.Equal(t.Shape, v.Type.Shape)) {
		return fmt.Errorf("constant %q is %s%v, its type says %s", v.Name, t.DType, t.Shape, v.Type)
	}
	return nil
}

func checkType(t Type) error {
	if t.DType.Size() == 0 {
		return fmt.Errorf("no element type")
	}
	for _, d := range t.Shape {
		if d < 0 {
			return fmt.Errorf("negative size in shape %v", t.Shape)
		}
	}
	q := t.Quant
	switch {
	case q == nil:
		return nil
	case len(q.Scale) == 0 || len(q.Scale) != len(q.Zero):
		return fmt.Errorf("%d scales and %d zero points", len(q.Scale), len(q.Zero))
	case len(q.Scale) > 1 && (q.Axis < 0 || q.Axis >= len(t.Shape) || t.Shape[q.Axis] != len(q.Scale)):
		return fmt.Errorf("%d scales for axis %d of shape %v", len(q.Scale), q.Axis, t.Shape)
	}
	return nil
}
