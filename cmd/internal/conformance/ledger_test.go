package conformance

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the ledger")

const root = "../../../"

// TestLedger runs all of ONNX's node tests. What any of them says differently, for better or worse, has to be written into the ledger.
func TestLedger(t *testing.T) {
	tests, err := ReadArchive(root + Archive)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := Run(context.Background(), tests, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if strings.Contains(l.Interpreter.Text+l.C.Text, "panic") {
			t.Errorf("%s", l)
		}
	}
	t.Log(Summary(lines))
	got := Format(lines)
	if *update {
		if err := os.WriteFile(root+Ledger, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(root + Ledger)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("the ledger differs (-update writes it):\n%s", cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

// TestCounts holds the archive against what its README says.
func TestCounts(t *testing.T) {
	tests, err := ReadArchive(root + Archive)
	if err != nil {
		t.Fatal(err)
	}
	apart := 0
	for _, test := range tests {
		if test.Apart() {
			apart++
		}
	}
	if len(tests) != 1884 || apart != 62 {
		t.Errorf("%d tests, %d of them apart; expected 1884 and 62", len(tests), apart)
	}
}

// TestInterpreterIsFast holds the interpreter to a minute for all tests.
func TestInterpreterIsFast(t *testing.T) {
	tests, err := ReadArchive(root + Archive)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	Interpret(tests)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("the interpreter took %s", took)
	} else {
		t.Logf("the interpreter took %s", took)
	}
}
