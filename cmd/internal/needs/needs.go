// Package needs skips tests on machines that lack what they need, and fails them there under CI.
package needs

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// Tools goes on where all programs are installed.
func Tools(t testing.TB, names ...string) {
	t.Helper()
	stop(t, slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	}))
}

// Target returns a target whose compiler and emulator are at hand.
func Target(t testing.TB, name string) *targets.Target {
	t.Helper()
	target, err := targets.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	ToolsOf(t, target)
	return target
}

// ToolsOf goes on where a target's compiler and emulator are at hand.
func ToolsOf(t testing.TB, target *targets.Target) {
	t.Helper()
	stop(t, toolchain.Missing(target))
}

// stop ends the test where something is missing.
func stop(t testing.TB, missing []string) {
	t.Helper()
	switch {
	case len(missing) > 0 && os.Getenv("CI") != "":
		t.Fatalf("missing: %v", missing)
	case len(missing) > 0:
		t.Skipf("missing: %v", missing)
	}
}
