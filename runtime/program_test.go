package rt_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadersOfDamagedFiles gives the readers of programs damaged files, under sanitizers.
func TestReadersOfDamagedFiles(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	var numbers strings.Builder
	for range 50 * 200 {
		numbers.WriteString("0.25, ")
	}
	text := filepath.Join(dir, "image.txt")
	if err := os.WriteFile(text, []byte(numbers.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "fuzz")
	args := []string{"-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Iprogram", "-o", program, "testdata/readers_fuzz.c"}
	for _, f := range []string{"element", "inflate", "npy", "pb", "png", "text"} {
		args = append(args, "program/"+f+".c")
	}
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(program, "300", "../testdata/captcha/captcha_93hy5.png", "../testdata/captcha/test_data_set_0/input_0.pb", "testdata/labels.npy", text).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
