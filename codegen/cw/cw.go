// Package cw writes C: lines with indentation, comments, names and literals. It knows the language's pitfalls, such as
// names that are keywords, comment ends inside comments, trigraphs, and the least integer, which has no literal.
//
//	w := cw.New(&buf)
//	w.Func("static int f", []string{"int x"})
//	w.Line("return x + %s;", cw.Int(-3))
//	w.Close("")
package cw

import (
	"fmt"
	"io"
	"strings"
)

const (
	tab   = "    "
	width = 120 // columns, where lines are broken
)

// Writer writes C to an io.Writer. After the first error it writes nothing more; Err returns that error.
type Writer struct {
	w     io.Writer
	depth int
	err   error
}

// New returns a Writer to w.
func New(w io.Writer) *Writer { return &Writer{w: w} }

// Err returns the first error of the underlying writer.
func (w *Writer) Err() error { return w.err }

// Raw writes text as it is.
func (w *Writer) Raw(text string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.w, text)
	}
}

// Bytes writes b as it is, for data too large to be copied into strings.
func (w *Writer) Bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

// Line writes one line at the present indentation.
func (w *Writer) Line(format string, args ...any) {
	w.Raw(strings.Repeat(tab, w.depth) + fmt.Sprintf(format, args...) + "\n")
}

// Directive writes a preprocessor line, which has no indentation.
func (w *Writer) Directive(format string, args ...any) {
	w.Raw("#" + fmt.Sprintf(format, args...) + "\n")
}

// Blank writes an empty line.
func (w *Writer) Blank() { w.Raw("\n") }

// Func writes the head of a function and its opening brace.
func (w *Writer) Func(head string, params []string) {
	w.List(head+"(", params, ")")
	w.Begin("{")
}

// Begin writes a line that opens a block.
func (w *Writer) Begin(line string) {
	w.Line("%s", line)
	w.depth++
}

// Close closes the innermost block; tail follows the brace.
func (w *Writer) Close(tail string) {
	w.depth--
	w.Line("}%s", tail)
}

// Else closes the innermost block and opens the one for what is not so.
func (w *Writer) Else() {
	w.depth--
	w.Begin("} else {")
}

// List writes head, the items with commas between them, and tail, over as many lines as that takes.
func (w *Writer) List(head string, items []string, tail string) { w.joined(head, items, ",", tail) }

// If opens a block under conditions joined by an operator, such as "||".
func (w *Writer) If(conditions []string, operator string) {
	w.joined("if (", conditions, " "+operator, ") {")
	w.depth++
}

func (w *Writer) joined(head string, items []string, sep, tail string) {
	line, first := strings.Repeat(tab, w.depth)+head, true
	for i, item := range items {
		if i < len(items)-1 {
			item += sep
		} else {
			item += tail
		}
		switch {
		case first:
			line += item
		case len(line)+1+len(item) > width:
			w.Raw(line + "\n")
			line = strings.Repeat(tab, w.depth+2) + item
		default:
			line += " " + item
		}
		first = false
	}
	if len(items) == 0 {
		line += tail
	}
	w.Raw(line + "\n")
}

// Comment writes a comment of one or more lines, which may hold anything. Long lines are wrapped, empty ones left out.
func (w *Writer) Comment(lines ...string) {
	var all []string
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			all = append(all, wrap(CommentText(l), width-len(tab)*w.depth-6)...)
		}
	}
	for i, l := range all {
		start, end := " * ", ""
		if i == 0 {
			start = "/* "
		}
		if i == len(all)-1 {
			end = " */"
		}
		w.Line("%s", start+l+end)
	}
}

// wrap breaks text at spaces into lines of at most limit bytes, where there are spaces.
func wrap(text string, limit int) []string {
	var lines []string
	for len(text) > limit {
		at := strings.LastIndexByte(text[:limit+1], ' ')
		if strings.TrimSpace(text[:max(at, 0)]) == "" {
			at = limit + strings.IndexByte(text[limit:]+" ", ' ')
		}
		lines = append(lines, text[:at])
		if at >= len(text) {
			return lines
		}
		text = tab + text[at+1:]
	}
	return append(lines, text)
}
