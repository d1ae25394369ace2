package ir

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir/tensor"
)

// inlineLen is the longest constant that prints as a list of numbers; longer ones print as base64 of their bytes.
const inlineLen = 16

// Style says how Print shows what is long.
type Style uint8

const (
	// Exact prints everything, so that Parse gives back the same graph.
	Exact Style = iota
	// Brief leaves out the elements of long constants; Parse refuses it.
	Brief
)

// String returns the exact text form of g.
func (g *Graph) String() string {
	var b strings.Builder
	Print(&b, g, Exact)
	return b.String()
}

// Print writes the text form of g.
func Print(w io.Writer, g *Graph, style Style) error {
	p := &printer{style: style}
	p.graph(g, "")
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Line returns n as one line of the text form, as error messages show it: with types instead of constants.
func (n *Node) Line() string {
	args := make([]string, len(n.Inputs))
	for i, v := range n.Inputs {
		args[i] = "_"
		if v != nil {
			args[i] = name(v) + ": " + typeString(v.Type)
		}
	}
	p := &printer{style: Brief}
	return fmt.Sprintf("%s(%s)%s", n.Op, strings.Join(args, ", "), p.attrs(n.Attrs, ""))
}

type printer struct {
	b     strings.Builder
	style Style
}

func (p *printer) graph(g *Graph, indent string) {
	fmt.Fprintf(&p.b, "graph %s(%s) -> (%s) {\n", strconv.Quote(g.Name), params(g.Inputs), names(g.Outputs))
	if list := g.Strings.List(); len(list) > 0 {
		fmt.Fprintf(&p.b, "%s  strings %s\n", indent, strings.TrimPrefix(p.attr(list, ""), "strings"))
	}
	shown := map[*Value]bool{}
	consts := func(vs []*Value) {
		for _, v := range vs {
			if v.IsConst() && !shown[v] {
				shown[v] = true
				fmt.Fprintf(&p.b, "%s  %s: %s = const %s\n", indent, name(v), typeString(v.Type), p.elements(v.Const))
			}
		}
	}
	for _, n := range g.Nodes {
		consts(n.Inputs)
		p.node(n, indent+"  ")
	}
	consts(g.Outputs)
	p.b.WriteString(indent + "}\n")
}

func (p *printer) node(n *Node, indent string) {
	outs := make([]string, len(n.Outputs))
	for i, v := range n.Outputs {
		outs[i] = "_"
		if v != nil {
			outs[i] = name(v) + ": " + typeString(v.Type)
		}
	}
	fmt.Fprintf(&p.b, "%s%s = %s(%s)%s", indent, strings.Join(outs, ", "), n.Op, names(n.Inputs), p.attrs(n.Attrs, indent))
	for i, from := range n.From {
		if i == 0 {
			p.b.WriteString(" from ")
		} else {
			p.b.WriteString(", ")
		}
		p.b.WriteString(strconv.Quote(from))
	}
	p.b.WriteByte('\n')
}

func (p *printer) attrs(a Attrs, indent string) string {
	if len(a) == 0 {
		return ""
	}
	parts := make([]string, 0, len(a))
	for _, k := range a.Keys() {
		parts = append(parts, word(k)+"="+p.attr(a[k], indent))
	}
	return " {" + strings.Join(parts, ", ") + "}"
}

func (p *printer) attr(v any, indent string) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float32:
		return float(v)
	case Extent:
		return v.String()
	case string:
		return strconv.Quote(v)
	case []int64:
		return "ints" + list(v, func(x int64) string { return strconv.FormatInt(x, 10) })
	case []float32:
		return "floats" + list(v, float)
	case []string:
		return "strings" + list(v, strconv.Quote)
	case *tensor.Tensor:
		return "tensor " + typeString(Type{DType: v.DType, Shape: v.Shape}) + " " + p.elements(v)
	case *Graph:
		sub := &printer{style: p.style}
		sub.graph(v, indent+"  ")
		return strings.TrimRight(sub.b.String(), "\n")
	}
	Bugf("attribute of type %T", v)
	return ""
}

// float marks floats with an f, so that 1f is a float and 1 an integer.
func float(f float32) string { return strconv.FormatFloat(float64(f), 'g', -1, 32) + "f" }

func list[T any](vs []T, show func(T) string) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = show(v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p *printer) elements(t *tensor.Tensor) string {
	if t.Len() > inlineLen || nanInside(t) {
		if p.style == Brief {
			return fmt.Sprintf("… %d elements", t.Len())
		}
		return "base64 " + strconv.Quote(base64.StdEncoding.EncodeToString(t.Bytes()))
	}
	parts := make([]string, t.Len())
	for i := range parts {
		if t.DType.IsFloat() {
			parts[i] = strconv.FormatFloat(t.F64(i), 'g', -1, 64)
		} else if t.DType == tensor.Uint64 {
			parts[i] = strconv.FormatUint(uint64(t.I64(i)), 10)
		} else {
			parts[i] = strconv.FormatInt(t.I64(i), 10)
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// nanInside reports whether t holds a NaN, whose bits a decimal number would not keep.
func nanInside(t *tensor.Tensor) bool {
	if !t.DType.IsFloat() {
		return false
	}
	for i := range t.Len() {
		if v := t.F64(i); v != v {
			return true
		}
	}
	return false
}

func params(vs []*Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = name(v) + ": " + typeString(v.Type)
	}
	return strings.Join(parts, ", ")
}

func names(vs []*Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = "_"
		if v != nil {
			parts[i] = name(v)
		}
	}
	return strings.Join(parts, ", ")
}

// name prints a value's name: bare where it is a word, quoted otherwise.
func name(v *Value) string { return "%" + word(v.Name) }

func word(s string) string {
	if s == "" || strings.IndexFunc(s, func(r rune) bool { return !isWord(r) }) >= 0 {
		return strconv.Quote(s)
	}
	return s
}

func isWord(r rune) bool {
	return r == '_' || r == '.' || r == '/' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func typeString(t Type) string {
	var b strings.Builder
	b.WriteString(t.DType.String())
	b.WriteByte('[')
	for i, d := range t.Shape {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteByte(']')
	if q := t.Quant; q != nil {
		fmt.Fprintf(&b, " quant(%s, %s, %d)", list(q.Scale, float), list(q.Zero, func(z int32) string { return strconv.Itoa(int(z)) }), q.Axis)
	}
	return b.String()
}

// String returns the type as the text form shows it, such as f32[1,50,200,1].
func (t Type) String() string { return typeString(t) }
