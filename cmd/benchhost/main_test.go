package main

import (
	"os/exec"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
)

// TestOwnSide builds the program that times a model, and asks it twice.
func TestOwnSide(t *testing.T) {
	needs.Tools(t, "cc")
	m, err := deepgo.Load("../../testdata/models/digits_int8/model.onnx", deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := build(m, t.TempDir(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := start(exec.Command(program))
	if err != nil {
		t.Fatal(err)
	}
	defer own.stop()
	for _, calls := range []string{"10", "10000"} {
		if ns, err := own.ask(calls); err != nil || ns <= 0 {
			t.Errorf("%s calls took %d ns: %v", calls, ns, err)
		}
	}
}

func TestMedian(t *testing.T) {
	x := turns{times: []float64{5, 1, 9}}
	if got := x.median(); got != 5 {
		t.Errorf("median %v, want 5", got)
	}
	if got := (row{ours: 3, theirs: 4}).ratio(); got != 0.75 {
		t.Errorf("ratio %v, want 0.75", got)
	}
}
