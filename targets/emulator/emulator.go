// Package emulator runs a program on a target's emulator, or on this machine.
package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	rt "github.com/deepgo/deepgo/runtime"
	"github.com/deepgo/deepgo/targets"
)

// Result is what a program printed, and what it cost.
type Result struct {
	Output  string
	Regions []Cost // of the marked regions, in order; none where nothing counts
}

// Cost is what a region of a program takes.
type Cost struct {
	Insns  uint64 `json:"insns"`
	Cycles uint64 `json:"cycles"` // an estimate
}

// maxOutput bounds what is kept of a program's output.
const maxOutput = 64 << 20

// Run runs a program. plugin is the counting plugin, or "".
func Run(ctx context.Context, t *targets.Target, program, plugin string) (*Result, error) {
	args := make([]string, len(t.Emulator))
	for i, a := range t.Emulator {
		args[i] = strings.NewReplacer("{}", program, "{dir}", filepath.Dir(program)).Replace(a)
	}
	if plugin != "" && t.Counter != "" {
		args = slices.Insert(args, 1, "-plugin", plugin+",cpu="+t.Counter) // before the program where that comes last
	}
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &limited{&out, maxOutput}, &limited{&errs, maxOutput}
	err := c.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s: no end within the time limit", args[0])
	}
	text := out.String() + errs.String() // semihosting writes to the emulator's standard error
	if !strings.Contains(text, "done") {
		return nil, fmt.Errorf("%s: the program did not finish: %v\n%s", args[0], err, tail(text))
	}
	r := &Result{Output: text}
	for _, m := range countLine.FindAllStringSubmatch(errs.String(), -1) {
		insns, _ := strconv.ParseUint(m[1], 10, 64)
		cycles, _ := strconv.ParseUint(m[2], 10, 64)
		r.Regions = append(r.Regions, Cost{insns, cycles})
	}
	return r, nil
}

var countLine = regexp.MustCompile(`cyclemodel: insns=(\d+) cycles=(\d+)`)

func tail(s string) string { return s[max(len(s)-1000, 0):] }

// limited passes on so many bytes and drops the rest.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Plugin builds the QEMU plugin that counts instructions and cycles, once per user, and returns its path.
func Plugin(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	source, ok := rt.Harness("cyclemodel/cyclemodel.c")
	if !ok {
		return "", errors.New("the cycle model is not in this program")
	}
	dir := filepath.Join(cache, "deepgo", fmt.Sprintf("cyclemodel-%x", sha256.Sum256(source))) // each version of deepgo its own
	lib := filepath.Join(dir, "libcyclemodel.so")
	if _, err := os.Stat(lib); err == nil {
		return lib, nil
	}
	work, err := os.MkdirTemp("", "deepgo-plugin-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for _, name := range rt.HarnessFiles("cyclemodel") {
		data, _ := rt.Harness("cyclemodel/" + name)
		if err := os.WriteFile(filepath.Join(work, name), data, 0o666); err != nil {
			return "", err
		}
	}
	c := exec.CommandContext(ctx, "cc", "-O2", "-fPIC", "-fvisibility=hidden", "-shared", "-o", "libcyclemodel.so", "cyclemodel.c")
	c.Dir = work
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the cycle model: %w\n%s", err, out)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return lib, install(work, dir, "libcyclemodel.so")
}

// install copies a file, under another name first, so that a program that runs at the same time sees a whole one.
func install(from, to, name string) error {
	data, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return err
	}
	temp := filepath.Join(to, fmt.Sprintf(".%s.%d", name, os.Getpid()))
	if err := os.WriteFile(temp, data, 0o755); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(to, name))
}
