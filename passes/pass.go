// Package passes is the ordered list of graph transformations between the frontend and the code generator.
package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/targets"
)

// Config is what passes may look at, and where the last ones leave the memory plan.
type Config struct {
	Target *targets.Target
	IO     string     // "model" (as the file declares), "float" or "quantized": element types at the boundary
	Memory *ir.Memory // set by the plan pass
}

// Pass is one transformation. Run reports how many changes it made.
type Pass struct {
	Name     string
	Doc      string
	Run      func(g *ir.Graph, c *Config) (changed int, err error)
	Required bool // the code generator depends on it: it cannot be switched off
}
