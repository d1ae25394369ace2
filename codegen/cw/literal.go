package cw

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Int returns an integer constant of value v: a decimal, in parentheses where it is negative.
func Int(v int64) string { return string(AppendInt(nil, v)) }

// Float32 returns a constant of type float that reads back as v: the shortest such decimal. Infinities and NaN are
// divisions by zero, which C's Annex F folds when compiling.
func Float32(v float32) string { return string(AppendFloat(nil, float64(v), 32)) }

// AppendInt appends an integer constant of value v.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v == math.MinInt64 || v == math.MinInt32:
		b = append(b, '(')
		b = strconv.AppendInt(b, v+1, 10)
		return append(b, " - 1)"...)
	case v < 0:
		b = append(b, '(')
		b = strconv.AppendInt(b, v, 10)
		return append(b, ')')
	}
	return strconv.AppendInt(b, v, 10)
}

// AppendElement appends an integer constant of value v as an initializer has it: without parentheses around negatives.
func AppendElement(b []byte, v int64) []byte {
	if v < 0 && v != math.MinInt64 && v != math.MinInt32 {
		return strconv.AppendInt(b, v, 10)
	}
	return AppendInt(b, v)
}

// AppendUint appends an unsigned integer constant of value v.
func AppendUint(b []byte, v uint64) []byte {
	b = strconv.AppendUint(b, v, 10)
	if v > math.MaxInt32 {
		b = append(b, 'u')
	}
	return b
}

// AppendFloat appends a constant of type float (bits 32) or double (bits 64) that reads back as v.
func AppendFloat(b []byte, v float64, bits int) []byte {
	suffix := "f"
	if bits == 64 {
		suffix = ""
	}
	switch {
	case v != v:
		return append(b, "(0.0"+suffix+" / 0.0"+suffix+")"...)
	case math.IsInf(v, 1):
		return append(b, "(1.0"+suffix+" / 0.0"+suffix+")"...)
	case math.IsInf(v, -1):
		return append(b, "(-1.0"+suffix+" / 0.0"+suffix+")"...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, v, 'g', -1, bits)
	if !bytes.ContainsAny(b[start:], ".e") {
		b = append(b, ".0"...)
	}
	return append(b, suffix...)
}

// CommentText returns text for the inside of a comment: in ASCII, without line ends, comment marks and trigraphs.
func CommentText(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r >= ' ' && r < 0x7f {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	text = strings.ReplaceAll(b.String(), "*/", "* /")
	text = strings.ReplaceAll(text, "/*", "/ *")
	text = strings.ReplaceAll(text, "??", "? ?")
	return strings.ReplaceAll(text, "??", "? ?") // of three in a row, the first round leaves two
}

// String returns a string constant: printable ASCII as it is, every other byte in octal.
func String(s string) string {
	b := []byte{'"'}
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\' || c == '?': // ? could begin a trigraph
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		default:
			b = fmt.Appendf(b, "\\%03o", c)
		}
	}
	return string(append(b, '"'))
}

// ByteList returns bytes as what stands between the braces of an array, in lines; nothing for none.
func ByteList(data []byte) string {
	var b strings.Builder
	for i, x := range data {
		if i%32 == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strconv.Itoa(int(x)) + ",")
	}
	return b.String()
}
