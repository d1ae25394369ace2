package op

import (
	"math"
	"slices"
	"testing"
)

// TestRandomNumbers holds the two distributions against what they should be: the greatest distance between their share of numbers below a
// bound and the true one, by Kolmogorov and Smirnov, is beyond 1.95/sqrt(n) once in a thousand times.
func TestRandomNumbers(t *testing.T) {
	const n = 20_000
	for _, c := range []struct {
		name string
		draw func(i, seed uint32) float64
		cdf  func(x float64) float64
	}{
		{"uniform", uniform, func(x float64) float64 { return x }},
		{"normal", normal, func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }},
	} {
		for _, seed := range []uint32{0, 1, 2, 0x3f800000, 0xffffffff} {
			drawn := make([]float64, n)
			for i := range drawn {
				drawn[i] = c.draw(uint32(i), seed)
			}
			slices.Sort(drawn)
			worst := 0.0
			for i, x := range drawn {
				worst = max(worst, math.Abs(c.cdf(x)-float64(i)/n), math.Abs(c.cdf(x)-float64(i+1)/n))
			}
			if worst > 1.95/math.Sqrt(n) {
				t.Errorf("%s with seed %d is %.4f off", c.name, seed, worst)
			}
		}
	}
}
