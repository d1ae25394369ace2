package codegen

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir/tensor"
)

// floatText returns a float constant of C99 with exactly v's value. Infinities and NaN are written without math.h.
func floatText(v float32) string {
	switch {
	case v != v:
		return "DG_NAN"
	case math.IsInf(float64(v), 1):
		return "DG_INF"
	case math.IsInf(float64(v), -1):
		return "(-DG_INF)"
	}
	s := strconv.FormatFloat(float64(v), 'g', -1, 32)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s + "f"
}

// elementText returns element i of a constant as an initializer.
func elementText(t *tensor.Tensor, i int) string {
	switch t.DType {
	case tensor.Float32:
		v := float32(t.F64(i))
		switch {
		case v != v: // initializers must be constant expressions
			return "(0.0f / 0.0f)"
		case math.IsInf(float64(v), 0):
			return strconv.Itoa(int(math.Copysign(1, float64(v)))) + ".0f / 0.0f"
		}
		return floatText(v)
	case tensor.Float64:
		return strconv.FormatFloat(t.F64(i), 'e', -1, 64)
	case tensor.Int32:
		if t.I64(i) == math.MinInt32 {
			return "(-2147483647 - 1)"
		}
	case tensor.Int64:
		if t.I64(i) == math.MinInt64 {
			return "(-9223372036854775807 - 1)"
		}
	case tensor.Uint32:
		return strconv.FormatInt(t.I64(i), 10) + "u"
	case tensor.Uint64:
		return strconv.FormatUint(uint64(t.I64(i)), 10) + "u"
	}
	return strconv.FormatInt(t.I64(i), 10)
}

// initializer returns all elements between braces, in lines of at most about 120 characters.
func initializer(t *tensor.Tensor) string {
	var b strings.Builder
	b.WriteString("{\n")
	line := 0
	for i := range t.Len() {
		s := elementText(t, i)
		if line+len(s) > 116 {
			b.WriteByte('\n')
			line = 0
		}
		if line == 0 {
			b.WriteString("   ")
		}
		b.WriteString(" " + s + ",")
		line += len(s) + 2
	}
	b.WriteString("\n}")
	return b.String()
}

// comment makes text safe inside a C comment.
func comment(text string) string {
	text = strings.ReplaceAll(text, "*/", "* /")
	text = strings.ReplaceAll(text, "/*", "/ *")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.ReplaceAll(text, `\`, "/"))
}

// identifier makes text a legal name in C and C++: letters, digits and underscores, not beginning with a digit.
func identifier(text string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, text)
	name = strings.Trim(name, "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "m" + name
	}
	if reserved[name] {
		name += "_"
	}
	return name
}

var reserved = wordSet(`auto break case char const continue default do double else enum extern float for goto if inline int long register
	restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool class new delete this template
	namespace operator private public protected virtual friend throw try catch true false using export and or not xor arena main int8_t
	uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t size_t memcpy memset asm typename explicit mutable`)

func wordSet(text string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		m[w] = true
	}
	return m
}

// unique returns name, or name with a number where taken has it, and takes it.
func unique(taken map[string]bool, name string) string {
	out := name
	for i := 2; taken[out]; i++ {
		out = fmt.Sprintf("%s_%d", name, i)
	}
	taken[out] = true
	return out
}

// dims returns a shape as an initializer.
func dims(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
