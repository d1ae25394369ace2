package codegen

import (
	"fmt"
	"regexp"
	"strings"
)

// kernel is a parsed kernel file: one static function, and the constants that its sample block stands in for.
type kernel struct {
	name   string
	doc    string // the first line of the file's comment
	sample []sample
	params []param
	body   string // between the function's braces
}

// sample is a name of the sample block: what a node must supply under that name.
type sample struct {
	name  string
	kind  sampleKind
	ctype string // of typed constants
	args  string // of macros, such as "v0, v1"
}

type sampleKind uint8

const (
	sampleEnum  sampleKind = iota + 1 // enum { N = 5 };
	sampleConst                       // static const float ALPHA = 0.1f;
	sampleType                        // typedef float T;
	sampleMacro                       // #define POST(v) (v)
)

// param is a parameter of a kernel.
type param struct {
	text    string // the whole declaration
	name    string
	element string // type of what it points to; it may be a type of the sample block
	rom     bool   // takes a constant
	either  bool   // takes a constant or a value of the arena: DG_MEM is DG_ROM for the one, and nothing for the other
	written bool   // points to memory that the kernel writes
	rows    bool   // takes rows of a tensor, DG_ROWS(element)
}

var (
	sampleBlock = regexp.MustCompile(`(?s)#ifndef DG_KERNEL\b[^\n]*\n(.*?)\n#endif[^\n]*\n`)
	macroLine   = regexp.MustCompile(`^#define (\w+)(?:\(([^)]*)\))? .+$`)
	enumDecl    = regexp.MustCompile(`(?s)^enum \{(.*)\}$`)
	typeDecl    = regexp.MustCompile(`^typedef (\w+) (\w+)$`)
	constDecl   = regexp.MustCompile(`(?s)^static const (\w+) (.*)$`)
	signature   = regexp.MustCompile(`^static void (\w+)\((.*)\)$`)
	docLine     = regexp.MustCompile(`^/\* (\w+): ([^\n]*)\n`)
	blanks      = regexp.MustCompile(`\s+`)
)

// parseKernel parses the kernel file of that name. text is what the file holds.
func parseKernel(name, text string) (*kernel, error) {
	doc := docLine.FindStringSubmatch(text)
	if doc == nil || doc[1] != name {
		return nil, fmt.Errorf("kernel %s: the file does not begin with its comment, /* %s: ...", name, name)
	}
	k := &kernel{name: name, doc: strings.TrimSuffix(doc[2], " */")}
	_, code, _ := strings.Cut(text, "*/")
	if at := sampleBlock.FindStringSubmatchIndex(code); at != nil {
		if err := k.parseSample(code[at[2]:at[3]]); err != nil {
			return nil, fmt.Errorf("kernel %s: %w", name, err)
		}
		code = code[at[1]:]
	}
	if err := k.parseFunction(code); err != nil {
		return nil, fmt.Errorf("kernel %s: %w", name, err)
	}
	return k, nil
}

func (k *kernel) parseSample(block string) error {
	var decls strings.Builder
	for line := range strings.Lines(block) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "#") {
			decls.WriteString(line + " ")
			continue
		}
		m := macroLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("line %q of the sample block is not a macro", line)
		}
		k.sample = append(k.sample, sample{name: m[1], kind: sampleMacro, args: m[2]})
	}
	for decl := range strings.SplitSeq(decls.String(), ";") {
		if err := k.parseDecl(strings.TrimSpace(decl)); err != nil {
			return err
		}
	}
	return nil
}

func (k *kernel) parseDecl(decl string) error {
	if decl == "" {
		return nil
	}
	if m := typeDecl.FindStringSubmatch(decl); m != nil {
		k.sample = append(k.sample, sample{name: m[2], kind: sampleType})
		return nil
	}
	s, list := sample{kind: sampleEnum}, enumDecl.FindStringSubmatch(decl)
	if list == nil {
		m := constDecl.FindStringSubmatch(decl)
		if m == nil {
			return fmt.Errorf("declaration %q of the sample block is not an enum, a constant or a type", decl)
		}
		s, list = sample{kind: sampleConst, ctype: m[1]}, m[1:]
	}
	for part := range strings.SplitSeq(list[1], ",") {
		name, _, ok := strings.Cut(part, "=")
		if !ok {
			return fmt.Errorf("%q of the sample block has no value", part)
		}
		s.name = strings.TrimSpace(name)
		k.sample = append(k.sample, s)
	}
	return nil
}

// parseFunction splits the file's one function.
func (k *kernel) parseFunction(code string) error {
	code = strings.TrimSpace(stripIncludes(code))
	head, body, ok := strings.Cut(code, "{")
	if !ok || !strings.HasSuffix(body, "}") {
		return fmt.Errorf("it does not end with a function")
	}
	body = strings.TrimSuffix(body, "}")
	m := signature.FindStringSubmatch(strings.TrimSpace(blanks.ReplaceAllString(head, " ")))
	if m == nil || m[1] != k.name {
		return fmt.Errorf("expected static void %s(...), found %q", k.name, strings.TrimSpace(head))
	}
	depth := 0
	for _, t := range tokens.FindAllString(body, -1) {
		switch t {
		case "{":
			depth++
		case "}":
			depth--
		}
		if depth < 0 {
			return fmt.Errorf("it has more than one function")
		}
	}
	for text := range strings.SplitSeq(m[2], ",") {
		k.params = append(k.params, parseParam(strings.TrimSpace(text)))
	}
	k.body = strings.Trim(body, "\n")
	return nil
}

func stripIncludes(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "#include") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func parseParam(text string) param {
	p := param{text: text, written: true}
	for _, word := range tokens.FindAllString(text, -1) {
		switch {
		case word == "DG_ROWS":
			p.rows, p.written = true, false
		case word == "const":
			p.written = false
		case word == "DG_ROM":
			p.rom = true
		case word == "DG_MEM":
			p.either = true
		case word == "DG_RESTRICT" || !isIdent(word):
		case p.element == "":
			p.element = word
		default:
			p.name = word
		}
	}
	return p
}

// isRow reports whether p takes the number of the row that is being computed.
func (p param) isRow() bool { return p.element == "dg_idx" }

// tokens matches the pieces of C that matter here: comments, literals, names, braces.
var tokens = regexp.MustCompile(`(?s)/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\.?[0-9][\w.]*|[A-Za-z_]\w*|[{}]`)

func isIdent(token string) bool {
	c := token[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// replaceIdents replaces names in C text; comments and literals stay.
func replaceIdents(text string, with map[string]string) string {
	if len(with) == 0 {
		return text
	}
	return tokens.ReplaceAllStringFunc(text, func(t string) string {
		if r, ok := with[t]; ok {
			return r
		}
		return t
	})
}

// identsIn returns the names in C text, comments and literals aside.
func identsIn(text string) map[string]bool {
	set := map[string]bool{}
	for _, t := range tokens.FindAllString(text, -1) {
		if isIdent(t) {
			set[t] = true
		}
	}
	return set
}
