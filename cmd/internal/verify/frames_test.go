package verify

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/passes"
)

// refusals are the models whose inputs cannot arrive row by row, with what is said about that.
var refusals = map[string]string{
	"lstm_step": "expected one input, the model has",
	"gru_step":  "expected one input, the model has",
	"ad_int8":   "has no rows that could arrive one by one",
	"ad_f32":    "has no rows that could arrive one by one",
	"sine_f32":  "has no rows that could arrive one by one",
	"sine_int8": "has no rows that could arrive one by one",
}

// pushModel verifies a model whose input arrives row by row; where it has no rows, the refusal.
func pushModel(t *testing.T, dir, target, push string) *Result {
	m := load(t, dir)
	cases, err := LoadCases(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), m, cases, Options{Compile: deepgo.CompileOptions{Target: target, Push: push}})
	if why := refusals[filepath.Base(dir)]; why != "" {
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if !r.Pass || r.Against != "goldens" || push == passes.PushFrames && r.Windows < 2 {
		t.Errorf("%+v", r)
	}
	return r
}

// TestPushedRows gives every model its input row by row.
func TestPushedRows(t *testing.T) {
	dirs := append(modelDirs(t), filepath.Join(own, "models", "frames_f32"))
	for _, target := range []string{"host", "cortex-m4"} {
		t.Run(target, func(t *testing.T) {
			needs.Target(t, target)
			for _, dir := range dirs {
				t.Run(filepath.Base(dir), func(t *testing.T) {
					t.Parallel()
					pushModel(t, dir, target, passes.PushRows)
				})
			}
		})
	}
}

// TestPushedFrames lets frames keep coming: each output is that of the window of the last ones.
func TestPushedFrames(t *testing.T) {
	for _, target := range []string{"host", "cortex-m4", "cortex-m3", "rv32imac", "raspberry-pi-4"} {
		t.Run(target, func(t *testing.T) {
			needs.Target(t, target)
			for _, dir := range append(modelDirs(t), filepath.Join(own, "models", "frames_f32")) {
				if name := filepath.Base(dir); name != "frames_f32" && !strings.HasPrefix(name, "sww") && !(target == "host" && strings.HasPrefix(name, "kws")) {
					continue
				}
				t.Run(filepath.Base(dir), func(t *testing.T) {
					t.Parallel()
					pushModel(t, dir, target, passes.PushFrames)
				})
			}
		})
	}
}

// TestFramesCostLittle compares the layers that go on with the window as a whole: memory is that of the rows that are still to be read.
func TestFramesCostLittle(t *testing.T) {
	m := load(t, filepath.Join(own, "models", "frames_f32"))
	whole, err := m.Compile(deepgo.CompileOptions{Target: "cortex-m4", Optimize: "speed"})
	if err != nil {
		t.Fatal(err)
	}
	frames, err := m.Compile(deepgo.CompileOptions{Target: "cortex-m4", Push: passes.PushFrames})
	if err != nil {
		t.Fatal(err)
	}
	p := frames.Memory.Pushed
	if p.Rows != 40 || p.First != 39 || p.Hop != 2 || p.Last == nil || !strings.HasPrefix(p.Last.Name, "mix2") {
		t.Errorf("%+v, last %v", p, p.Last)
	}
	// By hand: 3 rows of 12 floats, 5 of 16, 1 of 16, 5 of 24, 1 of 24, 13 of 8, six counters, and what the dense layer and Softmax write.
	if want := 4 * (3*12 + 5*16 + 16 + 5*24 + 24 + 13*8 + 6); frames.Memory.ArenaBytes > want+4*8 || whole.Memory.ArenaBytes < 2*want {
		t.Errorf("%d bytes of arena, at most %d expected; %d for whole windows", frames.Memory.ArenaBytes, want+4*8, whole.Memory.ArenaBytes)
	}
}
