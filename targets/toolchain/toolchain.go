// Package toolchain runs a target's C compiler: it builds programs, and measures flash and stack.
package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deepgo/deepgo/targets"
)

// Missing returns the programs that a target needs and this machine lacks.
func Missing(t *targets.Target) []string {
	var missing []string
	for _, tool := range []string{t.CC, t.Size, t.Emulator[0]} {
		if tool == "{}" {
			continue
		}
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	return missing
}

// InstallHint says how to get a target's tools.
func InstallHint(t *targets.Target) string {
	return "sudo apt-get install -y " + strings.Join(t.Packages, " ")
}

// Build is one compilation.
type Build struct {
	Target *targets.Target
	Dir    string   // where the files are, and the results go
	Model  []string // C files that deepgo made: they are measured
	Others []string // the program around them
	Script string   // folder of the linker script, for {} in the target's ldflags
	CC     string   // instead of the target's compiler
	CFlags []string // after the target's
}

func (b *Build) cc() string {
	if b.CC != "" {
		return b.CC
	}
	return b.Target.CC
}

// flags returns the target's flags and the build's own. Only on x86 do all compilers know this machine by -march=native.
func (b *Build) flags() []string {
	own := func(flag string) bool { return flag == "-march=native" && runtime.GOARCH != "amd64" }
	return append(slices.DeleteFunc(slices.Clone(b.Target.CFlags), own), b.CFlags...)
}

// Program compiles everything to a program and returns its path.
func (b *Build) Program(ctx context.Context) (string, error) {
	name := "program" + b.Target.Suffix
	args := append(b.flags(), "-I.", "-o", name)
	args = append(append(args, b.Others...), b.Model...)
	for _, f := range b.Target.LDFlags {
		args = append(args, strings.ReplaceAll(f, "{}", b.Script))
	}
	if _, err := b.run(ctx, b.cc(), args); err != nil {
		return "", err
	}
	return filepath.Join(b.Dir, name), nil
}

// Footprint is what the generated C takes.
type Footprint struct {
	CodeBytes  int // machine code
	ConstBytes int // constants beside the code
	StackBytes int // bound of the deepest call from NAME_run
}

// FlashBytes is code and constants.
func (f Footprint) FlashBytes() int { return f.CodeBytes + f.ConstBytes }

// Measure compiles the generated C alone. run is the name of the function whose stack is bounded.
func (b *Build) Measure(ctx context.Context, run string) (Footprint, error) {
	var f Footprint
	calls := &callGraph{frames: map[string]int{}, callees: map[string][]string{}}
	for _, file := range b.Model {
		object := strings.TrimSuffix(file, ".c") + ".o"
		args := append(b.flags(), "-I.", "-fstack-usage", "-c", file, "-o", object)
		if _, err := b.run(ctx, b.cc(), append(args, "-fcallgraph-info=su")); err != nil {
			// Compilers before GCC 10 have no call graph; the frames alone still bound a graph of known depth.
			if _, err := b.run(ctx, b.cc(), args); err != nil {
				return f, err
			}
		}
		out, err := b.run(ctx, b.Target.Size, []string{"-A", object})
		if err != nil {
			return f, err
		}
		f.addSections(out)
		base := filepath.Join(b.Dir, strings.TrimSuffix(object, ".o"))
		calls.readGraph(base + ".ci")
		calls.readFrames(base + ".su")
		calls.readAssembly(filepath.Join(b.Dir, file))
	}
	f.StackBytes = calls.bound(run)
	return f, nil
}

var sectionLine = regexp.MustCompile(`(?m)^\.?(text|rodata|srodata|progmem|progmemx|data|ARM\.exidx|rdata|CODE|DATA)(\S*)\s+(\d+)`)

// addSections adds what `size -A` prints of one object.
func (f *Footprint) addSections(out string) {
	for _, m := range sectionLine.FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(m[3])
		if m[1] == "text" || m[1] == "CODE" {
			f.CodeBytes += n
		} else {
			f.ConstBytes += n
		}
	}
}

func (b *Build) run(ctx context.Context, name string, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = b.Dir
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // a compiler then removes its own files
	c.WaitDelay = 2 * time.Second
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		text := errs.String()
		if len(text) > 2000 {
			text = text[:2000] + "…"
		}
		return "", fmt.Errorf("%s: %w\n%s", name, err, text)
	}
	return out.String(), nil
}

// callGraph holds what GCC writes about stack frames and calls.
type callGraph struct {
	frames  map[string]int
	callees map[string][]string
}

var (
	nodeLine  = regexp.MustCompile(`node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes`)
	edgeLine  = regexp.MustCompile(`edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"`)
	frameLine = regexp.MustCompile(`(?m)^[^\t]*?([\w.]+)\t(\d+)\t`)
)

func (g *callGraph) readGraph(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return
	}
	for _, m := range nodeLine.FindAllStringSubmatch(string(data), -1) {
		g.frames[plain(m[1])], _ = strconv.Atoi(m[2])
	}
	for _, m := range edgeLine.FindAllStringSubmatch(string(data), -1) {
		g.callees[plain(m[1])] = append(g.callees[plain(m[1])], plain(m[2]))
	}
}

// plain drops the file that GCC puts before a static function's name.
func plain(name string) string { return name[strings.LastIndex(name, ":")+1:] }

func (g *callGraph) readFrames(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return
	}
	for _, m := range frameLine.FindAllStringSubmatch(string(data), -1) {
		n, _ := strconv.Atoi(m[2])
		g.frames[plain(m[1])] = n
	}
}

// asmStack is how the runtime's headers say what functions in assembly take.
var asmStack = regexp.MustCompile(`(?m)^#define DG_\w+_STACK (\d+)`)

// byPointer is GCC's name for whatever a function calls by a pointer.
const byPointer = "__indirect_call"

// readAssembly gives functions in assembly, of which GCC thinks that they take nothing, the most that one of the file's does; and calls by
// a pointer, which kernels make to such functions alone and to what takes their place, the most of them all.
func (g *callGraph) readAssembly(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return
	}
	most := 0
	for _, m := range asmStack.FindAllSubmatch(data, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		most = max(most, n)
	}
	for name, n := range g.frames {
		if n == 0 && strings.HasPrefix(name, "dg_") {
			g.frames[name] = most
		}
		if strings.HasPrefix(name, "dg_") {
			g.frames[byPointer] = max(g.frames[byPointer], g.frames[name])
		}
	}
}

// bound is the deepest stack from a function down. Without a call graph every other function counts as called by it.
func (g *callGraph) bound(name string) int {
	if len(g.callees) == 0 {
		deepest := 0
		for f, n := range g.frames {
			if f != name {
				deepest = max(deepest, n)
			}
		}
		return g.frames[name] + deepest
	}
	deepest := 0
	for _, c := range g.callees[name] {
		if c != name {
			deepest = max(deepest, g.bound(c))
		}
	}
	return g.frames[name] + deepest
}
