package ir

import (
	"fmt"
	"strings"
)

// Error is a problem with the user's model, told so that the user can act on it.
type Error struct {
	Model string // file
	Node  string // ONNX node name; "" where the problem is not one node's
	Op    string // operator
	Opset int    // 0 where it does not matter
	Msg   string // what is wrong, and what was expected
	At    string // the node as the IR prints it, "" where that does not help
	Hint  string // what to do
}

// Error formats e over one to three lines.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Model != "" {
		b.WriteString(e.Model + ": ")
	}
	if e.Node != "" || e.Op != "" {
		fmt.Fprintf(&b, "node %q", e.Node)
		switch {
		case e.Op != "" && e.Opset > 0:
			fmt.Fprintf(&b, " (%s, opset %d)", e.Op, e.Opset)
		case e.Op != "":
			fmt.Fprintf(&b, " (%s)", e.Op)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Msg)
	if e.At != "" {
		b.WriteString("\n    " + e.At)
	}
	if e.Hint != "" {
		b.WriteString("\n  hint: " + e.Hint)
	}
	return b.String()
}

// Errors are all the problems found, in the order in which they were found.
type Errors []error

// Error joins the messages, one to a line.
func (es Errors) Error() string {
	msgs := make([]string, len(es))
	for i, e := range es {
		msgs[i] = e.Error()
	}
	return strings.Join(msgs, "\n")
}

// Unwrap lets errors.As see each problem.
func (es Errors) Unwrap() []error { return es }

// Bug is a broken invariant of deepgo itself: it is thrown by Bugf and caught in cmd.
type Bug struct{ Msg string }

func (b *Bug) Error() string { return "internal error: " + b.Msg }

// Bugf panics with a Bug.
func Bugf(format string, args ...any) {
	panic(&Bug{Msg: fmt.Sprintf(format, args...)})
}
