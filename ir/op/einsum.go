package op

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Einsum, and the determinant.
var einsumDefs = []*Def{
	{Name: "Einsum", Since: []int{12, 28}, In: Args("Inputs..."), Out: Args("Output"), Attrs: []Attr{Str("equation", "").Must()}, Infer: inferEinsum, Eval: evalEinsum, Lower: lowerEinsum},
	{Name: "Det", Since: []int{11, 22}, In: Args("X"), Out: Args("Y"), Infer: inferDet, Eval: evalDet, Lower: lowerDet},
}

// einsum is a parsed equation: the sizes of its indices, those of the output first, and each operand's strides along them.
type einsum struct {
	out, sizes []int   // of the output, of all indices
	strides    [][]int // per operand and index
}

// newEinsum parses an equation. An ellipsis stands for as many indices as an operand has left; where operands have different numbers
// of them they are aligned at the end, and broadcast.
func newEinsum(equation string, shapes [][]int) (*einsum, error) {
	left, right, explicit := strings.Cut(strings.ReplaceAll(equation, " ", ""), "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(shapes) {
		return nil, fmt.Errorf("equation %q has %d terms for %d operands", equation, len(terms), len(shapes))
	}
	most := 0 // indices that an ellipsis stands for
	for i, term := range terms {
		named := len(strings.ReplaceAll(term, "...", ""))
		rest := len(shapes[i]) - named
		if rest < 0 || rest > 0 && !strings.Contains(term, "...") {
			return nil, fmt.Errorf("term %q does not fit an operand of shape %v", term, shapes[i])
		}
		most = max(most, rest)
	}
	labels := make([][]string, len(terms))
	for i, term := range terms {
		labels[i] = labelsOf(term, len(shapes[i]), most)
	}
	if !explicit {
		right = implicitOutput(terms)
	}
	e := &einsum{}
	order := labelsOf(right, most+len(strings.ReplaceAll(right, "...", "")), most)
	if !strings.Contains(right, "...") {
		order = labelsOf(right, len(right), most)
	}
	n := len(order)
	for _, list := range labels {
		for _, l := range list {
			if !slices.Contains(order, l) {
				order = append(order, l)
			}
		}
	}
	if err := e.measure(order, labels, shapes); err != nil {
		return nil, fmt.Errorf("equation %q: %w", equation, err)
	}
	e.out = e.sizes[:n]
	return e, nil
}

// labelsOf names the indices of a term: letters, and .0 … for those of an ellipsis, counted from the end.
func labelsOf(term string, rank, most int) []string {
	before, after, _ := strings.Cut(term, "...")
	var list []string
	for _, r := range before {
		list = append(list, string(r))
	}
	if strings.Contains(term, "...") {
		for k := rank - len(before) - len(after); k > 0; k-- {
			list = append(list, fmt.Sprintf(".%d", k))
		}
	}
	for _, r := range after {
		list = append(list, string(r))
	}
	return list
}

// implicitOutput is the ellipsis, if any, and the letters that occur once, in order.
func implicitOutput(terms []string) string {
	all := strings.Join(terms, "")
	out := ""
	if strings.Contains(all, "...") {
		out = "..."
	}
	letters := strings.Split(strings.ReplaceAll(all, ".", ""), "")
	slices.Sort(letters)
	for _, l := range letters {
		if strings.Count(all, l) == 1 {
			out += l
		}
	}
	return out
}

// measure finds the size of every index, and the operands' strides: those of an index that stands twice in a term add up.
func (e *einsum) measure(order []string, labels [][]string, shapes [][]int) error {
	e.sizes = orOnes(nil, len(order))
	seen := make([]bool, len(order))
	for i, list := range labels {
		e.strides = append(e.strides, make([]int, len(order)))
		for d, s := range stridesOf(shapes[i]) {
			k, n := slices.Index(order, list[d]), shapes[i][d]
			seen[k] = true
			if n == 1 && list[d][0] == '.' {
				continue
			}
			if e.sizes[k] != 1 && e.sizes[k] != n {
				return fmt.Errorf("index %s has sizes %d and %d", list[d], e.sizes[k], n)
			}
			e.sizes[k] = n
			e.strides[i][k] += s
		}
	}
	if k := slices.Index(seen, false); k >= 0 {
		return fmt.Errorf("index %s of the output is in no operand", order[k])
	}
	return nil
}

func einsumOf(c *Call) (*einsum, error) {
	shapes := make([][]int, c.N())
	for i := range shapes {
		shapes[i] = c.Shape(i)
		if c.Type(i).DType != c.Type(0).DType {
			return nil, fmt.Errorf("operands are %s and %s; they must have one element type", c.Type(0).DType, c.Type(i).DType)
		}
	}
	return newEinsum(c.Attrs.String("equation"), shapes)
}

func inferEinsum(c *Call) ([]ir.Type, error) {
	e, err := einsumOf(c)
	if err != nil {
		return nil, err
	}
	return typed(c.Type(0).DType, e.out...), nil
}

func evalEinsum(c *Call) ([]*tensor.Tensor, error) {
	e, err := einsumOf(c)
	if err != nil {
		return nil, err
	}
	y := tensor.New(c.X(0).DType, e.out...)
	e.contract(c.in, y)
	return one(y), nil
}

// contract sums the products of the operands' elements over the indices that the output lacks.
func (e *einsum) contract(x []*tensor.Tensor, y *tensor.Tensor) {
	n := max(tensor.Len(e.sizes[len(e.out):]), 1)
	sum, whole, i := 0.0, int64(0), 0
	walk(e.sizes, func(at []int) {
		product, integer := 1.0, int64(1)
		for k, t := range x {
			if y.DType.IsFloat() {
				product *= t.F64(at[k])
			} else {
				integer *= t.I64(at[k])
			}
		}
		sum, whole = sum+product, whole+integer
		if i++; i%n != 0 {
			return
		}
		if y.DType.IsFloat() {
			y.SetF64(i/n-1, sum)
		} else {
			y.SetI64(i/n-1, whole)
		}
		sum, whole = 0, 0
	}, e.strides...)
}

func inferDet(c *Call) ([]ir.Type, error) {
	s := c.Shape(0)
	n := len(s)
	if n < 2 || s[n-1] != s[n-2] {
		return nil, fmt.Errorf("X has shape %v; expected square matrices", s)
	}
	return typed(c.Type(0).DType, s[:n-2]...), nil
}

func evalDet(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferDet(c)
	if err != nil {
		return nil, err
	}
	s := c.X(0).Shape
	n := s[len(s)-1]
	x, y := c.X(0).Float64s(), tensor.New(types[0].DType, types[0].Shape...)
	for i := range y.Len() {
		y.SetF64(i, determinant(slices.Clone(x[i*n*n:(i+1)*n*n]), n))
	}
	return one(y), nil
}

// determinant eliminates column after column, with the greatest element left in each as pivot.
func determinant(m []float64, n int) float64 {
	det := 1.0
	for c := range n {
		pivot := c
		for r := c + 1; r < n; r++ {
			if math.Abs(m[r*n+c]) > math.Abs(m[pivot*n+c]) {
				pivot = r
			}
		}
		if m[pivot*n+c] == 0 {
			return 0
		}
		if pivot != c {
			det = -det
			for k := range n {
				m[c*n+k], m[pivot*n+k] = m[pivot*n+k], m[c*n+k]
			}
		}
		det *= m[c*n+c]
		for r := c + 1; r < n; r++ {
			f := m[r*n+c] / m[c*n+c]
			for k := c; k < n; k++ {
				m[r*n+k] -= f * m[c*n+k]
			}
		}
	}
	return det
}
