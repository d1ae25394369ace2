// Package testdata says where the models are that tests run: those of this folder, and the shared ones, which the project's CI has beside the
// repository, and users do not have.
package testdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns this folder.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		if dir == filepath.Dir(dir) {
			t.Fatal("the test does not run inside the repository")
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, "testdata")
}

// Shared returns the folder of the shared models: that in DEEPGO_SHARED, or beside the repository. ok is false where there is none.
func Shared(t testing.TB) (dir string, ok bool) {
	t.Helper()
	dir = os.Getenv("DEEPGO_SHARED")
	if dir == "" {
		dir = filepath.Join(Dir(t), "../../shared")
	}
	dir, err := filepath.Abs(filepath.Join(dir, "models"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, exists(dir)
}

// NeedShared returns the folder of the shared models, and skips the test where there is none.
func NeedShared(t testing.TB) string {
	t.Helper()
	dir, ok := Shared(t)
	if !ok {
		t.Skip("the shared models are not there")
	}
	return dir
}

// Models returns the files of this folder's models, and of the shared ones where they are. A test that finds fewer than there are here fails.
func Models(t testing.TB) []string {
	t.Helper()
	files := found(t, Dir(t), "captcha", "models/*")
	if len(files) < 10 {
		t.Fatalf("only %d models are in %s", len(files), Dir(t))
	}
	return append(files, SharedModels(t, "*/*")...)
}

// SharedModels returns the files of the shared models whose folders match, none where these are not.
func SharedModels(t testing.TB, pattern string) []string {
	t.Helper()
	dir, ok := Shared(t)
	if !ok {
		t.Logf("%s is not there: its models are left out", dir)
		return nil
	}
	files := found(t, dir, pattern)
	if len(files) == 0 {
		t.Fatalf("no models match %s in %s", pattern, dir)
	}
	return files
}

func found(t testing.TB, dir string, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, p := range patterns {
		more, err := filepath.Glob(filepath.Join(dir, p, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	return files
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
