package codegen

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir"
	rt "github.com/deepgo/deepgo/runtime"
)

// kernel is a parsed kernel file: complete C with one function, and a block of sample constants that a node's attributes
// replace.
type kernel struct {
	name     string
	includes []string // deepgo's own headers
	enums    []string // names that become enum constants
	consts   []constant
	types    []string // names that stand for types
	macros   []string // "POST(v)": name with parameters
	params   []param
	body     string // from after the opening brace to the end
}

type constant struct{ name, ctype string }

type param struct {
	text string // as declared
	rom  bool   // a constant of the model
}

var (
	enumPattern    = regexp.MustCompile(`(?s)enum \{(.*?)\};`)
	enumName       = regexp.MustCompile(`(\w+) = `)
	constPattern   = regexp.MustCompile(`static const (\w+) (.*);`)
	typePattern    = regexp.MustCompile(`typedef \w+ (\w+);`)
	macroPattern   = regexp.MustCompile(`#define (\w+\([^)]*\))`)
	includePattern = regexp.MustCompile(`#include "(\w+\.h)"`)
)

// parseKernel reads a kernel's file.
func parseKernel(name, text string) (*kernel, error) {
	k := &kernel{name: name}
	_, rest, ok := strings.Cut(text, "#ifndef DG_KERNEL\n")
	sample, function, ok2 := strings.Cut(rest, "#endif\n")
	if !ok || !ok2 {
		return nil, fmt.Errorf("kernel %s has no block of sample constants", name)
	}
	for _, m := range includePattern.FindAllStringSubmatch(text, -1) {
		k.includes = append(k.includes, m[1])
	}
	for _, m := range enumPattern.FindAllStringSubmatch(sample, -1) {
		for _, n := range enumName.FindAllStringSubmatch(m[1], -1) {
			k.enums = append(k.enums, n[1])
		}
	}
	for _, m := range constPattern.FindAllStringSubmatch(sample, -1) {
		for _, n := range enumName.FindAllStringSubmatch(m[2], -1) {
			k.consts = append(k.consts, constant{n[1], m[1]})
		}
	}
	for _, m := range typePattern.FindAllStringSubmatch(sample, -1) {
		k.types = append(k.types, m[1])
	}
	for _, m := range macroPattern.FindAllStringSubmatch(sample, -1) {
		k.macros = append(k.macros, m[1])
	}
	return k, k.parseFunction(function)
}

func (k *kernel) parseFunction(text string) error {
	head, body, ok := strings.Cut(text, "\n{\n")
	declared, list, ok2 := strings.Cut(strings.TrimSpace(head), "(")
	if !ok || !ok2 || declared != "static void "+k.name {
		return fmt.Errorf("kernel %s: expected one function %q", k.name, "static void "+k.name)
	}
	k.body = body
	for p := range strings.SplitSeq(strings.TrimSuffix(list, ")"), ",") {
		text := strings.Join(strings.Fields(p), " ")
		k.params = append(k.params, param{text, strings.Contains(text, "DG_ROM")})
	}
	return nil
}

// names returns everything that a node has to supply, sorted.
func (k *kernel) names() []string {
	all := slices.Concat(k.enums, k.types, k.macros)
	for _, c := range k.consts {
		all = append(all, c.name)
	}
	slices.Sort(all)
	return all
}

// supplied returns the names that a node's attributes bind, sorted: those in upper case.
func supplied(n *ir.Node) []string {
	var names []string
	for _, name := range n.Attrs.Keys() {
		if name[0] >= 'A' && name[0] <= 'Z' {
			names = append(names, name)
		}
	}
	return names
}

// loadKernel finds and parses the kernel of a node, and checks that the node supplies what it needs.
func loadKernel(n *ir.Node, isa []string) (*kernel, error) {
	text, ok := rt.Kernel(n.Op, isa)
	if !ok {
		return nil, fmt.Errorf("there is no kernel %s", n.Op)
	}
	k, err := parseKernel(n.Op, text)
	if err != nil {
		return nil, err
	}
	if want, got := k.names(), supplied(n); !slices.Equal(want, got) {
		return nil, fmt.Errorf("kernel %s needs %v, the node supplies %v", n.Op, want, got)
	}
	want := len(n.Inputs) + len(n.Outputs)
	if n.Attrs.Has("scratch") {
		want++
	}
	if len(k.params) != want {
		return nil, fmt.Errorf("kernel %s takes %d parameters, the node has %d", n.Op, len(k.params), want)
	}
	return k, nil
}

// specialise returns the kernel's function under another name, with a node's constants bound.
func (k *kernel) specialise(as string, n *ir.Node) string {
	var b strings.Builder
	for _, m := range k.macros {
		fmt.Fprintf(&b, "#define %s %s\n", m, n.Attrs.String(m))
	}
	params := make([]string, len(k.params))
	for i, p := range k.params {
		params[i] = p.text
	}
	fmt.Fprintf(&b, "static void %s(%s)\n{\n", as, k.retype(strings.Join(params, ", "), n))
	b.WriteString(k.constants(n))
	b.WriteString(k.retype(k.body, n))
	for _, m := range k.macros {
		name, _, _ := strings.Cut(m, "(")
		fmt.Fprintf(&b, "#undef %s\n", name)
	}
	return b.String()
}

func (k *kernel) constants(n *ir.Node) string {
	var b strings.Builder
	if len(k.enums) > 0 {
		parts := make([]string, len(k.enums))
		for i, name := range k.enums {
			parts[i] = fmt.Sprintf("%s = %d", name, n.Attrs.Int(name))
		}
		fmt.Fprintf(&b, "    enum { %s };\n", strings.Join(parts, ", "))
	}
	for _, c := range k.consts {
		fmt.Fprintf(&b, "    const %s %s = %s;\n", c.ctype, c.name, constantText(n.Attrs[c.name]))
	}
	return b.String()
}

func constantText(v any) string {
	if f, ok := v.(float32); ok {
		return floatText(f)
	}
	return strconv.FormatInt(v.(int64), 10)
}

// retype puts the types that a node names in the place of the kernel's own.
func (k *kernel) retype(text string, n *ir.Node) string {
	for _, t := range k.types {
		text = regexp.MustCompile(`\b`+t+`\b`).ReplaceAllString(text, n.Attrs.String(t))
	}
	return text
}

var (
	inlinePattern = regexp.MustCompile(`(?ms)^(?:/\*[^\n]*?(?:\*/|\n(?: \*[^\n]*\n)*? \*[^\n]*\*/)\n)?DG_INLINE [^\n]*?(\w+)\([^\n]*\)\n\{\n.*?^\}\n`)
	wordPattern   = regexp.MustCompile(`\bdg_\w+\b`)
	macroLine     = regexp.MustCompile(`(?m)^#define (DG_\w+) .*\n`)
)

// helpers returns the functions of deepgo's headers that code uses, directly or through others, in the headers' order.
func helpers(code string) string {
	texts, order := map[string]string{}, []string{}
	var macros []string
	for _, h := range rt.Headers() {
		text, _ := rt.Header(h)
		if h == "dg.h" {
			continue
		}
		for _, m := range inlinePattern.FindAllStringSubmatch(text, -1) {
			texts[m[1]] = m[0]
			order = append(order, m[1])
		}
		for _, m := range macroLine.FindAllStringSubmatch(text, -1) {
			macros = append(macros, m[0])
		}
	}
	used := map[string]bool{}
	var visit func(code string)
	visit = func(code string) {
		if strings.Contains(code, "DG_INF") || strings.Contains(code, "DG_NAN") {
			code += " dg_bits_float"
		}
		for _, w := range wordPattern.FindAllString(code, -1) {
			if texts[w] != "" && !used[w] {
				used[w] = true
				visit(texts[w])
			}
		}
	}
	visit(code)
	var b strings.Builder
	if used["dg_bits_float"] {
		b.WriteString(strings.Join(macros, "") + "\n")
	}
	for _, name := range order {
		if used[name] {
			b.WriteString(texts[name] + "\n")
		}
	}
	return b.String()
}
