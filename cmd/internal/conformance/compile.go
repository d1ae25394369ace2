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
	out := make([]Outcome, len(tests))
	var mu sync.Mutex
	var failed error
	done := 0
	batches := (len(tests) + perBatch - 1) / perBatch
	parallel(batches, func(k int) {
		from, to := k*perBatch, min((k+1)*perBatch, len(tests))
		err := compileBatch(ctx, tests[from:to], from, out[from:to])
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

// compileBatch fills in the outcomes of some tests, of which first is the number of the first.
func compileBatch(ctx context.Context, tests []*Test, first int, out []Outcome) error {
	var loaded []*Case
	var cases []cbatch.Case
	var at []int
	for i, t := range tests {
		c, p, err := compile(t, fmt.Sprintf("t%d", first+i))
		if err != nil {
			out[i] = refused(err)
			continue
		}
		loaded, cases, at = append(loaded, c), append(cases, cbatch.Case{Program: p, Inputs: c.In}), append(at, i)
	}
	if len(cases) == 0 {
		return nil
	}
	results, err := cbatch.Run(ctx, cases)
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
		out[at[k]] = o
	}
	return nil
}

// compile returns the test with what has to be pinned for C, and its program.
func compile(t *Test, name string) (c *Case, p *deepgo.Program, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("panic: %v", e)
		}
	}()
	if c, err = t.Load(); err != nil {
		return nil, nil, err
	}
	p, err = c.Model.Compile(deepgo.CompileOptions{Name: name, Emit: "single"})
	return c, p, err
}
