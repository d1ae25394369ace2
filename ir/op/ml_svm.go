package op

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Support vector machines. Pairwise, deepgo's own, compares rows with support vectors, or with rows of another matrix; SVMDecisions weighs the results for each pair of
// classes, and SVMProbabilities couples the pairs' probabilities.
var svmDefs = []*Def{
	{Name: "SVMClassifier", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y", "Z"), Upgrade: upgradeLabels, Attrs: append(svmAttrs, labelAttrs("classlabels_ints")...), Parts: partsSVMClassifier},
	{Name: "SVMRegressor", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: append(svmAttrs, Int("n_supports", 0), Int("one_class", 0)), Parts: partsSVMRegressor},
	{Name: "Pairwise", In: Args("X", "V"), Out: Args("Y"), Attrs: []Attr{Str("kind", "LINEAR"), Float("gamma", 0), Float("coef0", 0), Float("degree", 0)}, Infer: inferPairwise, Eval: evalPairwise, Lower: lowerPairwise},
	{Name: "SVMDecisions", In: Args("K", "coefficients", "first", "rho"), Out: Args("Y"), Infer: inferDecisions, Eval: evalDecisions, Lower: lowerDecisions},
	{Name: "SVMProbabilities", In: Args("D", "a", "b"), Out: Args("Y"), Attrs: []Attr{Int("classes", 0)}, Infer: inferCoupling, Eval: evalCoupling, Lower: lowerCoupling},
	{Name: "pairwise_f32", In: Args("x", "v"), Out: Args("y"), Eval: evalPairwiseKernel},
	{Name: "svmpairs_f32", In: Args("k", "coef", "first", "rho"), Out: Args("y"), Eval: evalDecisionsKernel},
	{Name: "svmproba_f32", In: Args("d", "a", "b"), Out: Args("y"), Eval: evalCouplingKernel},
}

var svmAttrs = []Attr{Floats("coefficients"), Floats("kernel_params"), Str("kernel_type", "LINEAR"), Str("post_transform", "NONE"), Floats("prob_a"), Floats("prob_b"), Floats("rho"), Floats("support_vectors"), Ints("vectors_per_class")}

// pairwise compares rows of features with n vectors by the model's kernel function.
func (p *Parts) pairwise(kind string, x *ir.Value, vectors []float32, n int) *ir.Value {
	features := x.Type.Shape[1]
	if len(vectors) != n*features {
		p.Fail("%d numbers for %d vectors of %d features", len(vectors), n, features)
	}
	attrs := ir.Attrs{"kind": kind}
	for i, v := range p.Attrs.Floats("kernel_params") {
		if i < 3 {
			attrs[[]string{"gamma", "coef0", "degree"}[i]] = v
		}
	}
	return p.Do("Pairwise", attrs, x, p.floats(tensor.Float32, vectors, n, features))
}

func partsSVMRegressor(p *Parts) []*ir.Value {
	x := p.Cast(p.rows(p.In(0)), tensor.Float32)
	n, rho := p.Attrs.Int("n_supports"), p.Attrs.Floats("rho")
	if len(rho) < 1 {
		p.Fail("rho is missing")
	}
	var y *ir.Value
	if n > 0 {
		k := p.pairwise(p.Attrs.String("kernel_type"), x, p.Attrs.Floats("support_vectors"), n)
		if len(p.Attrs.Floats("coefficients")) != n {
			p.Fail("%d coefficients for %d support vectors", len(p.Attrs.Floats("coefficients")), n)
		}
		y = p.MatMul(k, p.floats(tensor.Float32, p.Attrs.Floats("coefficients"), n, 1))
	} else {
		y = p.pairwise("LINEAR", x, p.Attrs.Floats("coefficients"), 1)
	}
	y = p.Add(y, p.Like(y, float64(rho[0])))
	if p.Attrs.Bool("one_class") {
		return []*ir.Value{p.Where(p.Do("Greater", nil, y, p.Like(y, 0)), p.Like(y, 1), p.Like(y, -1))}
	}
	return []*ir.Value{p.transformed(y)}
}

func partsSVMClassifier(p *Parts) []*ir.Value {
	labels := p.labels("classlabels_ints")
	x, n := p.Cast(p.rows(p.In(0)), tensor.Float32), labels.Type.Len()
	first := []int64{0}
	for _, count := range p.Attrs.Ints("vectors_per_class") {
		first = append(first, first[len(first)-1]+int64(count))
	}
	vectors, rho := int(first[len(first)-1]), p.Attrs.Floats("rho")
	if vectors == 0 { // one linear function for each class
		scores := p.pairwise("LINEAR", x, p.Attrs.Floats("coefficients"), n)
		if len(rho) > 0 {
			scores = p.Add(scores, p.Like(scores, float64(rho[0])))
		}
		return []*ir.Value{p.chosen(scores, labels), p.transformed(scores)}
	}
	pairs, coefficients := n*(n-1)/2, p.Attrs.Floats("coefficients")
	if len(first) != n+1 || len(rho) < pairs || len(coefficients) < (n-1)*vectors {
		p.Fail("%d classes, %d lists of support vectors, %d values of rho and %d coefficients do not belong together", n, len(first)-1, len(rho), len(coefficients))
	}
	k := p.pairwise(p.Attrs.String("kernel_type"), x, p.Attrs.Floats("support_vectors"), vectors)
	d := p.Do("SVMDecisions", nil, k, p.floats(tensor.Float32, coefficients[:(n-1)*vectors], n-1, vectors), p.Constant(smallInts(first)), p.floats(tensor.Float32, rho[:pairs], pairs))
	label := p.chosen(p.votes(d, n), labels)
	a, b := p.Attrs.Floats("prob_a"), p.Attrs.Floats("prob_b")
	switch {
	case len(a) >= pairs && len(b) >= pairs && pairs > 0:
		z := p.Do("SVMProbabilities", ir.Attrs{"classes": int64(n)}, d, p.floats(tensor.Float32, a[:pairs], pairs), p.floats(tensor.Float32, b[:pairs], pairs))
		return []*ir.Value{label, p.transformed(z)}
	case n > 2:
		return []*ir.Value{label, p.transformed(d)}
	}
	switch both := p.Concat(1, p.Do("Neg", nil, d), d); p.Attrs.String("post_transform") { // as ONNX Runtime writes one score as two
	case "NONE":
		return []*ir.Value{label, both}
	case "LOGISTIC":
		return []*ir.Value{label, p.Do("Sigmoid", nil, both)}
	}
	return []*ir.Value{label, p.Concat(1, p.Sub(p.Like(d, 1), d), d)}
}

// votes counts, per class, the pairs that it wins: the first of a pair where the decision is positive.
func (p *Parts) votes(d *ir.Value, n int) *ir.Value {
	pairs := d.Type.Shape[1]
	win, lose := tensor.New(tensor.Float32, pairs, n), tensor.New(tensor.Float32, n)
	k := 0
	for i := range n {
		for j := i + 1; j < n; j++ {
			win.SetF64(k*n+i, 1)
			win.SetF64(k*n+j, -1)
			lose.SetF64(j, lose.F64(j)+1)
			k++
		}
	}
	won := p.Cast(p.Do("Greater", nil, d, p.Like(d, 0)), tensor.Float32)
	return p.Do("Gemm", nil, won, p.Constant(win), p.Constant(lose))
}

func inferPairwise(c *Call) ([]ir.Type, error) {
	if _, ok := pairwiseKinds[c.Attrs.String("kind")]; !ok {
		return nil, fmt.Errorf("kernel_type %q is unknown; expected LINEAR, POLY, RBF or SIGMOID", c.Attrs.String("kind"))
	}
	return typed(tensor.Float32, c.Shape(0)[0], c.Shape(1)[0]), nil
}

// pairwiseKinds are the kernel functions: how two rows are brought together, by products or by distances, and what is made of the sum.
var pairwiseKinds = map[string]struct {
	distance bool
	finish   func(v, gamma, coef0, degree float64) float64
	c        string // over acc, GAMMA, COEF0 and DEGREE
}{
	"EUCLIDEAN":   {true, func(v, _, _, _ float64) float64 { return math.Sqrt(v) }, "dg_sqrtf(acc)"},
	"LINEAR":      {false, func(v, _, _, _ float64) float64 { return v }, "acc"},
	"POLY":        {false, func(v, g, c, d float64) float64 { return math.Pow(g*v+c, d) }, "dg_powf(GAMMA * acc + COEF0, DEGREE)"},
	"RBF":         {true, func(v, g, _, _ float64) float64 { return math.Exp(-g * v) }, "dg_expf(-GAMMA * acc)"},
	"SQEUCLIDEAN": {true, func(v, _, _, _ float64) float64 { return v }, "acc"},
	"SIGMOID":     {false, func(v, g, c, _ float64) float64 { return math.Tanh(g*v + c) }, "dg_tanhf(GAMMA * acc + COEF0)"},
}

func comparePairs(x, v, y *tensor.Tensor, features int, kind string, gamma, coef0, degree float32) {
	f := pairwiseKinds[kind]
	n := v.Len() / features
	for i := range y.Len() {
		acc := 0.0
		for k := range features {
			a, b := x.F64(i/n*features+k), v.F64(i%n*features+k)
			if f.distance {
				acc += (a - b) * (a - b)
			} else {
				acc += a * b
			}
		}
		y.SetF64(i, f.finish(acc, float64(gamma), float64(coef0), float64(degree)))
	}
}

func evalPairwise(c *Call) ([]*tensor.Tensor, error) {
	y := tensor.New(tensor.Float32, c.X(0).Shape[0], c.X(1).Shape[0])
	comparePairs(c.X(0), c.X(1), y, c.X(0).Shape[1], c.Attrs.String("kind"), c.Attrs.Float("gamma"), c.Attrs.Float("coef0"), c.Attrs.Float("degree"))
	return one(y), nil
}

func lowerPairwise(l *Lowering) error {
	kind := l.Attrs.String("kind")
	step := "(acc + (a) * (b))"
	if pairwiseKinds[kind].distance {
		step = "(acc + ((a) - (b)) * ((a) - (b)))"
	}
	attrs := ir.Attrs{"kind": kind, "ROWS": int64(l.Shape(0)[0]), "N": int64(l.Shape(1)[0]), "FEATURES": int64(l.Shape(0)[1]), "GAMMA": l.Attrs.Float("gamma"), "COEF0": l.Attrs.Float("coef0"), "DEGREE": l.Attrs.Float("degree"),
		"STEP(acc, a, b)": step, "FINISH(acc)": pairwiseKinds[kind].c}
	l.Replace("pairwise_f32", attrs, l.In(0), l.In(1))
	return nil
}

func evalPairwiseKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	comparePairs(c.X(0), c.X(1), y, a.Int("FEATURES"), a.String("kind"), a.Float("GAMMA"), a.Float("COEF0"), a.Float("DEGREE"))
	return one(y), nil
}

func inferDecisions(c *Call) ([]ir.Type, error) {
	return typed(tensor.Float32, c.Shape(0)[0], c.Type(3).Len()), nil
}

func evalDecisions(c *Call) ([]*tensor.Tensor, error) {
	y := tensor.New(tensor.Float32, c.X(0).Shape[0], c.X(3).Len())
	decide(c.X(0), c.X(1), c.X(2), c.X(3), y)
	return one(y), nil
}

// decide sums, for each pair of classes, the results of their support vectors. A vector has a coefficient for every other class.
func decide(k, coef, first, rho, y *tensor.Tensor) {
	classes := first.Len() - 1
	vectors := int(first.I64(classes))
	i := 0
	for r := range k.Len() / vectors {
		pair := 0
		for a := range classes {
			for b := a + 1; b < classes; b++ {
				acc := rho.F64(pair)
				for v := first.I64(a); v < first.I64(a+1); v++ {
					acc += coef.F64((b-1)*vectors+int(v)) * k.F64(r*vectors+int(v))
				}
				for v := first.I64(b); v < first.I64(b+1); v++ {
					acc += coef.F64(a*vectors+int(v)) * k.F64(r*vectors+int(v))
				}
				y.SetF64(i, acc)
				i, pair = i+1, pair+1
			}
		}
	}
}

func lowerDecisions(l *Lowering) error {
	classes := l.Type(2).Len() - 1
	l.Replace("svmpairs_f32", ir.Attrs{"IT": l.Type(2).DType.C(), "ROWS": int64(l.Shape(0)[0]), "CLASSES": int64(classes), "VECTORS": int64(l.Shape(0)[1])}, l.Node.Inputs...)
	return nil
}

func evalDecisionsKernel(c *Call) ([]*tensor.Tensor, error) {
	y := c.newOut(0)
	decide(c.X(0), c.X(1), c.X(2), c.X(3), y)
	return one(y), nil
}

func inferCoupling(c *Call) ([]ir.Type, error) {
	return typed(tensor.Float32, c.Shape(0)[0], c.Attrs.Int("classes")), nil
}

func evalCoupling(c *Call) ([]*tensor.Tensor, error) {
	y := tensor.New(tensor.Float32, c.X(0).Shape[0], c.Attrs.Int("classes"))
	couple(c.X(0), c.X(1), c.X(2), y, c.Attrs.Int("classes"))
	return one(y), nil
}

// couple makes probabilities of classes from those of pairs, by Wu, Lin and Weng's second method ("Probability estimates for multi-class
// classification by pairwise coupling", 2004): it minimizes, by turns in each class, how much the pairs disagree, until the gradient is
// as even as libsvm and ONNX Runtime want it.
func couple(d, a, b, y *tensor.Tensor, n int) {
	pairs := a.Len()
	for row := range d.Len() / pairs {
		r := make([]float64, n*n) // r[i*n+j]: i wins against j
		pair := 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				v := 1 / (1 + math.Exp(d.F64(row*pairs+pair)*a.F64(pair)+b.F64(pair)))
				v = min(max(v, 1e-7), 1-1e-7)
				r[i*n+j], r[j*n+i] = v, 1-v
				pair++
			}
		}
		for i, p := range coupled(r, n) {
			y.SetF64(row*n+i, p)
		}
	}
}

func coupled(r []float64, n int) []float64 {
	q, p, qp := make([]float64, n*n), make([]float64, n), make([]float64, n)
	for i := range n {
		p[i] = 1 / float64(n)
		for j := range n {
			if i != j {
				q[i*n+i] += r[j*n+i] * r[j*n+i]
				q[i*n+j] = -r[j*n+i] * r[i*n+j]
			}
		}
	}
	for range max(100, n) {
		pqp, worst := 0.0, 0.0
		for i := range n {
			qp[i] = dot(q, i, p)
			pqp += p[i] * qp[i]
		}
		for i := range n {
			worst = max(worst, math.Abs(qp[i]-pqp))
		}
		if worst < 0.005/float64(n) {
			break
		}
		for i := range n {
			step := (pqp - qp[i]) / q[i*n+i]
			p[i] += step
			pqp = (pqp + step*(step*q[i*n+i]+2*qp[i])) / (1 + step) / (1 + step)
			for j := range n {
				qp[j] = (qp[j] + step*q[i*n+j]) / (1 + step)
				p[j] /= 1 + step
			}
		}
	}
	return p
}

func lowerCoupling(l *Lowering) error {
	n := l.Attrs.Int("classes")
	l.Replace("svmproba_f32", ir.Attrs{"ROWS": int64(l.Shape(0)[0]), "CLASSES": int64(n), "scratch": int64(4 * (n*n + n))}, l.Node.Inputs...)
	return nil
}

func evalCouplingKernel(c *Call) ([]*tensor.Tensor, error) {
	y := c.newOut(0)
	couple(c.X(0), c.X(1), c.X(2), y, c.Attrs.Int("CLASSES"))
	return one(y), nil
}
