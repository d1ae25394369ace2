package codegen

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	rt "github.com/deepgo/deepgo/runtime"
)

// chunk is a piece of a runtime header that is emitted whole or not at all: a function with its comment, a few macros.
type chunk struct {
	text    string
	defines []string // functions, macros and types
	uses    map[string]bool
	system  bool // includes of standard headers, always needed
}

// support is the text of the runtime's headers in chunks, each after those of the headers that its own includes.
type support []chunk

var (
	localInclude = regexp.MustCompile(`(?m)^#include "(\w+\.h)"\n`)
	guardStart   = regexp.MustCompile(`(?s)^.*?\n#ifndef (DG_\w+_H|DG_H)\n#define (?:DG_\w+_H|DG_H)\n`)
	defined      = []*regexp.Regexp{
		regexp.MustCompile(`(?m)^#\s*define (\w+)`),
		regexp.MustCompile(`(?m)^DG_(?:HELIUM_)?INLINE [^(;]*?(\w+)\(`),
		regexp.MustCompile(`(?m)^DG_(?:ALONE|HELIUM) void (\w+)\(`),
		regexp.MustCompile(`(?m)^DG_[A-Z0-9_]+\((\w+), `), // a function by a macro
		regexp.MustCompile(`(?m)^typedef [^;{\n]*?(\w+);`),
		regexp.MustCompile(`(?m)^} (\w+);`),
		regexp.MustCompile(`(?m)^static const [^=;]*?(\w+)\[`),
	}
)

// loadSupport reads the kernels' headers: all but the one that is for callers. They are cut up once a process.
var loadSupport = sync.OnceValues(readSupport)

func readSupport() (support, error) {
	var s support
	done := map[string]bool{apiHeader: true}
	var load func(name string) error
	load = func(name string) error {
		if done[name] {
			return nil
		}
		done[name] = true
		text, ok := rt.Header(name)
		if !ok {
			return fmt.Errorf("header %s does not exist", name)
		}
		for _, m := range localInclude.FindAllStringSubmatch(text, -1) {
			if err := load(m[1]); err != nil {
				return err
			}
		}
		chunks, err := splitHeader(name, text)
		s = append(s, chunks...)
		return err
	}
	for _, name := range slices.Concat([]string{"dg.h"}, rt.Headers()) {
		if err := load(name); err != nil {
			return nil, err
		}
	}
	return s, s.unique()
}

// unique returns an error if two chunks define the same name.
func (s support) unique() error {
	seen := map[string]bool{}
	for _, c := range s {
		own := slices.Compact(slices.Sorted(slices.Values(c.defines)))
		for _, d := range own {
			if seen[d] {
				return fmt.Errorf("%s is defined twice in headers", d)
			}
			seen[d] = true
		}
	}
	return nil
}

// splitHeader cuts a header, without its guard, at the empty lines outside of braces and of #if.
func splitHeader(name, text string) ([]chunk, error) {
	guard := guardStart.FindStringIndex(text)
	end := strings.LastIndex(text, "#endif")
	if guard == nil || end < 0 {
		return nil, fmt.Errorf("header %s has no guard", name)
	}
	text = localInclude.ReplaceAllString(text[guard[1]:end], "")
	var chunks []chunk
	var cur strings.Builder
	depth := 0
	for line := range strings.Lines(text + "\n") {
		switch {
		case strings.TrimSpace(line) == "" && depth == 0:
			if cur.Len() > 0 {
				chunks = append(chunks, newChunk(cur.String()))
				cur.Reset()
			}
			continue
		case strings.HasPrefix(line, "#if"):
			depth++
		case strings.HasPrefix(line, "#endif"):
			depth--
		default:
			depth += strings.Count(line, "{") - strings.Count(line, "}")
		}
		cur.WriteString(line)
	}
	return chunks, nil
}

func newChunk(text string) chunk {
	c := chunk{text: text, uses: identsIn(text), system: strings.HasPrefix(text, "#include <")}
	for _, re := range defined {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			c.defines = append(c.defines, m[1])
		}
	}
	return c
}

// needed returns the chunks that C text with these names needs, those that chunks need included, in order.
func (s support) needed(names map[string]bool) []chunk {
	where := map[string]int{}
	for i, c := range s {
		for _, d := range c.defines {
			where[d] = i
		}
	}
	take := make([]bool, len(s))
	var visit func(names map[string]bool)
	visit = func(names map[string]bool) {
		for n := range names {
			if i, ok := where[n]; ok && !take[i] {
				take[i] = true
				visit(s[i].uses)
			}
		}
	}
	visit(names)
	var out []chunk
	for i, c := range s {
		if take[i] || c.system {
			out = append(out, c)
		}
	}
	return out
}
