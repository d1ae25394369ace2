package verify

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/passes"
)

// TestSeveralMemories verifies every model with its arena in two memories.
func TestSeveralMemories(t *testing.T) {
	needs.Target(t, "host")
	for _, dir := range modelDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			verifyMemories(t, dir, deepgo.CompileOptions{Target: "host", Optimize: "balanced"})
		})
	}
}

// TestSeveralMemoriesOnAMicrocontroller has the demo's image arrive as a whole and in rows.
func TestSeveralMemoriesOnAMicrocontroller(t *testing.T) {
	needs.Target(t, "cortex-m7")
	for _, push := range []string{"", passes.PushRows} {
		verifyMemories(t, filepath.Join(own, "captcha"), deepgo.CompileOptions{Target: "cortex-m7", IO: "quantized", Push: push})
	}
}

func verifyMemories(t *testing.T, dir string, opt deepgo.CompileOptions) {
	t.Helper()
	m := load(t, dir)
	cases, err := LoadCases(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	opt.Memories = []passes.RAM{{Name: "dtcm", Bytes: 4096}, {Name: "sram", Bytes: 1 << 30}}
	r, err := Run(context.Background(), m, cases, Options{Compile: opt})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Pass {
		t.Errorf("%+v", r)
	}
}
