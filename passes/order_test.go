package passes

import (
	"slices"
	"testing"
)

func TestOrder(t *testing.T) {
	at := func(name string) int {
		return slices.IndexFunc(Pipeline[:], func(p Pass) bool { return p.Name == name })
	}
	for _, o := range order {
		before, after := at(o.before), at(o.after)
		if before < 0 || after < 0 {
			t.Errorf("%s before %s: not both are in the pipeline", o.before, o.after)
			continue
		}
		if before > after {
			t.Errorf("%s must come before %s: %s", o.before, o.after, o.reason)
		}
	}
}

func TestPipelineIsDescribed(t *testing.T) {
	docs := map[string]string{}
	for _, p := range Pipeline {
		if p.Name == "" || p.Doc == "" || p.Run == nil {
			t.Errorf("pass %q lacks a name, a description or a function", p.Name)
		}
		if d, ok := docs[p.Name]; ok && d != p.Doc {
			t.Errorf("pass %q is described in two ways", p.Name)
		}
		docs[p.Name] = p.Doc
	}
}
