// Package conformance runs ONNX's own node tests through the interpreter and through compiled C, and keeps a ledger of what they
// said: a line per test.
package conformance

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Archive is where the tests are, seen from the root of the repository.
const Archive = "testdata/conformance/onnx-node-1.23.2.tar.zst"

// Test is one node test as it is stored.
type Test struct {
	Name            string
	Model           []byte
	RTol, ATol      float64
	Inputs, Outputs [][]byte // protobuf messages of the data set
}

// ReadArchive returns the tests of an archive, sorted by name.
func ReadArchive(file string) ([]*Test, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	tests := map[string]map[string][]byte{}
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if err == io.EOF {
			return sortedTests(tests)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		parts := strings.SplitN(h.Name, "/", 3)
		if h.Typeflag != tar.TypeReg || len(parts) < 3 {
			continue
		}
		data, err := io.ReadAll(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if tests[parts[1]] == nil {
			tests[parts[1]] = map[string][]byte{}
		}
		tests[parts[1]][path.Base(parts[2])] = data
	}
}

func sortedTests(files map[string]map[string][]byte) ([]*Test, error) {
	var tests []*Test
	for name, f := range files {
		t := &Test{Name: name, Model: f["model.onnx"], Inputs: numbered(f, "input"), Outputs: numbered(f, "output")}
		if _, err := fmt.Sscan(string(f["tol.txt"]), &t.RTol, &t.ATol); err != nil {
			return nil, fmt.Errorf("test %s: tol.txt: %w", name, err)
		}
		tests = append(tests, t)
	}
	slices.SortFunc(tests, func(a, b *Test) int { return strings.Compare(a.Name, b.Name) })
	return tests, nil
}

func numbered(files map[string][]byte, kind string) [][]byte {
	var all [][]byte
	for {
		data, ok := files[fmt.Sprintf("%s_%d.pb", kind, len(all))]
		if !ok {
			return all
		}
		all = append(all, data)
	}
}
