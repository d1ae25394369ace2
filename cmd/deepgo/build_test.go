package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/deepgo/deepgo/testdata"
)

// TestBuildForEverySystem builds programs for every target with an operating system, and runs them on golden inputs.
func TestBuildForEverySystem(t *testing.T) {
	captcha, err := filepath.Abs("../../testdata/captcha") // programs in a sandbox see no ".."
	if err != nil {
		t.Fatal(err)
	}
	models := []string{captcha}
	for _, ic := range testdata.SharedModels(t, "mlperf-tiny/ic_f32") {
		models = append(models, filepath.Dir(ic))
	}
	built := 0
	for _, name := range targets.Names() {
		target, err := targets.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if target.OS == "" {
			continue
		}
		built++
		t.Run(name, func(t *testing.T) {
			needs.ToolsOf(t, target)
			t.Parallel()
			for _, dir := range models {
				buildAndRun(t, target, dir)
			}
		})
	}
	if built < 9 {
		t.Errorf("only %d targets have an operating system", built)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mustRun runs a command line, which must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(args, &out, &errs); code != 0 {
		t.Fatalf("deepgo %s: exit code %d\n%s", strings.Join(args, " "), code, &errs)
	}
	return out.String()
}

func buildAndRun(t *testing.T, target *targets.Target, model string) {
	dir := t.TempDir()
	program := filepath.Join(dir, "model"+target.Suffix)
	mustRun(t, "build", model+"/model.onnx", "--target", target.Name, "--output", program)
	runProgram(t, target, program, "-o", dir, model+"/test_data_set_0/input_0.pb")
	goldens, _ := filepath.Glob(model + "/test_data_set_0/output_*.pb")
	for _, file := range goldens {
		want, err := onnx.ReadTensor(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, outputName(t, model, file)+".npy"))
		if err != nil {
			t.Fatal(err)
		}
		y, err := samples.DecodeNPY(got)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want.Len() {
			if d := math.Abs(y.F64(i) - want.F64(i)); !(d <= 1e-4+1e-4*math.Abs(want.F64(i))) {
				t.Fatalf("%s: element %d is %g, expected %g", file, i, y.F64(i), want.F64(i))
			}
		}
	}
}

// outputName returns the name of the output that output_N.pb is for, as the program's help lists it.
func outputName(t *testing.T, model, file string) string {
	var n int
	if _, err := fmt.Sscanf(filepath.Base(file), "output_%d.pb", &n); err != nil {
		t.Fatal(err)
	}
	info := mustRun(t, "inspect", model+"/model.onnx")
	return regexp.MustCompile(`(?m)^output +(\S+)`).FindAllStringSubmatch(info, -1)[n][1]
}

func runProgram(t *testing.T, target *targets.Target, program string, args ...string) string {
	t.Helper()
	var command []string
	for _, a := range target.Emulator {
		command = append(command, strings.NewReplacer("{}", program, "{dir}", "../../runtime/harness/posix").Replace(a))
	}
	c := exec.Command(command[0], append(command[1:], args...)...)
	c.Env = append(os.Environ(), "WINEDEBUG=-all")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, out)
	}
	return string(out)
}

// TestBuiltProgram takes a program through its command line: help, formats, mistakes.
func TestBuiltProgram(t *testing.T) {
	host, err := targets.Load("host")
	if err != nil {
		t.Fatal(err)
	}
	if missing := toolchain.Missing(host); len(missing) > 0 {
		t.Fatalf("missing: %v", missing)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "captcha")
	mustRun(t, "build", "../../testdata/captcha/model.onnx", "--output", program, "--cflags", "-fsanitize=address,undefined -fno-sanitize-recover=all")
	if help := runProgram(t, host, program, "-h"); !strings.Contains(help, "image                     float32[1,50,200,1]") || !strings.Contains(help, "output_4") {
		t.Errorf("help: %s", help)
	}
	if out := runProgram(t, host, program, "--bench"); !regexp.MustCompile(`^\d+ runs, [\d.]+ ms each\n$`).MatchString(out) {
		t.Errorf("--bench prints %q", out)
	}
	want := runProgram(t, host, program, "../../testdata/captcha/captcha_93hy5.png")
	if strings.Count(want, "greatest at") != 5 || !strings.Contains(want, "greatest at 35") {
		t.Errorf("the picture gives %s", want)
	}
	for name, file := range pictures(t, dir) {
		if got := runProgram(t, host, program, "image="+file); got != want {
			t.Errorf("%s gives %s, expected %s", name, got, want)
		}
	}
	for _, wrong := range []struct{ args, want string }{
		{"", "image: this input is not given"},
		{"nothing.npy", "nothing.npy: cannot be opened"},
		{"--fast", "unknown option"},
		{"-o", "expected a folder"},
		{"build_test.go", "expected a .npy, .pb, .png, .txt or .csv file"},
		{"../../testdata/models/digits_images.npy", "another number of elements"},
		{"../../testdata/models/digits_labels.txt", "fewer numbers"},
		{"../../testdata/captcha/captcha_93hy5.png ../../testdata/captcha/captcha_93hy5.png", "more files than the model has inputs"},
	} {
		out, err := exec.Command(program, strings.Fields(wrong.args)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), wrong.want) {
			t.Errorf("%q: %v, %s, expected %q", wrong.args, err, out, wrong.want)
		}
	}
}

// pictures writes the captcha in other kinds of PNG, which lose nothing of a grey picture.
func pictures(t *testing.T, dir string) map[string]string {
	data, err := os.ReadFile("../../testdata/captcha/captcha_93hy5.png")
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	greys := palette.WebSafe[:0:0]
	for y := range 256 {
		greys = append(greys, color.Gray{uint8(y)})
	}
	kinds := map[string]draw.Image{
		"grey": image.NewGray(b), "grey16": image.NewGray16(b), "colour": image.NewRGBA(b), "alpha": image.NewNRGBA(b),
		"colour16": image.NewNRGBA64(b), "palette": image.NewPaletted(b, greys),
	}
	files := map[string]string{}
	for name, dst := range kinds {
		draw.Draw(dst, b, img, b.Min, draw.Src)
		for _, level := range []png.CompressionLevel{png.DefaultCompression, png.NoCompression, png.BestSpeed} {
			var buf bytes.Buffer
			e := png.Encoder{CompressionLevel: level}
			if err := e.Encode(&buf, dst); err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprintf("%s%d", name, level)
			files[key] = filepath.Join(dir, key+".png")
			if err := os.WriteFile(files[key], buf.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return files
}
