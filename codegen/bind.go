package codegen

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// instance is a kernel bound to one set of constants: a function of the generated file. Nodes with equal instances share
// it.
type instance struct {
	kernel *kernel
	name   string
	macros []string // "POST(v) body"
	enums  []string // "N = 5"
	consts []string // "const float ALPHA = 0.1f;"
	types  map[string]string
	rom    []bool // per parameter: it gets a constant

	varying []varying
}

// bind gives k's sample names the values of a node's upper-case attributes: all of them, and no others. intMax is the
// greatest int of the target.
func (k *kernel) bind(attrs ir.Attrs, intMax int64) (*instance, error) {
	given := map[string]string{} // name to key
	for _, key := range attrs.Keys() {
		if isBinding(key) {
			name, _ := splitKey(key)
			given[name] = key
		}
	}
	in := &instance{kernel: k, types: map[string]string{}}
	for _, s := range k.sample {
		key, ok := given[s.name]
		if !ok {
			return nil, fmt.Errorf("kernel %s needs %s", k.name, s.name)
		}
		delete(given, s.name)
		if !in.set(s, key, attrs[key], intMax) {
			return nil, fmt.Errorf("kernel %s takes no %T for %s", k.name, attrs[key], key)
		}
	}
	for name := range given {
		if k.byRows() && driven[name] || name == "VPOST" || name == "VEXPR" { // kernels take them or not
			delete(given, name)
		}
	}
	if len(given) > 0 {
		return nil, fmt.Errorf("kernel %s has no %s", k.name, strings.Join(slices.Sorted(maps.Keys(given)), ", "))
	}
	return in, nil
}

// place notes which parameters get constants, where a kernel takes those and other values.
func (in *instance) place(inputs []*ir.Value) {
	in.rom = make([]bool, len(in.kernel.params))
	for i, p := range in.kernel.params {
		in.rom[i] = p.rom || p.either && i < len(inputs) && inputs[i].IsConst()
	}
}

// set binds one name. It reports false where the kernel takes another kind of value under that name.
func (in *instance) set(s sample, key string, value any, intMax int64) bool {
	name, args := splitKey(key)
	switch v := value.(type) {
	case ir.Extent:
		return in.vary(s, name)
	case int64:
		switch {
		case s.kind == sampleEnum && v <= intMax && v >= -intMax:
			in.enums = append(in.enums, fmt.Sprintf("%s = %d", name, v))
		case s.kind == sampleEnum || s.kind == sampleConst && s.ctype != "float":
			in.consts = append(in.consts, fmt.Sprintf("const %s %s = %s;", intType(s.ctype, v), name, cw.Int(v)))
		default:
			return false
		}
		return true
	case float32:
		in.consts = append(in.consts, fmt.Sprintf("const float %s = %s;", name, cw.Float32(v)))
		return s.kind == sampleConst && s.ctype == "float"
	case string:
		if s.kind == sampleType {
			in.types[name] = v
			return args == ""
		}
		in.macros = append(in.macros, key+" "+v)
		return s.kind == sampleMacro && sameArgs(s.args, args)
	}
	return false
}

// isBinding reports whether an attribute binds a name of the kernel's file: one in capitals.
func isBinding(key string) bool { return key[0] >= 'A' && key[0] <= 'Z' }

// splitKey splits POST(v) into POST and v.
func splitKey(key string) (name, args string) {
	name, rest, _ := strings.Cut(key, "(")
	return name, strings.TrimSuffix(rest, ")")
}

func sameArgs(a, b string) bool {
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

// intType returns the type that holds v, at least declared.
func intType(declared string, v int64) string {
	if declared == "int64_t" || v > math.MaxInt32 || v < math.MinInt32 {
		return "int64_t"
	}
	return "int32_t"
}

// key is what equal instances have in common: all of the text but the function's name.
func (in *instance) key() string {
	parts := slices.Concat([]string{in.kernel.name, fmt.Sprint(in.rom, in.varying)}, in.macros, in.enums, in.consts)
	for _, t := range slices.Sorted(maps.Keys(in.types)) {
		parts = append(parts, t+"="+in.types[t])
	}
	return strings.Join(parts, "\n")
}

// elementType returns the C type that a parameter points to.
func (in *instance) elementType(p param) string {
	if t, ok := in.types[p.element]; ok {
		return t
	}
	return p.element
}

// write writes the function, its macros around it.
func (in *instance) write(w *cw.Writer) {
	k := in.kernel
	w.Comment(k.name + ": " + k.doc)
	for _, m := range in.macros {
		w.Directive("define %s", m)
	}
	params := make([]string, len(k.params))
	for i, p := range k.params {
		params[i] = replaceIdents(in.qualified(i, p), in.types)
	}
	for _, v := range in.varying {
		params = append(params, v.ctype+" "+v.name)
	}
	w.Func("static void "+in.name, params)
	if len(in.enums) > 0 {
		w.List("enum { ", in.enums, " };")
	}
	for _, c := range in.consts {
		w.Line("%s", c)
	}
	used := identsIn(in.text())
	for _, v := range in.varying {
		if !used[v.name] {
			w.Line("(void)%s;", v.name)
		}
	}
	w.Raw(replaceIdents(k.body, in.types) + "\n")
	w.Close("")
	for _, m := range in.macros {
		name, _, _ := strings.Cut(m, " ")
		name, _ = splitKey(name)
		w.Directive("undef %s", name)
	}
	w.Blank()
}

// qualified returns the declaration of a parameter, where it is known what it gets.
func (in *instance) qualified(i int, p param) string {
	if !p.either {
		return p.text
	}
	if in.rom[i] {
		return strings.ReplaceAll(p.text, "DG_MEM", "DG_ROM")
	}
	return strings.ReplaceAll(p.text, "DG_MEM ", "")
}

// text is the C that decides which helpers are needed.
func (in *instance) text() string {
	parts := slices.Clone(in.macros)
	for i, p := range in.kernel.params {
		parts = append(parts, in.qualified(i, p))
	}
	return strings.Join(append(parts, in.kernel.body), "\n")
}
