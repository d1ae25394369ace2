package deepgo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGeneratedFilesAreCurrent runs the generator elsewhere and compares with what is in the tree.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	c := exec.Command("go", "build", "-o", filepath.Join(dir, "gen"), "./cmd/gen")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c = exec.Command(filepath.Join(dir, "gen"))
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "OPS.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want, err := os.ReadFile("OPS.md"); err != nil || string(got) != string(want) {
		t.Errorf("OPS.md is out of date (%v): run go generate ./...", err)
	}
}
