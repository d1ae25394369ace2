package verify

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/ir/tensor"
)

// TestStatesAreKept verifies models whose state stays inside: calls follow each other, and what they compute is not what they would alone.
func TestStatesAreKept(t *testing.T) {
	states := map[string]map[string]string{"lstm_step": {"h1": "h0", "c1": "c0"}, "gru_step": {"h1": "h0"}}
	for _, target := range []string{"host", "cortex-m4"} {
		needs.Target(t, target)
		for name, s := range states {
			m := load(t, filepath.Join(own, "models", name))
			cases := make([]Case, 4)
			for i := range cases {
				cases[i] = Case{Name: fmt.Sprint(i), Inputs: samples.Random(m.InputTypes(), uint64(i+1))}
			}
			opt := Options{Compile: deepgo.CompileOptions{Target: target, States: s}}
			r, err := Run(context.Background(), m, cases, opt)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Pass || r.Against != "interpreter" {
				t.Errorf("%s on %s: %+v", name, target, r)
			}
			stateMatters(t, m, cases, opt.Compile)
		}
	}
}

func stateMatters(t *testing.T, m *deepgo.Model, cases []Case, opt deepgo.CompileOptions) {
	p, err := m.Compile(opt)
	if err != nil {
		t.Fatal(err)
	}
	c := &comparison{model: m, program: p, result: &Result{}}
	if err := c.interpret(cases); err != nil {
		t.Fatal(err)
	}
	for i, k := range cases {
		_, alone, err := Reference(m, p, k)
		if err != nil {
			t.Fatal(err)
		}
		if same := tensor.Equal(alone[0], c.lowered[i][0]); same != (i == 0) {
			t.Errorf("%s: call %d is as it would be alone: %v", m.Name, i, same)
		}
	}
}
