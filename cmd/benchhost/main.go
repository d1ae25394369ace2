// Benchhost measures how long models take on this machine, on one thread, and how long ONNX Runtime takes for the same.
//
//	go run ./cmd/benchhost --python VENV/bin/python MODEL.onnx ...      (make bench-host)
//
// Both run side by side, turn by turn, in rounds of a few milliseconds; the figures are medians over the rounds, so that what else the
// machine does meets both. Only the ratio means something on another machine. The exit code is 1 where deepgo is the slower one.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/targets/toolchain"
)

var (
	//go:embed sides/ort.py
	ortScript string
	//go:embed sides/time.c
	timeC []byte
)

func main() {
	python := flag.String("python", "python3", "`program` that has onnxruntime")
	rounds := flag.Int("rounds", 101, "number of rounds")
	cc := flag.String("cc", "", "C `compiler` instead of the host target's")
	cflags := flag.String("cflags", "", "more `flags` for it")
	flag.Parse()
	slower, err := bench(*python, *rounds, *cc, strings.Fields(*cflags), flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchhost:", err)
	}
	if err != nil || slower > 0 {
		os.Exit(1)
	}
}

// bench measures models and prints the table, the worst first. It returns how many are slower than in ONNX Runtime.
func bench(python string, rounds int, cc string, cflags, models []string) (slower int, err error) {
	if len(models) == 0 {
		return 0, fmt.Errorf("no models; expected MODEL.onnx ...")
	}
	ort, err := start(exec.Command(python, "-c", ortScript))
	if err != nil {
		return 0, err
	}
	defer ort.stop()
	version, err := ort.line()
	if err != nil {
		return 0, fmt.Errorf("%s does not run onnxruntime; pip install onnxruntime: %w", python, err)
	}
	var rows []row
	for _, file := range models {
		r, err := compare(ort, file, rounds, cc, cflags)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int { return int(1e6 * (b.ratio() - a.ratio())) })
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "MODEL\tDEEPGO US\tONNX RUNTIME %s US\tRATIO\t\n", version)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%.3f\t\n", r.model, r.ours, r.theirs, r.ratio())
		if r.ratio() > 1 {
			slower++
		}
	}
	return slower, w.Flush()
}

// row is a model's microseconds a call, medians over the rounds.
type row struct {
	model        string
	ours, theirs float64
}

func (r row) ratio() float64 { return r.ours / r.theirs }

// compare lets both run a model turn by turn.
func compare(ort *timer, file string, rounds int, cc string, cflags []string) (row, error) {
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		return row{}, err
	}
	dir, err := os.MkdirTemp("", "deepgo-bench-")
	if err != nil {
		return row{}, err
	}
	defer os.RemoveAll(dir)
	program, err := build(m, dir, cc, cflags)
	if err != nil {
		return row{}, err
	}
	own, err := start(exec.Command(program))
	if err != nil {
		return row{}, err
	}
	defer own.stop()
	path, err := filepath.Abs(file)
	if err != nil {
		return row{}, err
	}
	ours, theirs := turns{timer: own}, turns{timer: ort, prefix: path + " "}
	for range rounds {
		if err := ours.take(); err != nil {
			return row{}, err
		}
		if err := theirs.take(); err != nil {
			return row{}, err
		}
	}
	return row{m.Name, ours.median(), theirs.median()}, nil
}

// turns are the rounds of one side.
type turns struct {
	*timer
	prefix string
	calls  int
	times  []float64 // microseconds a call
}

// take runs one round, of as many calls as take about roundNanos.
func (t *turns) take() error {
	const roundNanos = 3e6
	if t.calls == 0 {
		ns, err := t.ask(t.prefix + "20")
		if err != nil {
			return err
		}
		t.calls = int(min(max(roundNanos*20/float64(ns), 1), 10000))
	}
	ns, err := t.ask(t.prefix + strconv.Itoa(t.calls))
	t.times = append(t.times, float64(ns)/float64(t.calls)/1e3)
	return err
}

func (t *turns) median() float64 {
	slices.Sort(t.times)
	return t.times[len(t.times)/2]
}

// build makes a program that times a model.
func build(m *deepgo.Model, dir, cc string, cflags []string) (string, error) {
	p, err := m.Compile(deepgo.CompileOptions{})
	if err != nil {
		return "", err
	}
	b := &toolchain.Build{Target: p.Target, Dir: dir, CC: cc, CFlags: cflags, Others: []string{"time.c"}}
	files := map[string][]byte{"time.c": timeC, "bench.h": []byte(header(p))}
	for _, f := range p.Files {
		files[f.Name] = f.Data
		if strings.HasSuffix(f.Name, ".c") {
			b.Model = append(b.Model, f.Name)
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return "", err
		}
	}
	return b.Program(context.Background())
}

// header says how a model is called: with inputs that vary, as those of ONNX Runtime do.
func header(p *deepgo.Program) string {
	var b, fill strings.Builder
	up := strings.ToUpper(p.Name)
	fmt.Fprintf(&b, "#include \"%s.h\"\n#define ARENA_BYTES %s_ARENA_BYTES\n#define ARENA_ALIGN %s_ARENA_ALIGN\n", p.Name, up, up)
	args := []string{"arena"}
	buffer := func(kind string, i int, t ir.Type) {
		name := kind + strconv.Itoa(i)
		fmt.Fprintf(&b, "static %s %s[%d] __attribute__((aligned(64)));\n", t.DType.C(), name, max(t.Len(), 1))
		args = append(args, name)
		if kind == "in" {
			fmt.Fprintf(&fill, "    for (int i = 0; i < %d; i++) {\n        %s[i] = (%s)(i * 7919 %% 101);\n    }\n", t.Len(), name, t.DType.C())
		}
	}
	for i, in := range p.Inputs {
		buffer("in", i, in.Type)
	}
	for i, out := range p.Outputs {
		buffer("out", i, out.Type)
	}
	fmt.Fprintf(&b, "static void fill(void)\n{\n%s}\n#define RUN(arena) %s_run(%s)\n", fill.String(), p.Name, strings.Join(args, ", "))
	return b.String()
}

// timer is a program that answers questions, a line each.
type timer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(c *exec.Cmd) (*timer, error) {
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.Stderr = os.Stderr
	return &timer{c, in, bufio.NewReader(out)}, c.Start()
}

func (t *timer) line() (string, error) {
	text, err := t.out.ReadString('\n')
	return strings.TrimSpace(text), err
}

// ask returns the number that the program answers.
func (t *timer) ask(question string) (int64, error) {
	if _, err := fmt.Fprintln(t.in, question); err != nil {
		return 0, err
	}
	text, err := t.line()
	if err != nil {
		return 0, fmt.Errorf("%s gave no answer: %w", filepath.Base(t.cmd.Path), err)
	}
	return strconv.ParseInt(text, 10, 64)
}

// stop ends the program: its questions have come to an end.
func (t *timer) stop() {
	t.in.Close()
	_ = t.cmd.Wait()
}
