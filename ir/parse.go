package ir

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/scanner"

	"github.com/deepgo/deepgo/ir/tensor"
)

// Parse reads the exact text form that Print writes. An error names the line.
func Parse(text string) (g *Graph, err error) {
	p := &parser{}
	p.s.Init(strings.NewReader(text))
	p.s.Mode = scanner.ScanIdents | scanner.ScanStrings | scanner.ScanComments | scanner.SkipComments
	p.s.IsIdentRune = func(r rune, _ int) bool { return isWord(r) || r == '%' || r == '-' || r == '+' || r == '…' }
	p.s.Error = func(_ *scanner.Scanner, msg string) { p.fail("%s", msg) }
	defer func() {
		switch e := recover().(type) {
		case nil:
		case syntaxError:
			g, err = nil, e
		default:
			panic(e)
		}
	}()
	p.next()
	g = p.graph(nil)
	if p.tok != scanner.EOF {
		p.fail("text after the graph: %q", p.text)
	}
	return g, nil
}

type syntaxError struct{ error }

// parser is a recursive-descent parser; it panics with a syntaxError, which Parse returns.
type parser struct {
	s      scanner.Scanner
	tok    rune
	text   string
	values map[string]*Value
}

func (p *parser) fail(format string, args ...any) {
	panic(syntaxError{fmt.Errorf("line %d: %s", p.s.Position.Line, fmt.Sprintf(format, args...))})
}

func (p *parser) next() {
	p.tok = p.s.Scan()
	p.text = p.s.TokenText()
}

func (p *parser) take(text string) bool {
	if p.text != text {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) {
	if !p.take(text) {
		p.fail("expected %q, found %q", text, p.text)
	}
}

// word reads a bare or quoted word.
func (p *parser) word() string {
	text := p.text
	switch p.tok {
	case scanner.Ident:
		p.next()
		return text
	case scanner.String:
		return p.quoted()
	}
	p.fail("expected a name, found %q", text)
	return ""
}

func (p *parser) quoted() string {
	s, err := strconv.Unquote(p.text)
	if err != nil {
		p.fail("expected a quoted string, found %q", p.text)
	}
	p.next()
	return s
}

func (p *parser) graph(outer map[string]*Value) *Graph {
	saved := p.values
	p.values = map[string]*Value{}
	for k, v := range outer {
		p.values[k] = v
	}
	defer func() { p.values = saved }()
	p.expect("graph")
	g := &Graph{Name: p.word()}
	p.expect("(")
	for !p.take(")") {
		g.Inputs = append(g.Inputs, p.define())
		p.take(",")
	}
	p.expect("-")
	p.expect(">")
	p.expect("(")
	var outs []string
	for !p.take(")") {
		outs = append(outs, p.valueName())
		p.take(",")
	}
	p.expect("{")
	if p.take("strings") {
		g.Strings = &tensor.Strings{}
		p.expect("[")
		for !p.take("]") {
			g.Strings.Add(p.quoted())
			p.take(",")
		}
	}
	for !p.take("}") {
		p.statement(g)
	}
	for _, name := range outs {
		g.Outputs = append(g.Outputs, p.lookup(name))
	}
	return g
}

// valueName reads %name or %"quoted name".
func (p *parser) valueName() string {
	if p.text == "%" {
		p.next()
		return p.quoted()
	}
	name, ok := strings.CutPrefix(p.text, "%")
	if !ok || p.tok != scanner.Ident {
		p.fail("expected a value, found %q", p.text)
	}
	p.next()
	return name
}

func (p *parser) lookup(name string) *Value {
	v := p.values[name]
	if v == nil {
		p.fail("value %q is not defined", name)
	}
	return v
}

// define reads "%name: type" and enters the value.
func (p *parser) define() *Value {
	name := p.valueName()
	if p.values[name] != nil {
		p.fail("value %q is defined twice", name)
	}
	p.expect(":")
	v := &Value{Name: name, Type: p.typ()}
	p.values[name] = v
	return v
}

func (p *parser) typ() Type {
	d, err := tensor.ParseDType(p.text)
	if err != nil {
		p.fail("%v", err)
	}
	p.next()
	t := Type{DType: d, Shape: []int{}}
	p.expect("[")
	for !p.take("]") {
		t.Shape = append(t.Shape, int(p.integer()))
		p.take(",")
	}
	if p.take("quant") {
		t.Quant = p.quant()
	}
	return t
}

func (p *parser) quant() *Quant {
	p.expect("(")
	q := &Quant{Scale: parseList(p, p.float)}
	p.expect(",")
	for _, z := range parseList(p, p.integer) {
		q.Zero = append(q.Zero, int32(z))
	}
	p.expect(",")
	q.Axis = int(p.integer())
	p.expect(")")
	return q
}

func parseList[T any](p *parser, one func() T) []T {
	p.expect("[")
	out := []T{}
	for !p.take("]") {
		out = append(out, one())
		p.take(",")
	}
	return out
}

func (p *parser) integer() int64 {
	v, err := strconv.ParseInt(p.text, 10, 64)
	if err != nil {
		p.fail("expected an integer, found %q", p.text)
	}
	p.next()
	return v
}

func (p *parser) float() float32 {
	v, err := strconv.ParseFloat(strings.TrimSuffix(p.text, "f"), 32)
	if err != nil {
		p.fail("expected a number, found %q", p.text)
	}
	p.next()
	return float32(v)
}

func (p *parser) statement(g *Graph) {
	var outs []*Value
	for {
		if p.take("_") {
			outs = append(outs, nil)
		} else {
			outs = append(outs, p.define())
		}
		if !p.take(",") {
			break
		}
	}
	p.expect("=")
	if p.take("const") {
		outs[0].Const = p.elements(outs[0].Type)
		return
	}
	n := &Node{Op: p.word(), Outputs: outs}
	p.expect("(")
	for !p.take(")") {
		if p.take("_") {
			n.Inputs = append(n.Inputs, nil)
		} else {
			n.Inputs = append(n.Inputs, p.lookup(p.valueName()))
		}
		p.take(",")
	}
	n.Attrs = p.attrs()
	if p.take("from") {
		n.From = append(n.From, p.quoted())
		for p.take(",") {
			n.From = append(n.From, p.quoted())
		}
	}
	for _, v := range outs {
		if v != nil {
			v.Def = n
		}
	}
	g.Nodes = append(g.Nodes, n)
}

func (p *parser) attrs() Attrs {
	a := Attrs{}
	if !p.take("{") {
		return a
	}
	for !p.take("}") {
		key := p.word()
		p.expect("=")
		a[key] = p.attr()
		p.take(",")
	}
	return a
}

func (p *parser) attr() any {
	switch {
	case p.tok == scanner.String:
		return p.quoted()
	case p.take("ints"):
		return parseList(p, p.integer)
	case p.take("floats"):
		return parseList(p, p.float)
	case p.take("strings"):
		return parseList(p, p.quoted)
	case p.take("tensor"):
		return p.elements(p.typ())
	case p.text == "graph":
		return p.graph(p.values)
	case strings.HasSuffix(p.text, "f"):
		return p.float()
	}
	return p.integer()
}

func (p *parser) elements(t Type) *tensor.Tensor {
	if p.take("base64") {
		raw, err := base64.StdEncoding.DecodeString(p.quoted())
		if err != nil {
			p.fail("%v", err)
		}
		c, err := tensor.FromBytes(t.DType, raw, t.Shape...)
		if err != nil {
			p.fail("%v", err)
		}
		return c
	}
	texts := parseList(p, func() string { s := p.text; p.next(); return s })
	if len(texts) != t.Len() {
		p.fail("%d elements for %s", len(texts), t)
	}
	c := tensor.New(t.DType, t.Shape...)
	for i, s := range texts {
		p.element(c, i, s)
	}
	return c
}

func (p *parser) element(c *tensor.Tensor, i int, s string) {
	if c.DType.IsFloat() {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) {
			p.fail("expected a number, found %q", s)
		}
		c.SetF64(i, v)
		return
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if u, uerr := strconv.ParseUint(s, 10, 64); err != nil && uerr == nil {
		v, err = int64(u), nil
	}
	if err != nil {
		p.fail("expected an integer, found %q", s)
	}
	c.SetI64(i, v)
}
