package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/testdata"
	"github.com/google/go-cmp/cmp"
)

// ledgerModels are the models in the ledger, with what others take of them where that was measured: TensorFlow Lite Micro with CMSIS-NN in
// millions of cycles on Cortex-M4, in millions of instructions on Cortex-M3 (for RISC-V, too, which has no figures of its own), and in bytes of
// its arena; and the best published millions of cycles on a real Cortex-M4. Float models are measured on Cortex-M4 and M55 alone. Cycles of Cortex-M55
// are counted by the rules of Cortex-M4, a vector instruction as one.
var ledgerModels = []struct {
	file     string
	push     string
	optimize string // with what that changes on a Cortex-M4 alone
	cycles   float64
	insns    float64
	arena    float64
	record   float64
}{
	{file: models + "digits_int8/model.onnx"},
	{file: models + "frames_f32/model.onnx"},
	{file: models + "frames_f32/model.onnx", push: "frames"},
	{file: "../../testdata/captcha/model.onnx"},
	{file: "../../testdata/captcha/model.onnx", push: "rows"},
	{file: "../../testdata/captcha/model.onnx", optimize: "speed"},
	{file: "$SHARED/mlperf-tiny/kws_int8/model.onnx", cycles: 9.000, insns: 10.53, arena: 22_820, record: 5.18},
	{file: "$SHARED/mlperf-tiny/vww_int8/model.onnx", cycles: 28.399, insns: 31.96, arena: 100_708, record: 10.67},
	{file: "$SHARED/mlperf-tiny/ic_int8/model.onnx", cycles: 35.204, insns: 41.85, arena: 54_996, record: 19.8},
	{file: "$SHARED/mlperf-tiny/ic_int8/model.onnx", optimize: "speed", cycles: 35.204, arena: 54_996, record: 19.8},
	{file: "$SHARED/mlperf-tiny/ad_int8/model.onnx", cycles: 0.711, insns: 0.956, arena: 2_580, record: 0.486},
	{file: "$SHARED/mlperf-tiny/sww_int8/model.onnx", cycles: 2.632, insns: 4.73, arena: 16_596},
	{file: "$SHARED/mlperf-tiny/sww_int8/model.onnx", push: "frames"},
	{file: "$SHARED/mlperf-tiny/kws_f32/model.onnx", cycles: 56.46, arena: 66_176},
	{file: "$SHARED/mlperf-tiny/vww_f32/model.onnx", cycles: 132.0, arena: 299_968},
	{file: "$SHARED/mlperf-tiny/ic_f32/model.onnx", cycles: 156.8, arena: 199_120},
	{file: "$SHARED/mlperf-tiny/ad_f32/model.onnx", cycles: 2.688, arena: 4_848},
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
	b.WriteString(ledgerTitle)
	for _, m := range ledgerModels {
		file, ok := ledgerModel(t, m.file)
		if !ok {
			continue
		}
		targets := []string{"cortex-m4", "cortex-m55", "cortex-m3", "rv32imac"}
		if strings.Contains(file, "_f32") {
			targets = targets[:2]
		}
		if m.optimize != "" {
			targets = targets[:1]
		}
		for _, target := range targets {
			name, c := ledgerCost(t, file, m.push, m.optimize, target)
			time, peer, record := float64(c.Cycles)/1e6, m.cycles, m.record
			switch target {
			case "cortex-m4":
			case "cortex-m55":
				peer, record = 0, 0
			default:
				time, peer, record = float64(c.Insns)/1e6, m.insns, 0
			}
			line := fmt.Sprintf(ledgerFormat, name, target, fmt.Sprint(c.CodeBytes), fmt.Sprint(c.ConstBytes), fmt.Sprint(c.RAMBytes), fmt.Sprint(c.StackBytes), fmt.Sprint(c.Insns), fmt.Sprint(c.Cycles),
				figure(peer), share(time, peer), figure(m.arena), share(float64(c.RAMBytes), m.arena), figure(record))
			if diff := cmp.Diff(known[name+" "+target], line); diff != "" && !*update {
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

// A line of the ledger, and its first one. The peer's figure is cycles on Cortex-M4, instructions elsewhere.
const ledgerFormat = "%-17s %-10s %8s %9s %8s %6s %12s %12s %8s %8s %10s %8s %8s\n"

var ledgerTitle = fmt.Sprintf(ledgerFormat, "MODEL", "TARGET", "CODE", "CONSTANTS", "ARENA", "STACK", "INSNS", "CYCLES", "TFLM/M", "OF-TFLM", "TFLM-ARENA", "OF-ARENA", "RECORD/M")

// ledgerModel returns a model's file; ok is false where the shared models are not there.
func ledgerModel(t *testing.T, name string) (file string, ok bool) {
	t.Helper()
	file, isShared := strings.CutPrefix(name, "$SHARED")
	if !isShared {
		return file, true
	}
	dir, ok := testdata.Shared(t)
	if !ok && *update {
		t.Fatal("the shared models are not there")
	}
	return filepath.Join(dir, file), ok
}

// ledgerCost measures a model with inputs and outputs as the integers inside, where it has some.
func ledgerCost(t *testing.T, file, push, optimize, target string) (name string, c *verify.Cost) {
	t.Helper()
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err = verify.Bench(context.Background(), m, verify.Options{Compile: deepgo.CompileOptions{Target: target, IO: "quantized", Push: push, Optimize: optimize}})
	if err != nil {
		t.Fatal(err)
	}
	if how := push + optimize; how != "" {
		return m.Name + "/" + how, c
	}
	return m.Name, c
}

// figure is a peer's figure, or - where there is none.
func figure(x float64) string {
	if x == 0 {
		return "-"
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

func share(part, all float64) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", part/all)
}
