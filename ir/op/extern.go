package op

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// An operator that deepgo does not know is Extern where the user supplies its C: "op" is its name, "function" the C function, and "types"
// are its outputs', such as 1x8xf32.
var externDefs = []*Def{
	{Name: "Extern", In: Args("inputs..."), Out: Args("outputs..."), Attrs: []Attr{Str("op", ""), Str("function", ""), Strs("types")}, Infer: inferExtern, Eval: evalExtern, Lower: lowerExtern, Moves: true, Random: true},
	{Name: "extern", In: Args("inputs..."), Out: Args("outputs..."), Eval: evalExtern, Foreign: true},
}

// ParseExternType reads a type as --extern has it: sizes and an element type joined by x.
func ParseExternType(text string) (ir.Type, error) {
	parts := strings.Split(text, "x")
	n := len(parts) - 1
	d, err := tensor.ParseDType(parts[n])
	if err != nil {
		return ir.Type{}, fmt.Errorf("%q is not an element type; expected one such as f32, i64 or u8, behind the sizes: 1x8xf32", parts[n])
	}
	t := ir.Type{DType: d, Shape: make([]int, n)}
	for i, s := range parts[:n] {
		size, err := strconv.Atoi(s)
		if err != nil || size < 0 {
			return ir.Type{}, fmt.Errorf("%q is not a type; expected sizes and an element type, such as 1x8xf32", text)
		}
		t.Shape[i] = size
	}
	return t, nil
}

// ExternType writes a type in that form.
func ExternType(t ir.Type) string {
	var b strings.Builder
	for _, s := range t.Shape {
		fmt.Fprintf(&b, "%dx", s)
	}
	return b.String() + t.DType.String()
}

func inferExtern(c *Call) ([]ir.Type, error) {
	var types []ir.Type
	for _, text := range c.Attrs.Strings("types") {
		t, err := ParseExternType(text)
		if err != nil {
			return nil, err
		}
		types = append(types, t)
	}
	return types, nil
}

func evalExtern(c *Call) ([]*tensor.Tensor, error) {
	return nil, fmt.Errorf("operator %s is the C function %s, which is yours: deepgo compile calls it, the interpreter cannot", c.Attrs.String("op"), c.Attrs.String("function"))
}

func lowerExtern(l *Lowering) error {
	l.EmitTo(l.Node.Outputs, "extern", ir.Attrs{"op": l.Attrs.String("op"), "function": l.Attrs.String("function")}, l.Node.Inputs...)
	return nil
}
