package ir

import (
	"maps"
	"slices"

	"github.com/deepgo/deepgo/ir/tensor"
)

// Attrs are a node's attributes. A value is int64, float32, string, []int64, []float32, []string, *tensor.Tensor,
// *Graph or, of kernel operators, an Extent.
//
// On kernel operators, attributes in upper case bind names in the kernel's C file: an integer an enum constant, a float a
// float constant, a string a type (where the name ends in T) or the body of a macro.
type Attrs map[string]any

// Keys returns the names in order.
func (a Attrs) Keys() []string { return slices.Sorted(maps.Keys(a)) }

// Clone returns a copy that can be written to, also of nil; tensors and graphs are shared.
func (a Attrs) Clone() Attrs {
	if a == nil {
		return Attrs{}
	}
	return maps.Clone(a)
}

// Has reports whether the attribute is set.
func (a Attrs) Has(name string) bool { _, ok := a[name]; return ok }

// Int returns an integer attribute, or 0. Of an Extent it is the greatest.
func (a Attrs) Int(name string) int {
	if e, ok := a[name].(Extent); ok {
		return e.Max
	}
	v, _ := a[name].(int64)
	return int(v)
}

// Bool reports whether an integer attribute is set and not 0.
func (a Attrs) Bool(name string) bool { return a.Int(name) != 0 }

// Float returns a float attribute, or 0.
func (a Attrs) Float(name string) float32 { v, _ := a[name].(float32); return v }

// String returns a string attribute, or "".
func (a Attrs) String(name string) string { v, _ := a[name].(string); return v }

// Ints returns an integer list attribute as ints, or nil.
func (a Attrs) Ints(name string) []int {
	v, ok := a[name].([]int64)
	if !ok {
		return nil
	}
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(x)
	}
	return out
}

// Floats returns a float list attribute, or nil.
func (a Attrs) Floats(name string) []float32 { v, _ := a[name].([]float32); return v }

// Strings returns a string list attribute, or nil.
func (a Attrs) Strings(name string) []string { v, _ := a[name].([]string); return v }

// Tensor returns a tensor attribute, or nil.
func (a Attrs) Tensor(name string) *tensor.Tensor { v, _ := a[name].(*tensor.Tensor); return v }

// Graph returns a sub-graph attribute, or nil.
func (a Attrs) Graph(name string) *Graph { v, _ := a[name].(*Graph); return v }

// SetInts stores a list of ints as the []int64 that attributes hold.
func (a Attrs) SetInts(name string, v []int) {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	a[name] = out
}
