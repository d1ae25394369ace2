// Package passes is the ordered list of graph transformations between the frontend and the code generator.
//
// A pass is a function over an [ir.Graph]; its file's first comment is its contract, with one example before and after.
// [Pipeline] lists the passes in order, order.go says why some must come before others, and [Run] runs them. The order
// falls into three parts: clean-ups on ONNX operators, the step down to kernel operators, and memory planning.
package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/targets"
)

// Config is what passes may look at, how they are run, and where the last ones leave the memory plan.
type Config struct {
	Target *targets.Target
	IO     string     // "model" (as the file declares), "float" or "quantized": element types at the boundary
	Trees  string     // "table", "code", or "auto" (or ""): how decision trees are written
	Memory *ir.Memory // set by the plan pass

	Optimize string // "speed": memory does not matter; "balanced", "size": least memory; "": balanced on machines without an operating system
	Push     string // PushRows, PushFrames: the input arrives row by row; "": as a whole
	RAM      int    // bytes of arena that may be used where that saves time; 0: as few as can be
	Memories []RAM  // that the arena is divided among, the fastest first; none: it is one array

	Disable   []string // names of passes to leave out; required ones cannot be
	CheckEval bool     // interpret the graph around every pass, on random inputs, and compare

	// Dump, where set, gets the graph as it came in (seq 0, pass "import", changed 0) and as each pass left it.
	Dump func(seq int, pass string, g *ir.Graph, changed int)

	pipeline []Pass // that runs, for sub-graphs
	family   bool   // the graph is one of many sizes, or is to be

	turned  bool        // the input has channels last, as interleave made it
	streams []ir.Stream // what the stream pass chose, for those after it
}

// RAM is a memory of the machine's.
type RAM struct {
	Name  string // a C identifier
	Bytes int
}

// Pass is one transformation. Run reports how many changes it made.
type Pass struct {
	Name     string
	Doc      string
	Run      func(g *ir.Graph, c *Config) (changed int, err error)
	Required bool // the code generator depends on it: it cannot be switched off
}
