// Package needs skips tests on machines that lack what they need, and fails them there under CI.
package needs

import (
	"os"
	"testing"

	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
)

// Target returns a target whose compiler and emulator are at hand.
func Target(t testing.TB, name string) *targets.Target {
	t.Helper()
	target, err := targets.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	switch missing := toolchain.Missing(target); {
	case len(missing) > 0 && os.Getenv("CI") != "":
		t.Fatalf("missing: %v", missing)
	case len(missing) > 0:
		t.Skipf("missing: %v", missing)
	}
	return target
}
