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

// mathFuncs are the functions of dg_math.h with the greatest error that their comments state, in units in the last place of
// the result, and the range over which it holds.
var mathFuncs = []struct {
	name   string
	exact  func(float64) float64
	lo, hi float64
	ulp    float64
}{
	{"dg_expf", math.Exp, -87, 88.7, 1},
	{"dg_logf", math.Log, 1e-37, 1e38, 1},
	{"dg_sqrtf", math.Sqrt, 1e-37, 1e38, 1},
	{"dg_tanhf", math.Tanh, -10, 10, 1.5},
	{"dg_sigmoidf", func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, -80, 80, 2},
	{"dg_erff", math.Erf, -4, 4, 3},
	{"dg_expm1f", math.Expm1, -20, 20, 3.5},
	{"dg_sinf", math.Sin, -3, 3, 1.5},
	{"dg_cosf", math.Cos, -1.5, 1.5, 1.5},
	{"dg_atanf", math.Atan, -100, 100, 2},
	{"dg_asinf", math.Asin, -1, 1, 3},
	{"dg_sinhf", math.Sinh, -20, 20, 3.5},
	{"dg_coshf", math.Cosh, -20, 20, 3},
	{"dg_rintf", math.RoundToEven, -1e5, 1e5, 0},
	{"dg_floorf", math.Floor, -1e5, 1e5, 0},
	{"dg_ceilf", math.Ceil, -1e5, 1e5, 0},
}

// samplesOf returns values spread over [lo, hi]: evenly, and by powers where it begins above 0.
func samplesOf(lo, hi float64) []float32 {
	const n = 20000
	out := make([]float32, 0, 2*n)
	for i := range n {
		t := float64(i) / (n - 1)
		out = append(out, float32(lo+(hi-lo)*t))
		if lo > 0 {
			out = append(out, float32(math.Exp(math.Log(lo)+t*(math.Log(hi)-math.Log(lo)))))
		}
	}
	return out
}

// TestMath compiles every function, runs it on its samples and measures the error.
func TestMath(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("gcc is missing")
		}
		t.Skip("gcc is missing")
	}
	include, err := filepath.Abs("include")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range mathFuncs {
		t.Run(f.name, func(t *testing.T) {
			in := samplesOf(f.lo, f.hi)
			worst, at := 0.0, float32(0)
			for i, got := range runMath(t, include, f.name, in) {
				want := f.exact(float64(in[i]))
				if e := math.Abs(float64(got)-want) / ulp(want); e > worst {
					worst, at = e, in[i]
				}
			}
			t.Logf("at most %.2f ulp, at %g", worst, at)
			if worst > f.ulp {
				t.Errorf("%.2f ulp at %g; stated is %g", worst, at, f.ulp)
			}
		})
	}
}

// ulp is the distance of neighbouring float32s around v, that of 2^-20 at least: near a zero the error is absolute.
func ulp(v float64) float64 {
	v = math.Max(math.Abs(v), 1.0/(1<<20))
	_, e := math.Frexp(v)
	return math.Ldexp(1, e-24)
}

func runMath(t *testing.T, include, name string, in []float32) []float32 {
	dir := t.TempDir()
	var data strings.Builder
	for _, v := range in {
		fmt.Fprintf(&data, "%d ", math.Float32bits(v))
	}
	program := `#include <stdio.h>
#include "dg_math.h"
int main(void)
{
    uint32_t b;
    while (scanf("%u", &b) == 1) {
        printf("%u\n", dg_float_bits(` + name + `(dg_bits_float(b))));
    }
    return 0;
}
`
	if err := os.WriteFile(filepath.Join(dir, "m.c"), []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-std=c99", "-O2", "-ffp-contract=off", "-I"+include, "-o", filepath.Join(dir, "m"), filepath.Join(dir, "m.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(filepath.Join(dir, "m"))
	c.Stdin = strings.NewReader(data.String())
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []float32
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
		var b uint32
		if _, err := fmt.Sscan(s.Text(), &b); err != nil {
			t.Fatal(err)
		}
		got = append(got, math.Float32frombits(b))
	}
	if len(got) != len(in) {
		t.Fatalf("%d results for %d values", len(got), len(in))
	}
	return got
}
