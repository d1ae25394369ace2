package op

import (
	"strconv"

	"github.com/deepgo/deepgo/ir/tensor"
)

// MostExtents is how many numbers an extents kernel writes at most.
const MostExtents = 8

// extents: whole numbers that depend on the sizes of a run, such as a length that the model divides by.
var extentDefs = []*Def{
	{Name: "extents", Out: Args("y"), Eval: evalExtents, Random: true}, // never folded: they are others in every run
}

func evalExtents(c *Call) ([]*tensor.Tensor, error) {
	y := c.newOut(0)
	for i := range y.Len() {
		y.SetF64(i, float64(c.Attrs.Int("E"+strconv.Itoa(i))))
	}
	return one(y), nil
}
