package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deepgo/deepgo/cmd/internal/needs"
)

const models = "../../testdata/models/"

// makePackage compiles a model into a package and returns its folder, or the archive.
func makePackage(t *testing.T, kind, model string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	mustRun(t, append([]string{"compile", models + model + "/model.onnx", "--package", kind, "--data", models + model, "--output", dir}, flags...)...)
	if kind == "arduino" {
		return filepath.Join(dir, model+".zip")
	}
	return filepath.Join(dir, model)
}

// shell runs a command line in a folder and returns what it prints.
func shell(t *testing.T, dir, command string) string {
	t.Helper()
	c := exec.Command("sh", "-ec", command)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

// checked fails the test where a package's example did not print that it is right, or the compiler warned.
func checked(t *testing.T, model, out string) {
	t.Helper()
	if !strings.Contains(out, model+": ok\n") || strings.Contains(out, "warning") {
		t.Errorf("%s", out)
	}
}

const warnings = "-Wall -Wextra -Werror -pedantic -Wshadow"

func TestPackageC(t *testing.T) {
	needs.Tools(t, "cc")
	for _, model := range []string{"digits_int8", "sine_f32", "gru_step"} {
		dir := makePackage(t, "c", model)
		checked(t, model, shell(t, dir, "cc -std=c99 -O2 "+warnings+" -Isrc -Iexample src/*.c example/check.c -o check && ./check"))
		shell(t, dir, "grep -q 'prints `"+model+": ok`' README.md")
	}
	dir := makePackage(t, "c", "digits_int8", "--io", "quantized")
	checked(t, "digits_int8", shell(t, dir, "cc -std=c99 -O2 "+warnings+" -Isrc -Iexample src/*.c example/check.c -o check && ./check"))
	if out, err := exec.Command("sh", "-c", "cd "+dir+" && sed -i 's/golden_output_0\\[10\\] GOLDEN_ROM = {/&1, /' example/golden.h && cc -Isrc -Iexample src/*.c example/check.c -o check && ./check").CombinedOutput(); err == nil {
		t.Errorf("the example finds nothing wrong with a wrong golden: %s", out)
	}
}

// TestExampleC builds examples/c as its README says, and compares with what that says it prints.
func TestExampleC(t *testing.T) {
	needs.Tools(t, "cc")
	dir := t.TempDir()
	for _, model := range []string{"sine_int8", "digits_int8"} {
		mustRun(t, "compile", models+model+"/model.onnx", "--output", dir)
	}
	readme, err := os.ReadFile("../../examples/c/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(shell(t, "../../examples/c", "cc -std=c99 -O2 "+warnings+" -I"+dir+" two_models.c "+dir+"/*.c -o "+dir+"/two_models && "+dir+"/two_models")) {
		if !strings.Contains(string(readme), "    "+line) {
			t.Errorf("examples/c/README.md does not say %q", line)
		}
	}
}

func TestPackageMake(t *testing.T) {
	needs.Tools(t, "make", "aarch64-linux-gnu-gcc", "qemu-aarch64")
	dir := makePackage(t, "make", "digits_int8")
	checked(t, "digits_int8", shell(t, dir, "make check CFLAGS='-O2 "+warnings+"'"))
	shell(t, dir, "make install DESTDIR=$PWD/root && test -f root/usr/local/lib/libdigits_int8.a && test -f root/usr/local/include/digits_int8.h && make clean")
	checked(t, "digits_int8", shell(t, dir, "make check CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar LDFLAGS=-static RUN=qemu-aarch64"))
}

func TestPackageCMake(t *testing.T) {
	needs.Tools(t, "cmake", "ctest", "aarch64-linux-gnu-gcc", "qemu-aarch64")
	dir := makePackage(t, "cmake", "digits_int8")
	checked(t, "digits_int8", shell(t, dir, "cmake -B build && cmake --build build && ctest --test-dir build -V && cmake --install build --prefix $PWD/root"))
	checked(t, "digits_int8", shell(t, dir, "cmake -B cross -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_EXE_LINKER_FLAGS=-static -DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64 && cmake --build cross && ctest --test-dir cross -V"))
	app := t.TempDir()
	files := map[string]string{
		"CMakeLists.txt": "cmake_minimum_required(VERSION 3.13)\nproject(app C)\nfind_package(digits_int8 REQUIRED)\nadd_executable(app app.c)\ntarget_link_libraries(app PRIVATE digits_int8::digits_int8)\n",
		"app.c":          "#include <digits_int8.h>\nint main(void) { return digits_int8_run(0, 0, 0) == DIGITS_INT8_ENULL ? 0 : 1; }\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	shell(t, app, "cmake -B build -DCMAKE_PREFIX_PATH="+dir+"/root && cmake --build build && build/app")
}

func TestPackageZephyr(t *testing.T) {
	needs.Tools(t, "cmake", "cc")
	dir := makePackage(t, "zephyr", "digits_int8")
	standin, err := filepath.Abs("testdata/standins/zephyr")
	if err != nil {
		t.Fatal(err)
	}
	checked(t, "digits_int8", shell(t, dir, "cmake -S samples/check -B build -DZephyr_DIR="+standin+" -DZEPHYR_EXTRA_MODULES=$PWD && cmake --build build && build/app"))
	shell(t, dir, "grep -q '^config DIGITS_INT8$' zephyr/Kconfig && grep -q 'kconfig: zephyr/Kconfig' zephyr/module.yml")
}

func TestPackageESPIDF(t *testing.T) {
	needs.Tools(t, "cmake", "cc")
	dir := makePackage(t, "esp-idf", "digits_int8")
	standin, err := filepath.Abs("testdata/standins/esp-idf")
	if err != nil {
		t.Fatal(err)
	}
	checked(t, "digits_int8", shell(t, dir, "IDF_PATH="+standin+" cmake -S examples/check -B build && cmake --build build && build/app"))
}

func TestPackagePlatformIO(t *testing.T) {
	dir := makePackage(t, "platformio", "digits_int8")
	data, err := os.ReadFile(filepath.Join(dir, "library.json"))
	if err != nil {
		t.Fatal(err)
	}
	var library struct {
		Name, Version, Headers string
		Examples               []struct {
			Base  string
			Files []string
		}
	}
	if err := json.Unmarshal(data, &library); err != nil {
		t.Fatal(err)
	}
	if library.Name != "digits_int8" || library.Headers != "digits_int8.h" || len(library.Examples) != 1 {
		t.Fatalf("library.json: %+v", library)
	}
	for _, file := range library.Examples[0].Files {
		if !exists(filepath.Join(dir, library.Examples[0].Base, file)) {
			t.Errorf("%s is missing", file)
		}
	}
	if _, err := exec.LookPath("pio"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Log("pio is not installed: the archive was not packed")
		return
	}
	shell(t, dir, "pio pkg pack -o package.tar.gz && tar tzf package.tar.gz | grep -q library.json")
}

// TestPackageArduino builds the example with Arduino's builder for an Uno and a Mega, and runs it under simavr.
func TestPackageArduino(t *testing.T) {
	needs.Tools(t, "arduino-builder", "avr-gcc", "simavr")
	for _, model := range []string{"digits_int8", "sine_int8"} {
		for _, board := range []struct{ target, fqbn string }{{"atmega328p", "arduino:avr:uno"}, {"atmega2560", "arduino:avr:mega:cpu=atmega2560"}} {
			t.Run(model+"/"+board.target, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				unzip(t, makePackage(t, "arduino", model, "--target", board.target), dir)
				out := arduinoBuild(t, dir, model, board.fqbn)
				for line := range strings.Lines(out) {
					if strings.Contains(line, "warning") && !strings.HasPrefix(line, "/usr/share/arduino/") { // the core's own
						t.Error(line)
					}
				}
				printed := simulate(t, board.target, dir+"/build/check.ino.elf", model+": ")
				if !strings.Contains(printed, model+": ok") {
					t.Errorf("%s", printed)
				}
				if model == "digits_int8" && !strings.Contains(printed, "output_0: 0.00 1.00 0.00") {
					t.Errorf("the wrong class: %s", printed)
				}
			})
		}
	}
}

func unzip(t *testing.T, file, dir string) {
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "libraries", f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// arduinoBuild builds a library's example. Debian's core 1.8.7 lacks a macro of C99's float.h in C++.
func arduinoBuild(t *testing.T, dir, model, fqbn string) string {
	if err := os.Mkdir(filepath.Join(dir, "build"), 0o777); err != nil {
		t.Fatal(err)
	}
	return shell(t, dir, "arduino-builder -compile -hardware /usr/share/arduino-builder -hardware /usr/share/arduino/hardware -tools /usr/bin -libraries libraries -fqbn "+fqbn+
		" -warnings all -prefs runtime.tools.avr-gcc.path=/usr -prefs compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__ -build-path $PWD/build libraries/"+model+"/examples/check/check.ino")
}

// simulate runs a program that does not end until it has printed a line that holds until.
func simulate(t *testing.T, mcu, program, until string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "simavr", "-m", mcu, "-f", "16000000", program)
	var out watcher
	out.until, out.stop = until, cancel
	c.Stdout, c.Stderr = &out, &out
	_ = c.Run() // ended by cancel
	return out.text.String()
}

// watcher keeps what is written, and calls stop when a whole line holds until.
type watcher struct {
	text  strings.Builder
	until string
	stop  func()
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text.Write(p)
	if _, after, found := strings.Cut(w.text.String(), w.until); found && strings.Contains(after, "\n") {
		w.stop()
	}
	return len(p), nil
}
