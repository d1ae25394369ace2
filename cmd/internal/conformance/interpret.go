package conformance

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/deepgo/deepgo/ir"
)

// Outcome is what one way of computing said of a test.
type Outcome struct {
	Text   string   // as the ledger has it: "exact", "ulp 1", "close", "unsupported: …", "wrong: …"
	Pinned []string // inputs that were constants
}

// Passed reports whether the outcome is within the test's tolerance.
func (o Outcome) Passed() bool {
	return o.Text == "exact" || o.Text == "close" || o.Text == random || strings.HasPrefix(o.Text, "ulp ")
}

// Interpret runs the tests in the reference interpreter.
func Interpret(tests []*Test) []Outcome {
	out := make([]Outcome, len(tests))
	parallel(len(tests), func(i int) { out[i] = interpret(tests[i]) })
	return out
}

// parallel calls f for 0 to n-1, as many at once as there are processors.
func parallel(n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func interpret(t *Test) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Text: fmt.Sprintf("wrong: panic: %v", p)}
		}
	}()
	c, err := t.Load()
	if err != nil {
		return refused(err)
	}
	got, err := c.Model.Run(c.In)
	if err != nil {
		return Outcome{Text: "wrong: " + firstLine(err), Pinned: c.Pinned}
	}
	return Outcome{Text: c.judge(c.Model.Trim(got)), Pinned: c.Pinned}
}

// refused is the outcome of a test that deepgo does not take, and says so.
func refused(err error) Outcome {
	var e *ir.Error
	if errors.As(err, &e) {
		return Outcome{Text: "unsupported: " + firstLine(errors.New(e.Msg))}
	}
	return Outcome{Text: "unsupported: " + firstLine(err)}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	line, _, _ = strings.Cut(line, "; used by")
	return line
}
