package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/report"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/score"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/testdata"
)

// quantizeJSON runs deepgo quantize, and returns what it prints and the model that it writes.
func quantizeJSON(t *testing.T, args ...string) (*report.Quantized, *deepgo.Model) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "quantized.onnx")
	var r report.Quantized
	if err := json.Unmarshal([]byte(mustRun(t, append(append([]string{"quantize"}, args...), "-o", file, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &r, m
}

// onlyIntegers fails where a product with constant weights has float ones.
func onlyIntegers(t *testing.T, p *deepgo.Program) {
	t.Helper()
	for _, n := range p.Lowered.Nodes {
		if n.Op == "conv2d_f32" || n.Op == "dwconv2d_f32" || n.Op == "fc_f32" || n.Op == "matmulc_f32" {
			t.Errorf("%s %v has float weights", n.Op, n.From)
		}
	}
}

// compileRaw compiles a quantized model that takes bytes as a camera gives them.
func compileRaw(t *testing.T, m *deepgo.Model, target string) *deepgo.Program {
	t.Helper()
	p, err := m.Compile(deepgo.CompileOptions{Target: target, IO: "quantized"})
	if err != nil {
		t.Fatal(err)
	}
	if in := p.Lowered.Inputs[0].Type; in.DType != tensor.Uint8 || in.Quant == nil || in.Quant.Zero[0] != 0 {
		t.Fatalf("the input is %v, not raw bytes", in)
	}
	onlyIntegers(t, p)
	return p
}

// outputsOfC runs the compiled program on raw pictures, and returns its outputs as floats.
func outputsOfC(t *testing.T, p *deepgo.Program, raw *tensor.Tensor, n int) [][]*tensor.Tensor {
	t.Helper()
	needs.ToolsOf(t, p.Target)
	x, err := verify.Execute(context.Background(), p, rawCases(t, p.Lowered, raw, n), verify.Build{})
	if err != nil {
		t.Fatal(err)
	}
	return x.Outputs
}

func readRaw(t *testing.T, file string) *tensor.Tensor {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := samples.DecodeNPY(data)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func labelsOf(t *testing.T, file string, m *deepgo.Model, n int) [][]int {
	t.Helper()
	var classes []int
	for _, v := range m.Graph.Outputs {
		classes = append(classes, v.Type.Len())
	}
	labels, err := score.ReadLabels(file, make([]string, n), classes, "abcdefghijklmnopqrstuvwxyz0123456789")
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

func flashBytes(t *testing.T, p *deepgo.Program) int {
	t.Helper()
	f, err := verify.Measure(context.Background(), p, verify.Build{})
	if err != nil {
		t.Fatal(err)
	}
	return f.FlashBytes()
}

// TestQuantizeCaptcha reads all test captchas by the interpreter and by C on the host, and some on Cortex-M4, from raw pixels.
func TestQuantizeCaptcha(t *testing.T) {
	dir := filepath.Join(testdata.NeedShared(t), "captcha")
	args := []string{filepath.Join(dir, "captcha_f32/model.onnx"), "--calib", filepath.Join(dir, "calibration_images.npy"),
		"--eval", filepath.Join(dir, "test_images.npy"), "--labels", filepath.Join(dir, "test_labels.txt")}
	for _, c := range []struct {
		name         string
		args         []string
		conv, dense  int // bits
		right, flash int
		onM4         int
	}{
		{"int8", nil, 8, 8, 199, 960_000, 3},
		{"int4 dense", []string{"--dense", "4"}, 8, 4, 194, 560_000, 2},
		{"int4, int2 dense in groups", []string{"--weights", "4", "--dense", "2", "--group", "32"}, 4, 2, 196, 280_000, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, m := quantizeJSON(t, append(args, c.args...)...)
			if r.Accuracy.Integer < c.right || r.Accuracy.Float != 200 {
				t.Errorf("the interpreter reads %d of 200", r.Accuracy.Integer)
			}
			if r.Ties == nil || !r.Ties.Avoided || r.Ties.Changed < 20 {
				t.Errorf("ties: %+v", r.Ties)
			}
			checkLayerBits(t, r, c.conv, c.dense)
			raw := readRaw(t, filepath.Join(dir, "test_images.npy"))
			labels := labelsOf(t, filepath.Join(dir, "test_labels.txt"), m, 200)
			if right := score.Right(outputsOfC(t, compileRaw(t, m, "host"), raw, 200), labels); right < c.right {
				t.Errorf("C on the host reads %d of 200", right)
			}
			p := compileRaw(t, m, "cortex-m4")
			if err := p.Fit(); err != nil {
				t.Error(err)
			}
			if right := score.Right(outputsOfC(t, p, raw, c.onM4), labels[:c.onM4]); right != c.onM4 {
				t.Errorf("Cortex-M4 reads %d of %d", right, c.onM4)
			}
			if bytes := flashBytes(t, p); bytes > c.flash {
				t.Errorf("%d bytes of flash", bytes)
			}
		})
	}
}

func checkLayerBits(t *testing.T, r *report.Quantized, conv, dense int) {
	t.Helper()
	for _, l := range r.Layers {
		want := conv
		if l.Op == "Gemm" {
			want = dense
		}
		if l.Bits != want || l.Activations != 8 {
			t.Errorf("%s (%s) has %s bits", l.Name, l.Op, l.Precision())
		}
	}
}

// TestQuantizeWarnsOfTies rounds the scores too: the command must say what that costs.
func TestQuantizeWarnsOfTies(t *testing.T) {
	dir := filepath.Join(testdata.NeedShared(t), "captcha")
	out := mustRun(t, "quantize", filepath.Join(dir, "captcha_f32/model.onnx"), "--calib", filepath.Join(dir, "calibration_images.npy"), "--samples", "30",
		"--eval", filepath.Join(dir, "test_images.npy"), "--labels", filepath.Join(dir, "test_labels.txt"), "--io", "int8", "-o", filepath.Join(t.TempDir(), "x.onnx"))
	if !strings.Contains(out, "warning") || !strings.Contains(out, "scores tie") || !strings.Contains(out, "% right; --io float keeps") {
		t.Errorf("%s", out)
	}
}

// TestQuantizeDigits measures fewer and fewer bits on all test digits, through the C on an emulated Uno too.
func TestQuantizeDigits(t *testing.T) {
	args := []string{models + "digits_f32/model.onnx", "--calib", models + "digits_calib.npy", "--preprocess", "scale=1/16",
		"--eval", models + "digits_images.npy", "--labels", models + "digits_labels.txt", "--io", "int8"}
	for _, c := range []struct {
		bits string
		loss int // of 297
	}{{"--weights 8", 0}, {"--weights 4", 2}, {"--weights 4 --group 16", 2}, {"--weights 2 --group 32", 15}, {"--activations 16", 0}} {
		r, m := quantizeJSON(t, append(args, strings.Fields(c.bits)...)...)
		if r.Accuracy.Samples != 297 || r.Accuracy.Float-r.Accuracy.Integer > c.loss {
			t.Errorf("%s: %+v", c.bits, r.Accuracy)
		}
		p := compileRaw(t, m, "atmega328p")
		raw := readRaw(t, models+"digits_images.npy")
		want, err := score.Outputs(p.Lowered, rawCases(t, p.Lowered, raw, 20))
		if err != nil {
			t.Fatal(err)
		}
		for i, outs := range outputsOfC(t, p, raw, 20) {
			if !tensor.Equal(outs[0], want[i][0]) {
				t.Errorf("%s: digit %d differs on the Uno", c.bits, i)
			}
		}
	}
}

func rawCases(t *testing.T, g *ir.Graph, raw *tensor.Tensor, n int) [][]*tensor.Tensor {
	t.Helper()
	in := g.Inputs[0].Type
	var cases [][]*tensor.Tensor
	for i := range n {
		x, err := tensor.FromBytes(tensor.Uint8, raw.Bytes()[i*in.Len():(i+1)*in.Len()], in.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, []*tensor.Tensor{x})
	}
	return cases
}

// TestQuantizedFilesAreCheckedByORT makes every model of testdata/quantize/cases.json again: it must be, byte for byte, the one that
// check_ort.py has seen pass onnx.checker and run in ONNX Runtime.
func TestQuantizedFilesAreCheckedByORT(t *testing.T) {
	const dir = "../../testdata/quantize/"
	var cases []struct {
		Name string
		Args []string
	}
	var found struct {
		Models map[string]struct{ SHA256 string }
	}
	readJSON(t, dir+"cases.json", &cases)
	readJSON(t, dir+"ort.json", &found)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for i, a := range c.Args {
				if rest, ok := strings.CutPrefix(a, "$SHARED"); ok {
					c.Args[i] = testdata.NeedShared(t) + rest
				} else if strings.HasPrefix(a, "testdata") {
					c.Args[i] = "../../" + a
				}
			}
			file := filepath.Join(t.TempDir(), "quantized.onnx")
			mustRun(t, append(append([]string{"quantize"}, c.Args...), "-o", file)...)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != found.Models[c.Name].SHA256 {
				t.Errorf("the model has changed: run testdata/quantize/check_ort.py")
			}
			checkCompiled(t, file)
		})
	}
}

func readJSON(t *testing.T, file string, to any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(file, err)
	}
}

// checkCompiled compiles a quantized model, and compares the C on the host with the interpreter.
func checkCompiled(t *testing.T, file string) {
	t.Helper()
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cases := []verify.Case{{Name: "random", Inputs: samples.Random(m.InputTypes(), 1)}}
	p, err := m.Compile(deepgo.CompileOptions{Target: "host"})
	if err != nil {
		t.Fatal(err)
	}
	onlyIntegers(t, p)
	r, err := verify.Run(context.Background(), m, cases, verify.Options{Compile: deepgo.CompileOptions{Target: "host"}})
	if err != nil || !r.Pass {
		t.Errorf("%v %v", r.Problems, err)
	}
}
