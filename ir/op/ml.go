package op

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

const mlDomain = "ai.onnx.ml"

// Classical machine learning but trees and support vectors: linear models, what prepares features, and labels. Class labels that are
// strings are places in the model's table of strings.
var mlDefs = []*Def{
	{Name: "LinearClassifier", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y", "Z"), Upgrade: upgradeLabels,
		Attrs: append([]Attr{Floats("coefficients").Must(), Floats("intercepts"), Int("multi_class", 0), Str("post_transform", "NONE")}, labelAttrs("classlabels_ints")...), Parts: partsLinearClassifier},
	{Name: "LinearRegressor", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Floats("coefficients"), Floats("intercepts"), Str("post_transform", "NONE"), Int("targets", 1)}, Parts: partsLinearRegressor},
	{Name: "Scaler", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Floats("offset"), Floats("scale")}, Parts: partsScaler},
	{Name: "Normalizer", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Str("norm", "MAX")}, Parts: partsNormalizer},
	{Name: "Binarizer", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Float("threshold", 0)}, Parts: partsBinarizer},
	{Name: "Imputer", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Floats("imputed_value_floats"), Ints("imputed_value_int64s"), Float("replaced_value_float", 0), Int("replaced_value_int64", 0)}, Parts: partsImputer},
	{Name: "OneHotEncoder", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Ints("cats_int64s"), Strs("cats_strings"), Ints("cats_places"), Int("zeros", 1)}, Upgrade: upgradeCategories, Parts: partsOneHotEncoder},
	{Name: "ArrayFeatureExtractor", Domain: mlDomain, Since: []int{1}, In: Args("X", "Y"), Out: Args("Z"), Parts: partsArrayFeatureExtractor},
	{Name: "FeatureVectorizer", Domain: mlDomain, Since: []int{1}, In: Args("X..."), Out: Args("Y"), Attrs: []Attr{Ints("inputdimensions")}, Parts: partsFeatureVectorizer},
	{Name: "LabelEncoder", Domain: mlDomain, Since: []int{1, 2, 4}, In: Args("X"), Out: Args("Y"),
		Attrs:   []Attr{Float("default_float", 0), Int("default_int64", -1), Str("default_string", "_Unused"), Tensor("default_tensor"), Floats("keys_floats"), Ints("keys_int64s"), Strs("keys_strings"), Tensor("keys_tensor"), Floats("values_floats"), Ints("values_int64s"), Strs("values_strings"), Tensor("values_tensor"), Strs("classes_strings")},
		Upgrade: upgradeLabelEncoder, Infer: inferMapKeys, Eval: evalMapKeys, Lower: lowerMapKeys},
	{Name: "CategoryMapper", Domain: mlDomain, Since: []int{1}, In: Args("X"), Out: Args("Y"), Attrs: []Attr{Ints("cats_int64s"), Strs("cats_strings"), Int("default_int64", -1), Str("default_string", "_Unused"), Tensor("keys_tensor"), Tensor("values_tensor"), Tensor("default_tensor")},
		Upgrade: upgradeCategoryMapper, Infer: inferMapKeys, Eval: evalMapKeys, Lower: lowerMapKeys},
	{Name: "mapkeys", In: Args("x", "keys", "values", "other"), Out: Args("y"), Eval: evalMapKeysKernel},
}

// labelAttrs declares a classifier's labels: integers, or strings and, once they are in the model's table, their places.
func labelAttrs(ints string) []Attr {
	return []Attr{Ints(ints), Strs("classlabels_strings"), Ints("label_places")}
}

// upgradeLabels enters class labels that are strings in the model's table.
func upgradeLabels(u *Upgrade, _ int) error {
	u.places("classlabels_strings", "label_places")
	return nil
}

// places makes a list of places of a list of strings.
func (u *Upgrade) places(from, to string) {
	list := u.Node.Attrs.Strings(from)
	if len(list) == 0 {
		return
	}
	delete(u.Node.Attrs, from)
	out := make([]int64, len(list))
	for i, s := range list {
		out[i] = u.Place(s)
	}
	u.Node.Attrs[to] = out
}

// labels returns a classifier's labels, as int64 or as strings.
func (p *Parts) labels(ints string) *ir.Value {
	d, list := tensor.String, p.Attrs.Ints("label_places")
	if list == nil {
		d, list = tensor.Int64, p.Attrs.Ints(ints)
	}
	if len(list) == 0 {
		p.Fail("class labels are missing")
	}
	t := tensor.New(d, len(list))
	for i, v := range list {
		t.SetI64(i, int64(v))
	}
	return p.Constant(t)
}

// rows returns x as [rows][features] of a float type; one dimension is one row.
func (p *Parts) rows(x *ir.Value) *ir.Value {
	s := x.Type.Shape
	if len(s) == 1 {
		x = p.Reshape(x, 1, s[0])
	} else if len(s) != 2 {
		p.Fail("X has shape %v; expected [rows, features]", s)
	}
	if x.Type.DType == tensor.Float64 {
		return x
	}
	return p.Cast(x, tensor.Float32)
}

// floats returns a list of floats as a constant of a type.
func (p *Parts) floats(d tensor.DType, v []float32, shape ...int) *ir.Value {
	t := tensor.New(d, shape...)
	for i, x := range v {
		t.SetF64(i, float64(x))
	}
	return p.Constant(t)
}

// transformed applies the model's post_transform to scores [rows][n].
func (p *Parts) transformed(x *ir.Value) *ir.Value {
	return p.transform(p.Attrs.String("post_transform"), x)
}

func (p *Parts) transform(name string, x *ir.Value) *ir.Value {
	switch name {
	case "NONE", "":
		return x
	case "LOGISTIC":
		return p.Do("Sigmoid", nil, x)
	case "SOFTMAX":
		return p.Do("Softmax", ir.Attrs{"axis": int64(1)}, x)
	case "SOFTMAX_ZERO": // scores of 0 stay, and count nothing
		zero := p.Do("LessOrEqual", nil, p.Do("Abs", nil, x), p.Like(x, 1e-7))
		e := p.Do("Exp", nil, p.Sub(x, p.Reduce("ReduceMax", x, 1)))
		e = p.Where(zero, p.Mul(x, e), e)
		return p.Div(e, p.Reduce("ReduceSum", e, 1))
	case "PROBIT":
		return p.probit(x)
	default:
		p.Fail("post_transform %q is unknown; expected NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT", name)
	}
	return nil
}

// probit is the inverse of the normal distribution, by Winitzki's approximation of the error function's inverse.
func (p *Parts) probit(x *ir.Value) *ir.Value {
	y := p.Sub(p.Mul(x, p.Like(x, 2)), p.Like(x, 1))
	log := p.Do("Log", nil, p.Mul(p.Sub(p.Like(x, 1), y), p.Add(p.Like(x, 1), y)))
	v := p.Add(p.Like(x, 2/(math.Pi*0.147)), p.Mul(p.Like(x, 0.5), log))
	v2 := p.Mul(p.Like(x, 1/0.147), log)
	root := p.Do("Sqrt", nil, p.Sub(p.Do("Sqrt", nil, p.Sub(p.Mul(v, v), v2)), v))
	return p.Mul(p.Like(x, math.Sqrt2), p.Mul(p.Do("Sign", nil, y), root))
}

// linear is X times coefficients [n][features], plus intercepts.
func (p *Parts) linear(x *ir.Value, n int) *ir.Value {
	d, features := x.Type.DType, x.Type.Shape[1]
	coefficients := p.Attrs.Floats("coefficients")
	if n < 1 || len(coefficients) != n*features {
		p.Fail("%d coefficients for %d results of %d features", len(coefficients), n, features)
	}
	in := []*ir.Value{x, p.floats(d, coefficients, n, features)}
	switch b := p.Attrs.Floats("intercepts"); {
	case len(b) == n:
		in = append(in, p.floats(d, b, n))
	case len(b) > 0:
		p.Fail("%d intercepts for %d results", len(b), n)
	}
	return p.Do("Gemm", ir.Attrs{"transB": int64(1)}, in...)
}

func partsLinearRegressor(p *Parts) []*ir.Value {
	return []*ir.Value{p.Cast(p.transformed(p.linear(p.rows(p.In(0)), p.Attrs.Int("targets"))), tensor.Float32)}
}

func partsLinearClassifier(p *Parts) []*ir.Value {
	labels := p.labels("classlabels_ints")
	x := p.rows(p.In(0))
	n := labels.Type.Len()
	results := len(p.Attrs.Floats("coefficients")) / max(x.Type.Shape[1], 1)
	scores := p.linear(x, results)
	if results == 1 && n == 2 { // the score of the second class
		both := p.Concat(1, p.Do("Neg", nil, scores), scores)
		chosen := p.chosen(both, labels)
		if p.Attrs.String("post_transform") == "LOGISTIC" {
			return []*ir.Value{chosen, p.Cast(p.Do("Sigmoid", nil, both), tensor.Float32)}
		}
		return []*ir.Value{chosen, p.Cast(p.Concat(1, p.Sub(p.Like(scores, 1), scores), scores), tensor.Float32)} // as ONNX Runtime
	}
	if results != n {
		p.Fail("%d rows of coefficients for %d classes", results, n)
	}
	return []*ir.Value{p.chosen(scores, labels), p.Cast(p.transformed(scores), tensor.Float32)}
}

// chosen returns the label with the greatest score of each row.
func (p *Parts) chosen(scores, labels *ir.Value) *ir.Value {
	return p.Do("Gather", nil, labels, p.Do("ArgMax", ir.Attrs{"axis": int64(1), "keepdims": int64(0)}, scores))
}

// perFeature returns a list with one element, or one per feature.
func (p *Parts) perFeature(attr string, d tensor.DType, features int) *ir.Value {
	list := p.Attrs.Floats(attr)
	if len(list) != 1 && len(list) != features {
		p.Fail("%s has %d elements; expected 1, or one per feature: %d", attr, len(list), features)
	}
	return p.floats(d, list, len(list))
}

func partsScaler(p *Parts) []*ir.Value {
	x := p.In(0)
	if x.Type.DType != tensor.Float64 {
		x = p.Cast(x, tensor.Float32)
	}
	s := x.Type.Shape
	features := s[len(s)-1]
	if len(p.Attrs.Floats("offset")) > 0 {
		x = p.Sub(x, p.perFeature("offset", x.Type.DType, features))
	}
	if len(p.Attrs.Floats("scale")) > 0 {
		x = p.Mul(x, p.perFeature("scale", x.Type.DType, features))
	}
	return []*ir.Value{p.Cast(x, tensor.Float32)}
}

func partsNormalizer(p *Parts) []*ir.Value {
	x := p.rows(p.In(0))
	reduction := map[string]string{"MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"}[p.Attrs.String("norm")]
	if reduction == "" {
		p.Fail("norm %q is unknown; expected MAX, L1 or L2", p.Attrs.String("norm"))
	}
	norm := p.Reduce(reduction, x, 1)
	norm = p.Where(p.Do("Equal", nil, norm, p.Like(norm, 0)), p.Like(norm, 1), norm)
	return []*ir.Value{p.Reshape(p.Cast(p.Div(x, norm), tensor.Float32), p.Shape(0)...)}
}

func partsBinarizer(p *Parts) []*ir.Value {
	x := p.In(0)
	above := p.Do("Greater", nil, x, p.Like(x, float64(p.Attrs.Float("threshold"))))
	return []*ir.Value{p.Cast(above, x.Type.DType)}
}

func partsImputer(p *Parts) []*ir.Value {
	x := p.In(0)
	s := x.Type.Shape
	features := 1
	if len(s) > 0 {
		features = s[len(s)-1]
	}
	if !x.Type.DType.IsFloat() {
		list := p.Attrs.Ints("imputed_value_int64s")
		if len(list) != 1 && len(list) != features {
			p.Fail("%d imputed values; expected 1, or one per feature: %d", len(list), features)
		}
		missing := p.Do("Equal", nil, x, p.Like(x, float64(p.Attrs.Int("replaced_value_int64"))))
		return []*ir.Value{p.Where(missing, p.Cast(p.Ints(list...), x.Type.DType), x)}
	}
	missing := p.Do("IsNaN", nil, x)
	if v := float64(p.Attrs.Float("replaced_value_float")); v == v {
		missing = p.Do("Equal", nil, x, p.Like(x, v))
	}
	return []*ir.Value{p.Where(missing, p.perFeature("imputed_value_floats", x.Type.DType, features), x)}
}

func upgradeCategories(u *Upgrade, _ int) error {
	u.places("cats_strings", "cats_places")
	return nil
}

func partsOneHotEncoder(p *Parts) []*ir.Value {
	x := p.In(0)
	list, d := p.Attrs.Ints("cats_places"), tensor.String
	if list == nil {
		list, d = p.Attrs.Ints("cats_int64s"), tensor.Int64
		x = p.Cast(x, d)
	}
	if len(list) == 0 || x.Type.DType != d {
		p.Fail("%d categories of %s for elements of %s", len(list), d, p.Type(0).DType)
	}
	cats := tensor.New(d, len(list))
	for i, v := range list {
		cats.SetI64(i, int64(v))
	}
	hot := p.Do("Equal", nil, p.Do("Unsqueeze", nil, x, p.Ints(-1)), p.Constant(cats))
	return []*ir.Value{p.Cast(hot, tensor.Float32)}
}

// partsArrayFeatureExtractor chooses columns.
func partsArrayFeatureExtractor(p *Parts) []*ir.Value {
	x := p.In(0)
	s := x.Type.Shape
	if len(s) < 2 {
		x = p.Reshape(x, 1, p.Type(0).Len())
		s = x.Type.Shape
	}
	return []*ir.Value{p.Do("Gather", ir.Attrs{"axis": int64(len(s) - 1)}, x, p.Reshape(p.In(1), p.Type(1).Len()))}
}

func partsFeatureVectorizer(p *Parts) []*ir.Value {
	in := make([]*ir.Value, p.N())
	for i := range in {
		x := p.Cast(p.In(i), tensor.Float32)
		if s := x.Type.Shape; len(s) == 1 {
			x = p.Reshape(x, 1, s[0])
		}
		in[i] = x
	}
	return []*ir.Value{p.Concat(1, in...)}
}

// upgradeLabelEncoder makes three tensors of the keys, the values and the default, whatever their types.
func upgradeLabelEncoder(u *Upgrade, v int) error {
	a := u.Node.Attrs
	if v < 2 { // a list of strings, which are mapped to their places in it
		list := a.Strings("classes_strings")
		ints := make([]int64, len(list))
		for i := range ints {
			ints[i] = int64(i)
		}
		a["keys_strings"], a["values_int64s"] = list, ints
	}
	keys, values := u.listOf("keys"), u.listOf("values")
	if keys == nil || values == nil || keys.Len() != values.Len() {
		return fmt.Errorf("keys and values are missing, or not as many of one as of the other")
	}
	other := a.Tensor("default_tensor")
	if other == nil {
		other = tensor.New(values.DType, 1)
		switch {
		case values.DType == tensor.String:
			text := "_Unused"
			if a.Has("default_string") {
				text = a.String("default_string")
			}
			other.SetI64(0, u.Place(text))
		case values.DType.IsFloat():
			other.SetF64(0, float64(a.Float("default_float")))
		default:
			other.SetI64(0, -1)
			if a.Has("default_int64") {
				other.SetI64(0, int64(a.Int("default_int64")))
			}
		}
	}
	u.Node.Attrs = ir.Attrs{"keys_tensor": keys, "values_tensor": values, "default_tensor": other}
	return nil
}

// listOf returns the list of an attribute that there is one of for each type, or nil.
func (u *Upgrade) listOf(what string) *tensor.Tensor {
	a := u.Node.Attrs
	switch {
	case a.Tensor(what+"_tensor") != nil:
		return a.Tensor(what + "_tensor")
	case len(a.Floats(what+"_floats")) > 0:
		v := a.Floats(what + "_floats")
		return tensor.Floats(v, len(v))
	case len(a.Ints(what+"_int64s")) > 0:
		return tensor.Ints(a[what+"_int64s"].([]int64), len(a.Ints(what+"_int64s")))
	case len(a.Strings(what+"_strings")) > 0:
		list := a.Strings(what + "_strings")
		t := tensor.New(tensor.String, len(list))
		for i, s := range list {
			t.SetI64(i, u.Place(s))
		}
		return t
	}
	return nil
}

// upgradeCategoryMapper makes it a LabelEncoder: to strings where there is a default string, to integers otherwise.
func upgradeCategoryMapper(u *Upgrade, v int) error {
	a := u.Node.Attrs
	ints, list := a["cats_int64s"], a.Strings("cats_strings")
	keys, values := "keys_strings", "values_int64s"
	if a.Has("default_string") {
		keys, values = "keys_int64s", "values_strings"
	}
	for _, name := range []string{keys, values} {
		if name == "keys_strings" || name == "values_strings" {
			a[name] = list
		} else if ints != nil {
			a[name] = ints
		}
	}
	return upgradeLabelEncoder(u, 2)
}

func inferMapKeys(c *Call) ([]ir.Type, error) {
	keys, values := c.Attrs.Tensor("keys_tensor"), c.Attrs.Tensor("values_tensor")
	if c.Type(0).DType != keys.DType {
		return nil, fmt.Errorf("X is %s and the keys are %s", c.Type(0).DType, keys.DType)
	}
	return typed(values.DType, c.Shape(0)...), nil
}

func evalMapKeys(c *Call) ([]*tensor.Tensor, error) {
	values := c.Attrs.Tensor("values_tensor")
	y := tensor.New(values.DType, c.X(0).Shape...)
	mapKeys(c.X(0), c.Attrs.Tensor("keys_tensor"), values, c.Attrs.Tensor("default_tensor"), y)
	return one(y), nil
}

// mapKeys gives each element the value of its key, the last of equal ones; NaN is a key like any other.
func mapKeys(x, keys, values, other, y *tensor.Tensor) {
	for i := range x.Len() {
		at := -1
		for k := range keys.Len() {
			if x.DType.IsFloat() && (x.F64(i) == keys.F64(k) || x.F64(i) != x.F64(i) && keys.F64(k) != keys.F64(k)) || !x.DType.IsFloat() && x.I64(i) == keys.I64(k) {
				at = k
			}
		}
		if at < 0 {
			copyElement(y, i, other, 0)
		} else {
			copyElement(y, i, values, at)
		}
	}
}

func lowerMapKeys(l *Lowering) error {
	keys, values := l.Attrs.Tensor("keys_tensor"), l.Attrs.Tensor("values_tensor")
	same := "((a) == (b))"
	if keys.DType.IsFloat() {
		same = "((a) == (b) || ((a) != (a) && (b) != (b)))"
	}
	if IsNarrow(keys.DType) {
		return fmt.Errorf("%s of keys of %s is not available in C", l.Def.Name, keys.DType)
	}
	attrs := ir.Attrs{"XT": keys.DType.C(), "YT": values.DType.C(), "N": int64(l.Type(0).Len()), "KEYS": int64(keys.Len()), "SAME(a, b)": same}
	flat := func(t *tensor.Tensor) *ir.Value { return l.Constant("list", t.Reshape(t.Len())) }
	l.Replace("mapkeys", attrs, l.In(0), flat(keys), flat(values), flat(l.Attrs.Tensor("default_tensor")))
	return nil
}

func evalMapKeysKernel(c *Call) ([]*tensor.Tensor, error) {
	y := c.newOut(0)
	mapKeys(c.X(0), c.X(1), c.X(2), c.X(3), y)
	return one(y), nil
}
