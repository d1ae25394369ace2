package passes

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/deepgo/deepgo/ir"
)

// Run takes g through the pipeline. The IR is checked after every pass. A panic inside a pass becomes an *ir.Bug that
// names the pass and the model.
func Run(g *ir.Graph, c *Config) error { return run(g, c, Pipeline[:]) }

func run(g *ir.Graph, c *Config, pipeline []Pass) error {
	if err := checkDisabled(c.Disable, pipeline); err != nil {
		return err
	}
	c.Memory, c.pipeline = nil, pipeline
	return runPart(g, c, 0, len(pipeline))
}

// runPart runs the passes from one to before another.
func runPart(g *ir.Graph, c *Config, from, to int) error {
	var eval *evalCheck
	if c.CheckEval {
		var err error
		if eval, err = newEvalCheck(g); err != nil {
			return err
		}
	}
	if from == 0 {
		dump(c, 0, "import", g, 0)
	}
	for i, p := range c.pipeline[:to] {
		if i < from || !p.Required && slices.Contains(c.Disable, p.Name) {
			continue
		}
		changed, err := step(p, g, c)
		if err != nil {
			return err
		}
		dump(c, i+1, p.Name, g, changed)
		if err := verify(p, g, c, eval, changed); err != nil {
			return err
		}
	}
	return nil
}

func dump(c *Config, seq int, pass string, g *ir.Graph, changed int) {
	if c.Dump != nil {
		c.Dump(seq, pass, g, changed)
	}
}

// step runs one pass and turns a panic into an error.
func step(p Pass, g *ir.Graph, c *Config) (changed int, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *ir.Bug:
			err = &ir.Bug{Msg: fmt.Sprintf("pass %s on model %q: %s", p.Name, g.Name, e.Msg)}
		default:
			err = &ir.Bug{Msg: fmt.Sprintf("pass %s on model %q: %v\n%s", p.Name, g.Name, e, debug.Stack())}
		}
	}()
	return p.Run(g, c)
}

// verify checks what a pass left behind.
func verify(p Pass, g *ir.Graph, c *Config, eval *evalCheck, changed int) error {
	if err := ir.Check(g); err != nil {
		return &ir.Bug{Msg: fmt.Sprintf("pass %s on model %q broke the graph: %s", p.Name, g.Name, err)}
	}
	if eval == nil || changed == 0 {
		return nil
	}
	if err := eval.compare(g, c.Memory); err != nil {
		return &ir.Bug{Msg: fmt.Sprintf("pass %s on model %q changed what the model means: %s", p.Name, g.Name, err)}
	}
	return nil
}

func checkDisabled(names []string, pipeline []Pass) error {
	for _, name := range names {
		i := slices.IndexFunc(pipeline, func(p Pass) bool { return p.Name == name })
		switch {
		case i < 0:
			return &ir.Error{Msg: fmt.Sprintf("there is no pass %q to disable", name)}
		case pipeline[i].Required:
			return &ir.Error{Msg: fmt.Sprintf("pass %q cannot be disabled: the code generator depends on it", name)}
		}
	}
	return nil
}
