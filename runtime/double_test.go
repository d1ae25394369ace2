package rt_test

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// doubleFuncs are the functions of dg_double.h with the greatest error that is allowed, in units in the last place of the result.
var doubleFuncs = []struct {
	name   string
	exact  func(float64) float64
	lo, hi float64
	ulp    float64
}{
	{"dg_exp", math.Exp, -700, 700, 1},
	{"dg_log", math.Log, 1e-300, 1e300, 1.5},
	{"dg_sqrt", math.Sqrt, 1e-300, 1e300, 1},
	{"dg_tanh", math.Tanh, -20, 20, 3},
	{"dg_sigmoid", func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, -80, 80, 3},
	{"dg_erf", math.Erf, -6, 6, 10},
	{"dg_expm1", math.Expm1, -20, 20, 3},
	{"dg_log1p", math.Log1p, -0.5, 10, 3},
	{"dg_sin", math.Sin, -1e4, 1e4, 2},
	{"dg_cos", math.Cos, -1e4, 1e4, 2},
	{"dg_tan", math.Tan, -1.5, 1.5, 3},
	{"dg_atan", math.Atan, -100, 100, 3},
	{"dg_asin", math.Asin, -1, 1, 4},
	{"dg_acos", func(x float64) float64 { return 2 * math.Atan2(math.Sqrt(1-x), math.Sqrt(1+x)) }, -1, 1, 4},
	{"dg_sinh", math.Sinh, -20, 20, 4},
	{"dg_cosh", math.Cosh, -20, 20, 4},
	{"dg_asinh", math.Asinh, -100, 100, 4},
	{"dg_acosh", math.Acosh, 1, 100, 4},
	{"dg_atanh", math.Atanh, -0.99, 0.99, 4},
	{"dg_rint", math.RoundToEven, -1e5, 1e5, 0},
	{"dg_floor", math.Floor, -1e5, 1e5, 0},
	{"dg_ceil", math.Ceil, -1e5, 1e5, 0},
}

// TestDouble compiles all functions into one program, runs them on their samples and measures the errors.
func TestDouble(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("gcc is missing")
		}
		t.Skip("gcc is missing")
	}
	results := runDouble(t)
	next := 0
	for _, f := range doubleFuncs {
		worst, at := 0.0, 0.0
		for _, x := range doublesOf(f.lo, f.hi) {
			want, got := f.exact(x), results[next]
			next++
			_, e := math.Frexp(math.Max(math.Abs(want), 1e-6))
			if err := math.Abs(got-want) / math.Ldexp(1, e-53); err > worst || err != err {
				worst, at = err, x
			}
		}
		t.Logf("%s: at most %.2f ulp, at %g", f.name, worst, at)
		if !(worst <= f.ulp) {
			t.Errorf("%s: %.2f ulp at %g; allowed are %g", f.name, worst, at, f.ulp)
		}
	}
}

// doublesOf returns values spread over [lo, hi], and by powers where both are positive.
func doublesOf(lo, hi float64) []float64 {
	const n = 4000
	var out []float64
	for i := range n {
		part := float64(i) / (n - 1)
		x := lo + (hi-lo)*part
		if lo > 0 {
			x = math.Exp(math.Log(lo) + part*(math.Log(hi)-math.Log(lo)))
		}
		out = append(out, min(max(x, lo), hi))
	}
	return out
}

func runDouble(t *testing.T) []float64 {
	dir := t.TempDir()
	include, err := filepath.Abs("include")
	if err != nil {
		t.Fatal(err)
	}
	var program, data strings.Builder
	program.WriteString("#include <stdio.h>\n#include <inttypes.h>\n#include \"dg_double.h\"\nint main(void)\n{\n    int f;\n    uint64_t b;\n    while (scanf(\"%d %\" SCNu64, &f, &b) == 2) {\n        const double x = dg_bits_double(b);\n        double y = 0.0;\n")
	for k, f := range doubleFuncs {
		fmt.Fprintf(&program, "        if (f == %d) {\n            y = %s(x);\n        }\n", k, f.name)
		for _, x := range doublesOf(f.lo, f.hi) {
			fmt.Fprintf(&data, "%d %d\n", k, math.Float64bits(x))
		}
	}
	program.WriteString("        printf(\"%\" PRIu64 \"\\n\", dg_double_bits(y));\n    }\n    return 0;\n}\n")
	if err := os.WriteFile(filepath.Join(dir, "m.c"), []byte(program.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields("-std=c99 -O2 -ffp-contract=off -fsanitize=undefined -fno-sanitize-recover=all -Wall -Wextra -Werror -pedantic -Wconversion -Wshadow")
	if out, err := exec.Command("gcc", append(args, "-I"+include, "-o", filepath.Join(dir, "m"), filepath.Join(dir, "m.c"))...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(filepath.Join(dir, "m"))
	c.Stdin = strings.NewReader(data.String())
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
		var b uint64
		if _, err := fmt.Sscan(s.Text(), &b); err != nil {
			t.Fatal(err)
		}
		got = append(got, math.Float64frombits(b))
	}
	return got
}
