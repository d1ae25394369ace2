package passes

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

var update = flag.Bool("update", false, "write the out.ir of every case anew")

// TestCases runs testdata/PASS/*.txtar: one pass over in.ir gives out.ir. A case is grounded: in.ir and out.ir compute the
// same, or neither is accepted; a case with an operator that the interpreter lacks is compared, but not written. An archive
// without out.ir says that the pass changes nothing.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	name := filepath.Base(filepath.Dir(file))
	i := slices.IndexFunc(Pipeline[:], func(p Pass) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no pass %q in the pipeline", name)
	}
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, want := section(ar, "in.ir"), section(ar, "out.ir")
	g := parse(t, in)
	before, grounded := g.String(), canEval(g)
	if err := run(g, &Config{CheckEval: grounded}, Pipeline[i:i+1]); err != nil {
		t.Fatal(err)
	}
	got := g.String()
	if *update && grounded {
		writeCase(t, file, ar, got, got == before)
		return
	}
	if want == "" {
		want = before
	} else {
		want = parse(t, want).String()
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// canEval reports whether the interpreter has every operator of g.
func canEval(g *ir.Graph) bool {
	return !slices.ContainsFunc(g.Nodes, func(n *ir.Node) bool { return op.Lookup(n.Op) == nil })
}

func section(ar *txtar.Archive, name string) string {
	for _, f := range ar.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func writeCase(t *testing.T, file string, ar *txtar.Archive, out string, unchanged bool) {
	ar.Files = slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "out.ir" })
	if !unchanged {
		ar.Files = append(ar.Files, txtar.File{Name: "out.ir", Data: []byte(out)})
	}
	if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestConstantsAreNeverWrittenTo(t *testing.T) {
	files, _ := filepath.Glob("testdata/*/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g := parse(t, section(ar, "in.ir"))
		copied := g.Clone()
		before := copied.String()
		name := filepath.Base(filepath.Dir(file))
		i := slices.IndexFunc(Pipeline[:], func(p Pass) bool { return p.Name == name })
		if _, err := Pipeline[i].Run(g, &Config{}); err != nil {
			t.Fatal(err)
		}
		if copied.String() != before {
			t.Errorf("%s: the pass wrote to a constant's tensor, which other graphs share", file)
		}
	}
}
