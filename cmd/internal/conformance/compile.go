package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/cbatch"
)

// perBatch is how many tests share one C program.
const perBatch = 40

// Compile runs the tests in C on this machine, under the sanitizers.
func Compile(ctx context.Context, tests []*Test, progress func(done int)) ([]Outcome, error) {
	run := func(cases []cbatch.Case) ([]cbatch.Result, error) { return cbatch.Run(ctx, cases) }
	return inBatches(tests, perBatch, "", run, progress)
}

// inBatches compiles the tests for a target, and runs so many at a time.
func inBatches(tests []*Test, size int, target string, run func([]cbatch.Case) ([]cbatch.Result, error), progress func(done int)) ([]Outcome, error) {
	out := make([]Outcome, len(tests))
	var mu sync.Mutex
	var failed error
	done := 0
	parallel((len(tests)+size-1)/size, func(k int) {
		from, to := k*size, min((k+1)*size, len(tests))
		b := &testBatch{tests: tests[from:to], first: from, target: target, out: out[from:to]}
		err := b.run(run)
		mu.Lock()
		defer mu.Unlock()
		if err != nil && failed == nil {
			failed = err
		}
		done += to - from
		progress(done)
	})
	return out, failed
}

// testBatch are tests that share a program.
type testBatch struct {
	tests  []*Test
	first  int // number of the first
	target string
	out    []Outcome
}

// run fills in the outcomes.
func (b *testBatch) run(run func([]cbatch.Case) ([]cbatch.Result, error)) error {
	var loaded []*Case
	var cases []cbatch.Case
	var at []int
	for i, t := range b.tests {
		c, p, err := compile(t, deepgo.CompileOptions{Name: fmt.Sprintf("t%d", b.first+i), Emit: "single", Target: b.target})
		if err != nil {
			b.out[i] = refused(err)
			continue
		}
		loaded, cases, at = append(loaded, c), append(cases, cbatch.Case{Program: p, Inputs: c.In}), append(at, i)
	}
	if len(cases) == 0 {
		return nil
	}
	results, err := run(cases)
	if err != nil {
		return err
	}
	for k, r := range results {
		o := Outcome{Pinned: loaded[k].Pinned}
		if r.Err != nil {
			o.Text = "wrong: " + firstLine(r.Err)
		} else {
			o.Text = loaded[k].judge(loaded[k].Model.Trim(r.Outputs))
		}
		b.out[at[k]] = o
	}
	return nil
}

// compile returns the test with what has to be pinned for C, and its program.
func compile(t *Test, o deepgo.CompileOptions) (c *Case, p *deepgo.Program, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("panic: %v", e)
		}
	}()
	if c, err = t.Load(); err != nil {
		return nil, nil, err
	}
	p, err = c.Model.Compile(o)
	return c, p, err
}
