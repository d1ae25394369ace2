package verify

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/testdata"
)

const own = "../../../testdata"

// modelDirs returns the folders of all models at hand: the shared ones where they are, those in testdata otherwise.
func modelDirs(t *testing.T) []string {
	files := testdata.SharedModels(t, "*/*")
	if files == nil {
		files = testdata.Models(t)
	}
	var dirs []string
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	if len(dirs) < 10 {
		t.Fatalf("only %d models found", len(dirs))
	}
	return dirs
}

func load(t *testing.T, dir string) *deepgo.Model {
	m, err := deepgo.Load(filepath.Join(dir, "model.onnx"), deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// verifyModel fails the test unless the model passes on the target, with its goldens.
func verifyModel(t *testing.T, dir, target string, b Build) *Result {
	return verifyOptimized(t, dir, target, "", b)
}

func verifyOptimized(t *testing.T, dir, target, optimize string, b Build) *Result {
	m := load(t, dir)
	cases, err := LoadCases(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), m, cases, Options{Compile: deepgo.CompileOptions{Target: target, Optimize: optimize}, Build: b})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Pass || r.Against != "goldens" {
		t.Errorf("%+v", r)
	}
	return r
}

// TestModels verifies every model on every target that has the room.
func TestModels(t *testing.T) {
	for _, target := range []string{"host", "cortex-m4", "rv32imac", "raspberry-pi-4", "raspberry-pi-3"} {
		t.Run(target, func(t *testing.T) {
			needs.Target(t, target)
			for _, dir := range modelDirs(t) {
				t.Run(filepath.Base(dir), func(t *testing.T) {
					t.Parallel()
					verifyModel(t, dir, target, Build{})
				})
			}
		})
	}
}

// TestModelsOtherwise verifies every model as it is not compiled by default: whole layers on microcontrollers, rows where there is an
// operating system.
func TestModelsOtherwise(t *testing.T) {
	for target, optimize := range map[string]string{"cortex-m4": "speed", "rv32imac": "speed", "host": "size", "raspberry-pi-4": "balanced"} {
		t.Run(target, func(t *testing.T) {
			needs.Target(t, target)
			for _, dir := range modelDirs(t) {
				t.Run(filepath.Base(dir), func(t *testing.T) {
					t.Parallel()
					verifyOptimized(t, dir, target, optimize, Build{})
				})
			}
		})
	}
}

// TestEveryTarget verifies one integer and one float model on all targets.
func TestEveryTarget(t *testing.T) {
	for _, target := range targets.Names() {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			needs.Target(t, target)
			for _, name := range []string{"digits_int8", "sine_f32"} {
				if r := verifyModel(t, filepath.Join(own, "models", name), target, Build{}); !r.Fits {
					t.Errorf("%s does not fit: %+v", name, r)
				}
			}
		})
	}
}

// TestSanitizers runs every model under AddressSanitizer and UndefinedBehaviorSanitizer.
func TestSanitizers(t *testing.T) {
	needs.Tools(t, "gcc")
	for _, dir := range modelDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			verifyModel(t, dir, "host", Build{CC: "gcc", CFlags: []string{"-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}})
		})
	}
}

// TestCaptchaOnAMicrocontroller holds what the demo model takes: as int8 it fits 1 MB of flash, as float it is refused.
func TestCaptchaOnAMicrocontroller(t *testing.T) {
	needs.Target(t, "cortex-m4")
	if r := verifyModel(t, filepath.Join(own, "captcha"), "cortex-m4", Build{}); !r.Fits {
		t.Errorf("captcha does not fit a Cortex-M4: %+v", r)
	}
	for _, dir := range modelDirs(t) {
		if filepath.Base(dir) != "captcha_f32" {
			continue
		}
		p, err := load(t, dir).Compile(deepgo.CompileOptions{Target: "cortex-m4"})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Fit(); err == nil || !strings.Contains(err.Error(), "too big for cortex-m4") || !strings.Contains(err.Error(), "dense_5/MatMul") {
			t.Errorf("Fit = %v, want a refusal with a table", err)
		}
	}
}

// strict are the flags under which generated C gives no warning.
var strict = strings.Fields("-std=c99 -Wall -Wextra -Werror -pedantic -Wconversion -Wshadow -O1 -ffp-contract=off -c -o /dev/null")

// TestStrictC compiles every model's C with all warnings, and its header as C++.
func TestStrictC(t *testing.T) {
	needs.Tools(t, "gcc", "clang", "g++")
	for _, dir := range modelDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			for _, emit := range []string{"split", "single"} {
				p, err := load(t, dir).Compile(deepgo.CompileOptions{Emit: emit})
				if err != nil {
					t.Fatal(err)
				}
				work := writeProgram(t, p)
				for _, f := range p.Files {
					if strings.HasSuffix(f.Name, ".h") {
						command(t, work, "g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-x", "c++", "-fsyntax-only", f.Name)
						continue
					}
					command(t, work, "gcc", append(strict, f.Name)...)
					command(t, work, "clang", append(strict, f.Name)...)
				}
			}
		})
	}
}

func writeProgram(t *testing.T, programs ...*deepgo.Program) string {
	dir := t.TempDir()
	for _, p := range programs {
		for _, f := range p.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func command(t *testing.T, dir, name string, args ...string) string {
	c := exec.Command(name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestSameBytes compiles twice and expects the same files.
func TestSameBytes(t *testing.T) {
	for _, dir := range modelDirs(t) {
		a, err := load(t, dir).Compile(deepgo.CompileOptions{Target: "cortex-m4", Command: "x"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := load(t, dir).Compile(deepgo.CompileOptions{Target: "cortex-m4", Command: "x"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Files {
			if string(a.Files[i].Data) != string(b.Files[i].Data) {
				t.Errorf("%s: %s differs between two runs", dir, a.Files[i].Name)
			}
		}
	}
}

// TestTwoModelsShareAnArena links two models into one program and runs both in the same memory.
func TestTwoModelsShareAnArena(t *testing.T) {
	needs.Tools(t, "cc")
	var programs []*deepgo.Program
	for _, name := range []string{"sine_f32", "digits_int8"} {
		p, err := load(t, filepath.Join(own, "models", name)).Compile(deepgo.CompileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
	}
	dir := writeProgram(t, programs...)
	main := `#include <stdio.h>
#include "sine_f32.h"
#include "digits_int8.h"
int main(void)
{
    static double arena[(SINE_F32_ARENA_BYTES > DIGITS_INT8_ARENA_BYTES ? SINE_F32_ARENA_BYTES : DIGITS_INT8_ARENA_BYTES) / 8 + 1];
    static float image[DIGITS_INT8_IN_IMAGE_LEN], classes[DIGITS_INT8_OUT_OUTPUT_0_LEN];
    float x = 1.0f, y1 = 0, y2 = 1;
    int code = sine_f32_run(arena, &x, &y1);
    code += digits_int8_run(arena, image, classes);
    code += sine_f32_run(arena, &x, &y2);
    code += sine_f32_run(0, &x, &y2) != SINE_F32_ENULL;
    code += sine_f32_run((char *)arena + 1, &x, &y2) != SINE_F32_EALIGN;
    printf("%d %d", code, y1 == y2);
    return 0;
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(main), 0o666); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "sh", "-c", "cc -std=c99 -o both *.c")
	if out := command(t, dir, "./both"); out != "0 1" {
		t.Errorf("the program printed %q, want \"0 1\"", out)
	}
}

// TestUno runs the digits model on an emulated Arduino Uno for 60 test images: stack and all fit its 2 KB, and the classes are
// ONNX Runtime's.
func TestUno(t *testing.T) {
	needs.Target(t, "atmega328p")
	data, err := os.ReadFile(filepath.Join(own, "models", "digits_images.npy"))
	if err != nil {
		t.Fatal(err)
	}
	images, err := samples.DecodeNPY(data)
	if err != nil {
		t.Fatal(err)
	}
	classes, err := os.ReadFile(filepath.Join(own, "models", "digits_int8_ort.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(classes))
	m := load(t, filepath.Join(own, "models", "digits_int8"))
	cases := make([]Case, 60)
	for i := range cases {
		cases[i] = Case{Name: strconv.Itoa(i), Inputs: []*tensor.Tensor{imageOf(images, i, m.Graph.Inputs[0].Type)}}
	}
	p, err := m.Compile(deepgo.CompileOptions{Target: "atmega328p"})
	if err != nil {
		t.Fatal(err)
	}
	c := &comparison{model: m, program: p, result: &Result{BitExact: true}}
	if err := c.interpret(cases); err != nil {
		t.Fatal(err)
	}
	per := max(c.batchBytes()/(64*4), 1)
	for from := 0; from < len(cases); from += per {
		to := min(from+per, len(cases))
		x, err := Execute(context.Background(), p, c.inputs[from:to], Build{})
		if err != nil {
			t.Fatal(err)
		}
		for i, out := range x.Outputs {
			if got := strconv.Itoa(best(out[0])); got != want[from+i] {
				t.Errorf("image %d is read as %s, ONNX Runtime reads %s", from+i, got, want[from+i])
			}
		}
		if ram := p.Memory.ArenaBytes + p.Report.IOBytes + x.StackBytes; x.StackBytes == 0 || ram > 2048 {
			t.Errorf("%d bytes of RAM, %d of them stack; the part has 2048", ram, x.StackBytes)
		}
	}
}

func imageOf(images *tensor.Tensor, i int, want ir.Type) *tensor.Tensor {
	t := tensor.New(want.DType, want.Shape...)
	for j := range want.Len() {
		t.SetF64(j, images.F64(i*want.Len()+j)/16)
	}
	return t
}

func best(t *tensor.Tensor) int {
	k := 0
	for i := range t.Len() {
		if t.F64(i) > t.F64(k) {
			k = i
		}
	}
	return k
}
