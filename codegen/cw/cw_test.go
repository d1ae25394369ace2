package cw

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestLiterals(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Int(5), "5"},
		{Int(-5), "(-5)"},
		{Int(math.MinInt32), "(-2147483647 - 1)"},
		{Int(math.MinInt64), "(-9223372036854775807 - 1)"},
		{string(AppendElement(nil, -5)), "-5"},
		{string(AppendElement(nil, math.MinInt32)), "(-2147483647 - 1)"},
		{string(AppendUint(nil, 7)), "7"},
		{string(AppendUint(nil, math.MaxUint64)), "18446744073709551615u"},
		{Float32(1), "1.0f"},
		{Float32(-0.1), "-0.1f"},
		{Float32(1e20), "1e+20f"},
		{Float32(float32(math.Copysign(0, -1))), "-0.0f"},
		{Float32(float32(math.Inf(-1))), "(-1.0f / 0.0f)"},
		{string(AppendFloat(nil, math.NaN(), 64)), "(0.0 / 0.0)"},
		{string(AppendFloat(nil, 0.1, 64)), "0.1"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestFloatsReadBack(t *testing.T) {
	for bits := uint32(0); bits < 0x7f800000; bits += 99_991 {
		want := math.Float32frombits(bits)
		got, err := strconv.ParseFloat(strings.TrimSuffix(Float32(want), "f"), 32)
		if err != nil || float32(got) != want {
			t.Fatalf("%s reads back as %g, not %g (%v)", Float32(want), got, want, err)
		}
	}
}

func TestIdent(t *testing.T) {
	for _, c := range []struct{ name, ident, param string }{
		{"x", "x", "x"},
		{"serving_default_input_1:0", "serving_default_input_1_0", "serving_default_input_1_0"},
		{"", "v", "v"},
		{"*/ system(\"x\"); /*", "system_x", "system_x"},
		{"0", "v0", "v0"},
		{"_Bool", "Bool", "Bool"},
		{"__a__b__", "a_b", "a_b"},
		{"класс", "v", "v"},
		{"int", "int_", "int_"},
		{"class", "class_", "class_"},
		{"INPUT", "INPUT", "input"},
		{"INT", "INT", "int_"},
		{"NULL", "NULL", "null"},
		{"X1", "X1", "x1"},
	} {
		if got := Ident(c.name); got != c.ident {
			t.Errorf("Ident(%q) = %s, want %s", c.name, got, c.ident)
		}
		if got := Param(c.name); got != c.param {
			t.Errorf("Param(%q) = %s, want %s", c.name, got, c.param)
		}
	}
}

func TestNamesDifferInCapitals(t *testing.T) {
	var n Names
	got := []string{n.Unique("x"), n.Unique("X"), n.Unique("x_2"), n.Unique("int_"), n.Unique("int_")}
	if want := "x X_2 x_2_2 int_ int_2"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestCommentText(t *testing.T) {
	for _, text := range []string{"a*/b", "/*/", "**//", "???/", "????/", "line\nend", "\\", "\u202e\u2066", "é", "/**/"} {
		got := CommentText(text)
		if strings.Contains(got, "*/") || strings.Contains(got, "/*") || strings.Contains(got, "??") {
			t.Errorf("%q becomes %q, which ends or opens a comment, or has a trigraph", text, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q becomes %q, which is not printable ASCII", text, got)
		}
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := New(&b)
	w.Comment("one", "", strings.Repeat("word ", 30)+strings.Repeat("x", 200))
	w.Func("int f", []string{"int a", "int b"})
	w.If([]string{"a", "b"}, "&&")
	w.List("g(", strings.Split(strings.Repeat("argument_of_some_length ", 6), " ")[:6], ");")
	w.List("h(", nil, ");")
	w.Close("")
	w.Close(";")
	want := `/* one
 * ` + strings.Repeat("word ", 22) + `word
 *     ` + strings.Repeat("word ", 6) + `word
 *     ` + strings.Repeat("x", 200) + ` */
int f(int a, int b)
{
    if (a && b) {
        g(argument_of_some_length, argument_of_some_length, argument_of_some_length, argument_of_some_length,
                argument_of_some_length, argument_of_some_length);
        h();
    }
};
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// full is a writer that takes one write.
type full struct{ writes int }

func (f *full) Write(b []byte) (int, error) {
	if f.writes++; f.writes > 1 {
		return 0, errors.New("full")
	}
	return len(b), nil
}

func TestWriterKeepsTheFirstError(t *testing.T) {
	f := &full{}
	w := New(f)
	for range 5 {
		w.Line("x;")
		w.Bytes([]byte("y"))
	}
	if w.Err() == nil || f.writes != 2 {
		t.Errorf("error %v after %d writes; want one after 2", w.Err(), f.writes)
	}
}
