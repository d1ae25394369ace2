package op

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Operators whose results are true or false, those on bools and bits, and Where.
var logicDefs = []*Def{
	truthDef("Equal", 7, 11, 13, 19), truthDef("Greater", 7, 9, 13), truthDef("GreaterOrEqual", 12, 16), truthDef("Less", 7, 9, 13), truthDef("LessOrEqual", 12, 16),
	truthDef("And", 7), truthDef("Or", 7), truthDef("Xor", 7),
	bitsDef("BitwiseAnd", 18), bitsDef("BitwiseOr", 18), bitsDef("BitwiseXor", 18), bitsDef("BitShift", 11, 28),
	{Name: "Not", Since: []int{1}, In: Args("X"), Out: Args("Y"), Infer: inferTruth, Eval: evalEach, Lower: lowerEach},
	{Name: "BitwiseNot", Since: []int{18}, In: Args("X"), Out: Args("Y"), Infer: sameAsInput, Eval: evalEach, Lower: lowerEach},
	{Name: "IsNaN", Since: []int{9, 13, 20}, In: Args("X"), Out: Args("Y"), Infer: inferTruth, Eval: evalEach, Lower: lowerEach},
	{Name: "IsInf", Since: []int{10, 20}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Int("detect_negative", 1), Int("detect_positive", 1)}, Infer: inferTruth, Eval: evalEach, Lower: lowerEach},
	{Name: "Where", Since: []int{9, 16}, In: Args("condition", "X", "Y"), Out: Args("output"), Infer: inferWhere, Eval: evalEach, Lower: lowerEach, Moves: true},
}

func truthDef(name string, since ...int) *Def {
	return &Def{Name: name, Since: since, In: Args("A", "B"), Out: Args("C"), Infer: inferTruth, Eval: evalEach, Lower: lowerEach}
}

func bitsDef(name string, since ...int) *Def {
	d := &Def{Name: name, Since: since, In: Args("A", "B"), Out: Args("C"), Infer: inferBinary, Eval: evalEach, Lower: lowerEach}
	if name == "BitShift" {
		d.Attrs = []Attr{Str("direction", "").Must()}
	}
	return d
}

// truthFuncs are the elementwise functions of floats whose results are true or false, 1 or 0 here; integers have theirs in
// integerFuncs. Where stands with them, as it takes one of those results.
var truthFuncs = []scalarFunc{
	test("Equal", func(a []float64) bool { return a[0] == a[1] }, 2, "$0 == $1"),
	test("Greater", func(a []float64) bool { return a[0] > a[1] }, 2, "$0 > $1"),
	test("GreaterOrEqual", func(a []float64) bool { return a[0] >= a[1] }, 2, "$0 >= $1"),
	test("Less", func(a []float64) bool { return a[0] < a[1] }, 2, "$0 < $1"),
	test("LessOrEqual", func(a []float64) bool { return a[0] <= a[1] }, 2, "$0 <= $1"),
	test("IsNaN", func(a []float64) bool { return a[0] != a[0] }, 1, "$0 != $0"),
	{"IsInf", 3, []Attr{Int("detect_negative", 1), Int("detect_positive", 1)}, func(a []float64) float64 {
		return float64(boolToInt(math.IsInf(a[0], -1) && a[1] != 0 || math.IsInf(a[0], 1) && a[2] != 0))
	}, "($1 != 0 && $0 == -DG_INF) || ($2 != 0 && $0 == DG_INF)"},
	{"Where", 3, nil, func(a []float64) float64 {
		if a[0] != 0 {
			return a[1]
		}
		return a[2]
	}, "$0 != 0 ? $1 : $2"},
}

func test(name string, f func([]float64) bool, arity int, c string) scalarFunc {
	return scalarFunc{name: name, arity: arity, eval: func(a []float64) float64 { return float64(boolToInt(f(a))) }, c: c}
}

func inferTruth(c *Call) ([]ir.Type, error) {
	shape := c.Shape(0)
	for i := 1; i < c.N(); i++ {
		if c.Type(i).DType != c.Type(0).DType {
			return nil, fmt.Errorf("operands are %s and %s; they must have one element type", c.Type(0).DType, c.Type(i).DType)
		}
		var err error
		if shape, err = broadcast(shape, c.Shape(i)); err != nil {
			return nil, err
		}
	}
	return typed(tensor.Bool, shape...), nil
}

func inferWhere(c *Call) ([]ir.Type, error) {
	if c.Type(0).DType != tensor.Bool || c.Type(1).DType != c.Type(2).DType {
		return nil, fmt.Errorf("condition is %s, X %s and Y %s; expected bool and one element type", c.Type(0).DType, c.Type(1).DType, c.Type(2).DType)
	}
	shape, err := broadcast(c.Shape(0), c.Shape(1))
	if err != nil {
		return nil, err
	}
	shape, err = broadcast(shape, c.Shape(2))
	return typed(c.Type(1).DType, shape...), err
}
