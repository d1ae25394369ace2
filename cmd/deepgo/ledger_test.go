package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/google/go-cmp/cmp"
)

// ledgerModels are the models in the ledger, with what TensorFlow Lite Micro and CMSIS-NN take of them on Cortex-M4 where that was
// measured: millions of cycles, and bytes of its arena. float models are measured on Cortex-M4 alone.
var ledgerModels = []struct {
	file   string
	cycles float64
	arena  int
}{
	{models + "digits_int8/model.onnx", 0, 0},
	{"../../testdata/captcha/model.onnx", 0, 0},
	{"$SHARED/mlperf-tiny/kws_int8/model.onnx", 9.000, 22_820},
	{"$SHARED/mlperf-tiny/vww_int8/model.onnx", 28.399, 100_708},
	{"$SHARED/mlperf-tiny/ic_int8/model.onnx", 35.204, 54_996},
	{"$SHARED/mlperf-tiny/ad_int8/model.onnx", 0.711, 2_580},
	{"$SHARED/mlperf-tiny/sww_int8/model.onnx", 2.632, 16_596},
	{"$SHARED/mlperf-tiny/kws_f32/model.onnx", 56.46, 66_176},
	{"$SHARED/mlperf-tiny/vww_f32/model.onnx", 132.0, 299_968},
	{"$SHARED/mlperf-tiny/ic_f32/model.onnx", 156.8, 199_120},
	{"$SHARED/mlperf-tiny/ad_f32/model.onnx", 2.688, 4_848},
}

const ledgerFile = "../../testdata/ledger.txt"

// TestLedger measures every model of the ledger again. The figures are exact for one version of the compiler, that of CI: a change of
// code that moves one, for better or worse, says so by changing the ledger (make bench).
func TestLedger(t *testing.T) {
	if os.Getenv("CI") == "" && !*update {
		t.Skip("the figures are those of CI's compilers")
	}
	old, err := os.ReadFile(ledgerFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(old)) {
		if f := strings.Fields(line); len(f) > 1 {
			known[f[0]+" "+f[1]] = line
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %-10s %8s %9s %8s %6s %12s %12s %8s %8s\n", "MODEL", "TARGET", "CODE", "CONSTANTS", "ARENA", "STACK", "INSNS", "CYCLES", "OF-TFLM", "ARENA")
	for _, m := range ledgerModels {
		file, isShared := strings.CutPrefix(m.file, "$SHARED")
		if dir := os.Getenv("DEEPGO_SHARED"); isShared && dir == "" {
			if *update {
				t.Fatal("DEEPGO_SHARED is not set")
			}
			continue
		} else if isShared {
			file = filepath.Join(dir, "models", file)
		}
		targets := []string{"cortex-m4", "cortex-m3", "rv32imac"}
		if strings.Contains(file, "_f32") {
			targets = targets[:1]
		}
		for _, target := range targets {
			line := ledgerLine(t, file, target, m.cycles, m.arena)
			f := strings.Fields(line)
			if diff := cmp.Diff(known[f[0]+" "+f[1]], line); diff != "" && !*update {
				t.Errorf("the ledger is out of date (- ledger, + now; make bench):\n%s", diff)
			}
			b.WriteString(line)
		}
	}
	if *update {
		if err := os.WriteFile(ledgerFile, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// ledgerLine measures a model with inputs and outputs as the integers inside, where it has some.
func ledgerLine(t *testing.T, file, target string, cycles float64, arena int) string {
	t.Helper()
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := verify.Bench(context.Background(), m, verify.Options{Compile: deepgo.CompileOptions{Target: target, IO: "quantized"}})
	if err != nil {
		t.Fatal(err)
	}
	share := func(part, all float64) string {
		if all == 0 || target != "cortex-m4" {
			return "-"
		}
		return fmt.Sprintf("%.3f", part/all)
	}
	return fmt.Sprintf("%-12s %-10s %8d %9d %8d %6d %12d %12d %8s %8s\n", m.Name, target, c.CodeBytes, c.ConstBytes, c.RAMBytes, c.StackBytes, c.Insns, c.Cycles,
		share(float64(c.Cycles)/1e6, cycles), share(float64(c.RAMBytes), float64(arena)))
}
