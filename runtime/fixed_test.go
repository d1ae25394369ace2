package rt_test

import (
	"bufio"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const fixedProgram = `#include <inttypes.h>
#include <stdio.h>
#include "dg_fixed.h"
static float float_of(int32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
int main(void)
{
    char what;
    int64_t a;
    int32_t m, s;
    uint64_t rest;
    while (scanf(" %c %" SCNd64 " %" SCNd32 " %" SCNd32, &what, &a, &m, &s) == 4) {
        if (what == 'd') {
            rest = (uint64_t)a;
            const uint32_t q = dg_divide(&rest, (uint64_t)m);
            printf("%ld\n", rest < (uint64_t)m && q * (uint64_t)m + rest == (uint64_t)a ? (long)q : -1L);
            continue;
        }
        if (what == 'f') {
            const dg_factor f = dg_factor_of(float_of((int32_t)a), float_of(m), float_of(s));
            printf("%ld %ld\n", (long)f.m, (long)f.s);
            continue;
        }
        printf("%ld\n", (long)(what == 'n' ? dg_requant((int32_t)a, m, s, 1) : what == 'w' ? dg_requant64(a, m, s) : what == 's' ? dg_round_shift((int32_t)a, s) : dg_round_shift64(a, s)));
    }
    return 0;
}
`

// TestFixed compares the functions of dg_fixed.h with rational arithmetic, under sanitizers.
func TestFixed(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("gcc is missing")
		}
		t.Skip("gcc is missing")
	}
	in, want := fixedCases()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.c"), []byte(fixedProgram), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-std=c99", "-O2", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-Iinclude", "-o", filepath.Join(dir, "f"), filepath.Join(dir, "f.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(filepath.Join(dir, "f"))
	c.Stdin = strings.NewReader(strings.Join(in, "\n"))
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan() && i < len(want); i++ {
		if s.Text() != want[i] {
			t.Fatalf("%s: C says %s, expected %s", in[i], s.Text(), want[i])
		}
	}
	if i != len(want) {
		t.Fatalf("%d results for %d cases", i, len(want))
	}
}

// fixedCases returns lines of function, accumulator, multiplier and shift, or three floats' bits, and the results.
func fixedCases() (in, want []string) {
	r := rand.New(rand.NewPCG(7, 8))
	for len(in) < 100000 {
		what := "nwsvdf"[r.IntN(6)]
		if what == 'f' {
			a, b, y := anyFloat(r), anyFloat(r), anyFloat(r)
			m, s := factor(a, b, y)
			in, want = append(in, fmt.Sprintf("f %d %d %d", math.Float32bits(a), math.Float32bits(b), math.Float32bits(y))), append(want, fmt.Sprintf("%d %d", m, s))
			continue
		}
		if what == 'd' {
			d, a := int64(1+r.Uint32()>>(1+r.IntN(30))), r.Int64()>>r.IntN(62)
			if a>>31 < d {
				in, want = append(in, fmt.Sprintf("d %d %d 0", a, d)), append(want, fmt.Sprint(a/d))
			}
			continue
		}
		a, m, s := int64(r.Uint64())>>r.IntN(64), int64(1<<30|r.Uint32()>>2), 1+r.IntN(map[byte]int{'n': 62, 'w': 94, 's': 31, 'v': 62}[what])
		if r.IntN(4) == 0 { // powers of two, and sums of few, make ties
			m, a = 1<<30, (a>>40|1)<<r.IntN(38)
		}
		if what == 's' || what == 'v' {
			m = 1
		}
		if what == 'n' || what == 's' {
			a = int64(int32(a))
		}
		q := rounded(a, m, s)
		limit := big.NewInt(1 << 30)
		switch wide := what == 'w' || what == 'v'; {
		case wide && q.CmpAbs(limit) > 0:
			q = limit.Mul(limit, big.NewInt(int64(q.Sign())))
		case !wide && !(q.IsInt64() && int64(int32(q.Int64())) == q.Int64()):
			continue // outside what the function is for
		}
		in, want = append(in, fmt.Sprintf("%c %d %d %d", what, a, m, s)), append(want, q.String())
	}
	return in, want
}

// anyFloat returns a float of at least 0: mostly near 1, sometimes a power of two, and any, denormal ones too.
func anyFloat(r *rand.Rand) float32 {
	switch r.IntN(8) {
	case 0:
		return math.Float32frombits(r.Uint32N(0x7f800000))
	case 1:
		return float32(math.Ldexp(1, r.IntN(20)-10))
	case 2:
		return math.Float32frombits(r.Uint32N(1 << 20))
	}
	return float32(math.Ldexp(r.Float64(), r.IntN(40)-20))
}

// factor is a * b / y as dg_factor_of gives it, by rational arithmetic.
func factor(a, b, y float32) (m, s int64) {
	v := new(big.Rat).Mul(new(big.Rat).SetFloat64(float64(a)), new(big.Rat).SetFloat64(float64(b)))
	switch {
	case v.Sign() == 0:
		return 0, 33
	case y == 0:
		return math.MaxInt32, 1
	}
	v.Quo(v, new(big.Rat).SetFloat64(float64(y)))
	scaled := func() *big.Int { // round(v * 2^s), ties to even
		up := new(big.Rat).Mul(v, new(big.Rat).SetFloat64(math.Ldexp(1, int(s))))
		q, rest := new(big.Int).DivMod(up.Num(), up.Denom(), new(big.Int))
		if twice := rest.Lsh(rest, 1).Cmp(up.Denom()); twice > 0 || twice == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
		return q
	}
	_, exp := math.Frexp(float64(a) * float64(b) / float64(y))
	for s = int64(32 - exp); scaled().BitLen() > 31; s-- {
	}
	switch {
	case s < 1:
		return math.MaxInt32, 1
	case s > 94:
		return 0, 33
	}
	return scaled().Int64(), s
}

// rounded returns a * m * 2^-s, rounded to nearest, ties to even.
func rounded(a, m int64, s int) *big.Int {
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(m))
	d := new(big.Int).Lsh(big.NewInt(1), uint(s))
	q, rest := new(big.Int).DivMod(p, d, new(big.Int))
	if twice := rest.Lsh(rest, 1).Cmp(d); twice > 0 || twice == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return q
}
