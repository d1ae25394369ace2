package op

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir"
)

// scalarFunc is a function of one element: what it means, and how C says it. Arguments after the operands are the
// operator's attributes.
type scalarFunc struct {
	name  string
	arity int    // operands and attributes together
	attrs []Attr // the operator's attributes, in the order of the last arguments
	eval  func(a []float64) float64
	c     string // C expression over $0, $1, …: float operands, each used more than once only where it is a name
}

func un(name string, f func(float64) float64, c string) scalarFunc {
	return scalarFunc{name: name, arity: 1, eval: func(a []float64) float64 { return f(a[0]) }, c: c}
}

func bin(name string, f func(x, y float64) float64, c string) scalarFunc {
	return scalarFunc{name: name, arity: 2, eval: func(a []float64) float64 { return f(a[0], a[1]) }, c: c}
}

// scalarFuncs are the elementwise functions on floats. Arguments are rounded to float32 before, the result after.
var scalarFuncs = []scalarFunc{
	un("Abs", math.Abs, "dg_absf($0)"),
	un("Acos", math.Acos, "dg_acosf($0)"),
	un("Acosh", math.Acosh, "dg_acoshf($0)"),
	un("Asin", math.Asin, "dg_asinf($0)"),
	un("Asinh", math.Asinh, "dg_asinhf($0)"),
	un("Atan", math.Atan, "dg_atanf($0)"),
	un("Atanh", math.Atanh, "dg_atanhf($0)"),
	un("Ceil", math.Ceil, "dg_ceilf($0)"),
	un("Cos", math.Cos, "dg_cosf($0)"),
	un("Cosh", math.Cosh, "dg_coshf($0)"),
	un("Erf", math.Erf, "dg_erff($0)"),
	un("Exp", math.Exp, "dg_expf($0)"),
	un("Floor", math.Floor, "dg_floorf($0)"),
	un("HardSwish", func(x float64) float64 { return x * min(max(x/6+0.5, 0), 1) }, "dg_hardswishf($0)"),
	un("Log", math.Log, "dg_logf($0)"),
	un("Mish", func(x float64) float64 { return x * math.Tanh(softplus(x)) }, "dg_mishf($0)"),
	un("Neg", func(x float64) float64 { return -x }, "(-($0))"),
	un("Reciprocal", func(x float64) float64 { return 1 / x }, "(1.0f / ($0))"),
	un("Relu", func(x float64) float64 { return atLeast(x, 0) }, "dg_reluf($0)"),
	un("Round", math.RoundToEven, "dg_rintf($0)"),
	un("Sigmoid", func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, "dg_sigmoidf($0)"),
	un("Sign", sign, "dg_signf($0)"),
	un("Sin", math.Sin, "dg_sinf($0)"),
	un("Sinh", math.Sinh, "dg_sinhf($0)"),
	un("Softplus", softplus, "dg_softplusf($0)"),
	un("Softsign", func(x float64) float64 { return x / (1 + math.Abs(x)) }, "dg_softsignf($0)"),
	un("Sqrt", math.Sqrt, "dg_sqrtf($0)"),
	un("Tan", math.Tan, "dg_tanf($0)"),
	un("Tanh", math.Tanh, "dg_tanhf($0)"),
	bin("Add", func(x, y float64) float64 { return x + y }, "(($0) + ($1))"),
	bin("Sub", func(x, y float64) float64 { return x - y }, "(($0) - ($1))"),
	bin("Mul", func(x, y float64) float64 { return x * y }, "(($0) * ($1))"),
	bin("Div", func(x, y float64) float64 { return x / y }, "(($0) / ($1))"),
	bin("Pow", math.Pow, "dg_powf($0, $1)"),
	bin("Max", atLeast, "dg_maxf($0, $1)"),
	bin("Min", atMost, "dg_minf($0, $1)"),
	bin("PRelu", func(x, y float64) float64 {
		if x < 0 {
			return x * y
		}
		return x
	}, "dg_preluf($0, $1)"),
	{"Celu", 2, []Attr{Float("alpha", 1)}, func(a []float64) float64 { return max(a[0], 0) + min(0, a[1]*math.Expm1(a[0]/a[1])) }, "dg_celuf($0, $1)"},
	{"Elu", 2, []Attr{Float("alpha", 1)}, func(a []float64) float64 { return elu(a[0], a[1]) }, "dg_eluf($0, $1)"},
	{"HardSigmoid", 3, []Attr{Float("alpha", 0.2), Float("beta", 0.5)}, func(a []float64) float64 { return atMost(atLeast(a[0]*a[1]+a[2], 0), 1) }, "dg_minf(dg_maxf(($0) * ($1) + ($2), 0.0f), 1.0f)"},
	{"LeakyRelu", 2, []Attr{Float("alpha", 0.01)}, func(a []float64) float64 {
		if a[0] < 0 {
			return a[0] * a[1]
		}
		return a[0]
	}, "dg_preluf($0, $1)"},
	{"Selu", 3, []Attr{Float("alpha", 1.67326319217681884765625), Float("gamma", 1.05070102214813232421875)}, func(a []float64) float64 { return a[2] * elu(a[0], a[1]) }, "(($2) * dg_eluf($0, $1))"},
	{"Shrink", 3, []Attr{Float("bias", 0), Float("lambd", 0.5)}, shrink, "dg_shrinkf($0, $1, $2)"},
	{"Swish", 2, []Attr{Float("alpha", 1)}, func(a []float64) float64 { return a[0] / (1 + math.Exp(-a[0]*a[1])) }, "dg_swishf($0, $1)"},
	{"ThresholdedRelu", 2, []Attr{Float("alpha", 1)}, func(a []float64) float64 {
		if a[0] > a[1] {
			return a[0]
		}
		return 0
	}, "dg_thresholdf($0, $1)"},
	{"Clip", 3, nil, func(a []float64) float64 { return atMost(atLeast(a[0], a[1]), a[2]) }, "dg_minf(dg_maxf($0, $1), $2)"},
	un("Gelu", func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }, "dg_geluf($0)"),
	un("GeluTanh", geluTanh, "dg_gelutanhf($0)"),
	bin("Mod", modFloat, "dg_modf($0, $1)"),
	bin("Fmod", math.Mod, "dg_fmodf($0, $1)"),
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func elu(x, alpha float64) float64 {
	if x < 0 {
		return alpha * math.Expm1(x)
	}
	return x
}

func shrink(a []float64) float64 {
	switch {
	case a[0] < -a[2]:
		return a[0] + a[1]
	case a[0] > a[2]:
		return a[0] - a[1]
	}
	return 0
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

// atLeast is the greater of x and lo; a NaN x stays.
func atLeast(x, lo float64) float64 {
	if x < lo || lo != lo {
		return lo
	}
	return x
}

// atMost is the lesser of x and hi; a NaN x stays.
func atMost(x, hi float64) float64 {
	if x > hi || hi != hi {
		return hi
	}
	return x
}

// geluTanh is Gelu by its approximation.
func geluTanh(x float64) float64 {
	return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

// modFloat has the sign of the divisor, a zero included.
func modFloat(x, y float64) float64 {
	r := math.Mod(x, y)
	switch {
	case r == 0:
		return math.Copysign(0, y)
	case (r < 0) != (y < 0):
		return r + y
	}
	return r
}

func scalar(name string) *scalarFunc {
	for _, list := range [][]scalarFunc{scalarFuncs, truthFuncs} {
		for i := range list {
			if list[i].name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// funcName returns the name of the function that an operator applies to every element, which attributes may choose.
func funcName(opName string, a ir.Attrs) string {
	switch {
	case opName == "Mod" && a.Bool("fmod"):
		return "Fmod"
	case opName == "BitShift" && a.String("direction") == "LEFT":
		return "ShiftLeft"
	case opName == "BitShift":
		return "ShiftRight"
	case opName == "Gelu" && a.String("approximate") == "tanh":
		return "GeluTanh"
	}
	return opName
}

// Expr is a parsed expression of elementwise functions, such as Mul(Add(Erf(v0),1),v1).
type Expr struct {
	Func  string  // "" for a variable or a number
	Args  []*Expr // of Func
	Var   string  // name of a variable
	Value float32 // of a number
}

// ParseExpr parses the text of an expression.
func ParseExpr(text string) (*Expr, error) {
	e, rest, err := parseExpr(text)
	if err == nil && rest != "" {
		err = fmt.Errorf("text %q after expression", rest)
	}
	return e, err
}

func parseExpr(s string) (*Expr, string, error) {
	end := strings.IndexAny(s, "(),")
	if end < 0 {
		end = len(s)
	}
	word, rest := s[:end], s[end:]
	if !strings.HasPrefix(rest, "(") {
		e, err := parseLeaf(word)
		return e, rest, err
	}
	e := &Expr{Func: word}
	f := scalar(word)
	if f == nil {
		return nil, rest, fmt.Errorf("unknown function %q in expression", word)
	}
	for rest != "" && rest[0] != ')' {
		arg, tail, err := parseExpr(rest[1:])
		if err != nil {
			return nil, tail, err
		}
		e.Args, rest = append(e.Args, arg), tail
	}
	if rest == "" || len(e.Args) != f.arity {
		return nil, rest, fmt.Errorf("%s takes %d arguments", word, f.arity)
	}
	return e, rest[1:], nil
}

func parseLeaf(word string) (*Expr, error) {
	if word == "" {
		return nil, fmt.Errorf("an operand is missing in expression")
	}
	if word[0] == 'v' {
		return &Expr{Var: word}, nil
	}
	v, err := strconv.ParseFloat(word, 32)
	if err != nil {
		return nil, fmt.Errorf("%q is not an operand of an expression", word)
	}
	return &Expr{Value: float32(v)}, nil
}

// String returns the text of the expression.
func (e *Expr) String() string {
	switch {
	case e.Func != "":
		parts := make([]string, len(e.Args))
		for i, a := range e.Args {
			parts[i] = a.String()
		}
		return e.Func + "(" + strings.Join(parts, ",") + ")"
	case e.Var != "":
		return e.Var
	}
	return literal(e.Value)
}

func literal(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// Eval returns the value, rounded to float32 after every function. vars gives the variables' values.
func (e *Expr) Eval(vars func(string) float32) float32 {
	switch {
	case e.Func != "":
		args := make([]float64, len(e.Args))
		for i, a := range e.Args {
			args[i] = float64(a.Eval(vars))
		}
		return float32(scalar(e.Func).eval(args))
	case e.Var != "":
		return vars(e.Var)
	}
	return e.Value
}

// C returns the expression in C.
func (e *Expr) C() string {
	switch {
	case e.Func != "":
		c := scalar(e.Func).c
		for i, a := range e.Args {
			c = strings.ReplaceAll(c, "$"+strconv.Itoa(i), a.C())
		}
		return c
	case e.Var != "":
		return e.Var
	}
	return cFloat(e.Value)
}

// cFloat returns a float constant of C99 with exactly v's value.
func cFloat(v float32) string {
	switch {
	case v != v:
		return "DG_NAN"
	case math.IsInf(float64(v), 1):
		return "DG_INF"
	case math.IsInf(float64(v), -1):
		return "(-DG_INF)"
	}
	s := literal(v)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	if v < 0 || v == 0 && math.Signbit(float64(v)) {
		return "(" + s + "f)"
	}
	return s + "f"
}

// doubleLiteral returns a double constant of C99 with exactly v's value.
func doubleLiteral(v float64) string {
	switch {
	case v != v:
		return "(double)DG_NAN"
	case math.IsInf(v, 1):
		return "(double)DG_INF"
	case math.IsInf(v, -1):
		return "(-(double)DG_INF)"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	if math.Signbit(v) {
		return "(" + s + ")"
	}
	return s
}

// Subst returns outer with inner in the place of a variable; the text form of both and of the result.
func Subst(outer, variable, inner string) string {
	e, err := ParseExpr(outer)
	if err != nil {
		ir.Bugf("%v", err)
	}
	i, err := ParseExpr(inner)
	if err != nil {
		ir.Bugf("%v", err)
	}
	return e.subst(variable, i).String()
}

func (e *Expr) subst(variable string, inner *Expr) *Expr {
	if e.Var == variable {
		return inner
	}
	out := *e
	out.Args = make([]*Expr, len(e.Args))
	for i, a := range e.Args {
		out.Args[i] = a.subst(variable, inner)
	}
	return &out
}

// ExprOf returns the expression of an elementwise operator on float32 values: over v0, v1 … for its inputs, with scalar
// constants as numbers. ok is false for every other node.
func ExprOf(n *ir.Node) (expr string, ok bool) {
	f := scalar(funcName(n.Op, n.Attrs))
	if f == nil || n.Outputs[0].Type.DType.String() != "f32" {
		return "", false
	}
	args := make([]string, 0, f.arity)
	for i, v := range n.Inputs {
		switch {
		case v == nil && n.Op == "Clip":
			args = append(args, [...]string{"", "-Inf", "+Inf"}[i])
		case v == nil || v.Type.DType != n.Outputs[0].Type.DType:
			return "", false
		case v.IsConst() && v.Type.Len() == 1 && len(v.Type.Shape) <= len(n.Outputs[0].Type.Shape):
			args = append(args, literal(float32(v.Const.F64(0))))
		case n.Op == "Clip" && i > 0:
			return "", false
		default:
			args = append(args, "v"+strconv.Itoa(i))
		}
	}
	for len(args) < f.arity && n.Op == "Clip" {
		args = append(args, [...]string{"", "-Inf", "+Inf"}[len(args)])
	}
	for _, a := range f.attrs {
		v := a.Default.(float32)
		if n.Attrs.Has(a.Name) {
			v = n.Attrs.Float(a.Name)
		}
		args = append(args, literal(v))
	}
	if len(args) != f.arity {
		return "", false
	}
	return f.name + "(" + strings.Join(args, ",") + ")", true
}

// BindExpr sets the macro attributes of a kernel node from its expressions: POST(v) from post, EXPR(v0,v1,…) from expr; and where vectors is set
// VPOST and VEXPR, which are the same of vectors.
func BindExpr(n *ir.Node, vectors bool) error {
	d := Lookup(n.Op)
	if d == nil || d.Post == "" && !n.Attrs.Has("expr") {
		return nil
	}
	text, macro, vars := n.Attrs.String("expr"), "EXPR", []string{"v"}
	if d.Post != "" {
		if text, macro = n.Attrs.String("post"), strings.TrimSuffix(d.Post, "(v)"); text == "" {
			text = "v"
		}
	} else {
		vars = nil
		for i := range n.Inputs {
			vars = append(vars, "v"+strconv.Itoa(i))
		}
	}
	e, err := ParseExpr(text)
	if err != nil {
		return err
	}
	args := "(" + strings.Join(vars, ", ") + ")"
	if macro != "VPOST" {
		n.Attrs[macro+args] = e.C()
	}
	if vectors {
		n.Attrs["V"+strings.TrimPrefix(macro, "V")+args] = e.vectorC(vars)
	}
	return nil
}

// vectorFuncs are the functions that runtime/include/dg_vec_math.h has for vectors: dg_vabs for dg_absf.
var vectorFuncs = map[string]bool{"abs": true, "celu": true, "elu": true, "erf": true, "exp": true, "hardswish": true, "max": true, "min": true, "prelu": true,
	"relu": true, "rint": true, "sigmoid": true, "softsign": true, "sqrt": true, "swish": true, "tanh": true, "threshold": true}

var (
	floatC = regexp.MustCompile(`\b(?:\d+(?:\.\d*)?(?:e[-+]?\d+)?f|DG_INF|DG_NAN)\b`)
	funcC  = regexp.MustCompile(`\bdg_(\w+)f\(`)
)

// vectorC returns the expression in C for vectors of its variables: as a whole, or where a function is missing, lane by lane.
func (e *Expr) vectorC(vars []string) string {
	c := e.C()
	for _, f := range funcC.FindAllStringSubmatch(c, -1) {
		if !vectorFuncs[f[1]] {
			return e.lanesC(vars)
		}
	}
	if e.Func == "" && e.Var == "" { // a number
		return e.lanesC(vars)
	}
	return funcC.ReplaceAllString(floatC.ReplaceAllString(c, "dg_vset($0)"), "dg_v$1(")
}

// lanesC is the expression in C for a lane after the other.
func (e *Expr) lanesC(vars []string) string {
	var args []string
	for _, v := range vars {
		lane := "l" + v[1:]
		args = append(args, v, lane)
		e = e.subst(v, &Expr{Var: lane})
	}
	return fmt.Sprintf("DG_LANES%d(%s, %s)", len(vars), strings.Join(args, ", "), e.C())
}

// postOf returns the function that a kernel's post attribute says, for its Eval.
func postOf(c *Call) func(float32) float32 {
	text := c.Attrs.String("post")
	if text == "" {
		return func(v float32) float32 { return v }
	}
	e, err := ParseExpr(text)
	if err != nil {
		ir.Bugf("%v", err)
	}
	return func(v float32) float32 { return e.Eval(func(string) float32 { return v }) }
}
