package deepgo_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the import policy: each package, and the packages of this module that it may import besides those that
// they may import in turn. Code that needs another arrow is in the wrong package; do not add one to make this pass.
var mayImport = map[string][]string{
	"ir/tensor":            {},
	"ir/fixed":             {},
	"runtime":              {},
	"targets":              {},
	"codegen/cw":           {},
	"passes/plan":          {},
	"frontend/onnx":        {"ir/tensor", "frontend/onnx/onnxpb"},
	"frontend/onnx/onnxpb": {},
	"ir":                   {"ir/tensor", "ir/fixed"},
	"ir/op":                {"ir"},
	"ir/interp":            {"ir/op"},
	"frontend":             {"ir/op", "frontend/onnx"},
	"frontend/onnxgo":      {"frontend", "ir/interp"},
	"passes":               {"ir/interp", "passes/plan", "targets"},
	"passes/quantize":      {"passes"},
	"codegen":              {"ir", "runtime", "targets", "codegen/cw"},
	"codegen/pack":         {"codegen"},
	"targets/toolchain":    {"targets"},
	"targets/emulator":     {"targets", "targets/toolchain", "runtime"},
	".":                    {"frontend", "passes", "passes/quantize", "codegen", "ir/interp"},
	"cmd/internal/device":  {"codegen/pack"},
	"cmd/internal/verify":  {".", "codegen/pack", "frontend/onnxgo", "targets/toolchain", "targets/emulator", "runtime"},
	"cmd":                  {".", "passes/quantize", "codegen/pack", "cmd/internal/verify", "frontend/onnxgo"},
}

const module = "github.com/deepgo/deepgo"

func TestImportDirections(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			checkImports(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkImports(t *testing.T, path string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	from := filepath.ToSlash(filepath.Dir(path))
	allowed := closure(policyOf(from))
	for _, spec := range f.Imports {
		imp, _ := strconv.Unquote(spec.Path.Value)
		if imp != module && !strings.HasPrefix(imp, module+"/") {
			continue
		}
		to := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
		if to == "" {
			to = "."
		}
		inCmd := strings.HasPrefix(from, "cmd/") && strings.HasPrefix(to, "cmd/internal/")
		if !allowed[to] && !inCmd {
			t.Errorf("%s: %s may not import %s", path, from, to)
		}
	}
}

// policyOf returns the row of a package, or of the nearest folder above it that has one.
func policyOf(pkg string) string {
	for dir := pkg; ; dir = filepath.ToSlash(filepath.Dir(dir)) {
		if _, ok := mayImport[dir]; ok && (dir != "." || pkg == ".") {
			return dir
		}
		if dir == "." {
			return "no row for " + pkg
		}
	}
}

func closure(pkg string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(p string) {
		for _, q := range mayImport[p] {
			if !seen[q] {
				seen[q] = true
				visit(q)
			}
		}
	}
	visit(pkg)
	return seen
}

// TestImportPolicyHasNoCycle guards the table itself: a package that could reach itself would allow anything.
func TestImportPolicyHasNoCycle(t *testing.T) {
	for pkg := range mayImport {
		if closure(pkg)[pkg] {
			t.Errorf("%s may import itself", pkg)
		}
	}
	if closure("codegen")["ir/op"] || closure("codegen")["passes"] || closure("frontend")["codegen"] {
		t.Error("codegen must not see operators or passes, nor the frontend codegen")
	}
}
