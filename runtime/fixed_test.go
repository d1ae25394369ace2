package rt_test

import (
	"bufio"
	"fmt"
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
int main(void)
{
    char what;
    int64_t a;
    int32_t m, s;
    while (scanf(" %c %" SCNd64 " %" SCNd32 " %" SCNd32, &what, &a, &m, &s) == 4) {
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

// fixedCases returns lines of function, accumulator, multiplier and shift, and the results.
func fixedCases() (in, want []string) {
	r := rand.New(rand.NewPCG(7, 8))
	for len(in) < 100000 {
		what := "nwsv"[r.IntN(4)]
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
