package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestREADME runs the commands that README.md shows with their output. Sizes may differ with the compiler's version, and are
// compared only in CI, which has the version that they were pasted from; cycles are not compared.
func TestREADME(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := example.FindAllStringSubmatch(string(data), -1)
	if len(examples) < 4 {
		t.Fatalf("README.md has %d examples", len(examples))
	}
	t.Chdir("../..")
	t.Cleanup(func() { os.RemoveAll("digits"); os.RemoveAll("iris"); os.Remove("captcha-reader") })
	for _, e := range examples {
		var out bytes.Buffer
		run(strings.Fields(e[1]), &out, &out)
		if *update {
			data = bytes.Replace(data, []byte(e[0]), []byte("```\n$ deepgo "+e[1]+"\n"+out.String()+"```"), 1)
			continue
		}
		if diff := cmp.Diff(figures(e[2]), figures(out.String())); diff != "" {
			t.Errorf("deepgo %s: README.md is out of date (- README, + now; make golden):\n%s", e[1], diff)
		}
	}
	if *update {
		if err := os.WriteFile("README.md", data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// example is a command with what it prints.
var example = regexp.MustCompile("(?s)```\n\\$ deepgo ([^\n]*)\n(.*?)```")

var (
	number  = regexp.MustCompile(`[0-9]+`)
	timings = regexp.MustCompile(`(?m)^(time .*|.* at \d+ MHz)$`)
)

func figures(s string) string {
	mask := func(s string) string { return number.ReplaceAllString(s, "N") }
	if os.Getenv("CI") == "" {
		s = mask(s)
	}
	return strings.Join(strings.Fields(timings.ReplaceAllStringFunc(s, mask)), " ")
}
