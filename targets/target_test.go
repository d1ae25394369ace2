package targets

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryTargetIsComplete(t *testing.T) {
	names := Names()
	if len(names) < 16 {
		t.Fatalf("only %d targets: %v", len(names), names)
	}
	for _, name := range names {
		x, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if x.Name != name || x.Doc == "" || x.CC == "" || x.Size == "" || x.Harness == "" || len(x.Emulator) == 0 || len(x.Packages) == 0 || !slices.Contains([]int{16, 32, 64}, x.PointerBits) {
			t.Errorf("%s is incomplete: %+v", name, x)
		}
		if !slices.Contains(x.CFlags, "-ffp-contract=off") {
			t.Errorf("%s does not keep float results the same: %v", name, x.CFlags)
		}
		if !strings.Contains(strings.Join(x.Emulator, " "), "{}") {
			t.Errorf("%s: the emulator is given no program", name)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for name, want := range map[string]string{"cortex-m5": "there is no target", "cortex-m": "only a part of others"} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load(%s) = %v, want %q", name, err, want)
		}
	}
	if x, err := Load("uno"); err != nil || x.Name != "atmega328p" {
		t.Errorf("Load(uno) = %v, %v", x, err)
	}
}

func TestAdd(t *testing.T) {
	x := &Target{CC: "a", CFlags: []string{"-O2"}}
	if err := x.add(&Target{CC: "b", CFlags: []string{"-g"}}); err != nil || x.CC != "b" || !slices.Equal(x.CFlags, []string{"-O2", "-g"}) {
		t.Errorf("%+v, %v", x, err)
	}
	if err := x.add(&Target{CFlags: []string{"-g"}}); err == nil {
		t.Error("a flag was added twice")
	}
	if _, err := parse("x", []byte(`{"flash": 1}`)); err == nil {
		t.Error("an unknown field was read")
	}
}
