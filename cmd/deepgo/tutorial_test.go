package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/deepgo/deepgo/cmd/internal/needs"
)

var update = flag.Bool("update", false, "write what the tutorials' commands print into the tutorials")

// block is a fenced block of a tutorial: "sh" is run, a "text" behind it is what it prints.
var block = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// TestTutorials runs the commands of every tutorial, in a copy of what is in the repository, and compares what they print.
func TestTutorials(t *testing.T) {
	files, err := filepath.Glob("../../docs/tutorials/*.md")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d tutorials, %v", len(files), err)
	}
	needs.Tools(t, "bash", "avr-gcc", "simavr", "arm-none-eabi-gcc", "qemu-system-arm", "aarch64-linux-gnu-gcc", "qemu-aarch64", "cmake", "make")
	bin := t.TempDir()
	shell(t, ".", "go build -o "+filepath.Join(bin, "deepgo")+" .")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			blocks := block.FindAllSubmatch(text, -1)
			if len(blocks) < 3 {
				t.Fatalf("%d commands", len(blocks))
			}
			outputs := runBlocks(t, bin, blocks)
			if *update {
				rewrite(t, file, text, outputs)
				return
			}
			for i, b := range blocks {
				if diff := cmp.Diff(figures(string(b[2])), figures(outputs[i])); b[2] != nil && diff != "" {
					t.Errorf("%s\nprints something else (- tutorial, + now; go test -run TestTutorials -update):\n%s", b[1], diff)
				}
			}
		})
	}
}

// runBlocks runs the blocks in one shell, as a reader would, and returns what each prints.
func runBlocks(t *testing.T, bin string, blocks [][][]byte) []string {
	t.Helper()
	dir, out := t.TempDir(), t.TempDir()
	copyTree(t, "../..", dir)
	var script strings.Builder
	script.WriteString("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n")
	for i, b := range blocks {
		fmt.Fprintf(&script, "{\n%s\n} > %s/%d 2>&1\n", b[1], out, i)
	}
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "NO_COLOR=1", "MAKEFLAGS=", "MFLAGS=", "MAKELEVEL=") // make check runs these tests; a reader has no make around them
	err := cmd.Run()
	var outputs []string
	for i := range blocks {
		text, _ := os.ReadFile(filepath.Join(out, fmt.Sprint(i)))
		outputs = append(outputs, string(text))
		if err != nil {
			t.Logf("%s%s", blocks[i][1], text)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return outputs
}

// copyTree copies a checkout without what git keeps.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path) // path is below from
		switch {
		case d.Name() == ".git":
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o777)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, info.Mode())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rewrite(t *testing.T, file string, text []byte, outputs []string) {
	i := 0
	text = block.ReplaceAllFunc(text, func(b []byte) []byte {
		out := outputs[i]
		i++
		if at := bytes.Index(b, []byte("\n```text\n")); at >= 0 {
			return append(b[:at:at], []byte("\n```text\n"+out+"```\n")...)
		}
		return b
	})
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
