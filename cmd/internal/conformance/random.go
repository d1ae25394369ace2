package conformance

import (
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir/tensor"
)

// random is the outcome of a test whose numbers are random and have the type, the shape and the distribution that they should.
const random = "random"

// randomCheck returns what to hold a test's outputs against where they are random, or nil. The numbers that a test expects are those of
// NumPy's generator, which the standard does not ask for.
func (c *Case) randomCheck() func(got []*tensor.Tensor) error {
	switch {
	case c.ops["Bernoulli"] || c.ops["RandomUniformLike"]:
		return c.checkBernoulli
	case c.ops["Dropout"] && c.drops():
		return c.checkDropout
	}
	return nil
}

func (c *Case) sameTypes(got []*tensor.Tensor) error {
	for i, w := range c.Want {
		if w.DType != got[i].DType || !slices.Equal(w.Shape, got[i].Shape) {
			return fmt.Errorf("output %d is %s%v, expected %s%v", i, got[i].DType, got[i].Shape, w.DType, w.Shape)
		}
	}
	return nil
}

// checkBernoulli wants ones and zeros, about as many ones as the probabilities sum up to: within four standard deviations.
func (c *Case) checkBernoulli(got []*tensor.Tensor) error {
	if err := c.sameTypes(got); err != nil {
		return err
	}
	ones, mean, variance := 0.0, 0.0, 0.0
	for i := range got[0].Len() {
		y, p := got[0].F64(i), c.In[0].F64(i)
		if y != 0 && y != 1 {
			return fmt.Errorf("element %d is %g, expected 0 or 1", i, y)
		}
		ones, mean, variance = ones+y, mean+p, variance+p*(1-p)
	}
	if math.Abs(ones-mean) > 4*math.Sqrt(variance) {
		return fmt.Errorf("%g ones where %g are likely", ones, mean)
	}
	return nil
}

// ratio is the part that a Dropout drops: its second input, or a half.
func (c *Case) ratio() float64 {
	for _, t := range c.all {
		if t.DType.IsFloat() && len(t.Shape) == 0 {
			return t.F64(0)
		}
	}
	return 0.5
}

// drops reports whether a Dropout is in training, and drops something.
func (c *Case) drops() bool {
	training := slices.ContainsFunc(c.all, func(t *tensor.Tensor) bool { return t.DType == tensor.Bool && t.I64(0) != 0 })
	return training && c.ratio() > 0
}

// checkDropout wants each element to be 0, or larger by what the dropped ones leave, as the mask says.
func (c *Case) checkDropout(got []*tensor.Tensor) error {
	if err := c.sameTypes(got); err != nil {
		return err
	}
	x, ratio, dropped := c.In[0], c.ratio(), 0.0
	for i := range x.Len() {
		y, kept := got[0].F64(i), x.F64(i)/(1-ratio)
		gone := y == 0
		if !gone && math.Abs(y-kept) > c.ATol+c.RTol*math.Abs(kept) || len(got) > 1 && (got[1].I64(i) == 0) != gone {
			return fmt.Errorf("element %d is %g of %g, and the mask does not say so", i, y, x.F64(i))
		}
		if gone {
			dropped++
		}
	}
	n := float64(x.Len())
	if math.Abs(dropped-n*ratio) > 4*math.Sqrt(n*ratio*(1-ratio)) {
		return fmt.Errorf("%g of %g elements dropped, %g are likely", dropped, n, n*ratio)
	}
	return nil
}
