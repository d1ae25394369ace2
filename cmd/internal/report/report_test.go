package report

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/samples"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
	"github.com/deepgo/deepgo/testdata"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func collect(t *testing.T, file string) (*Data, *deepgo.Program, *verify.Cost) {
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	opt := deepgo.CompileOptions{Target: "cortex-m4"}
	p, err := m.Compile(opt)
	if err != nil {
		t.Fatal(err)
	}
	var cost *verify.Cost
	if _, err := exec.LookPath("qemu-system-arm"); err == nil {
		if cost, err = verify.Bench(context.Background(), m, verify.Options{Compile: opt, Layers: true}); err != nil {
			t.Fatal(err)
		}
	} else if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	var inputs [][]*tensor.Tensor
	if cases, err := verify.LoadCases(filepath.Dir(file), m); err == nil {
		for _, k := range cases {
			inputs = append(inputs, k.Inputs)
		}
	}
	d, err := Collect(m, p, cost, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return d, p, cost
}

// reported returns the models that the page is looked at with: the captcha reader, and the largest shared one.
func reported(t *testing.T) []string {
	return append([]string{"../../../testdata/captcha/model.onnx"}, testdata.SharedModels(t, "mlperf-tiny/vww_int8")...)
}

// TestPageShowsTheFigures compares the page's figures with the compiler's and the measured ones.
func TestPageShowsTheFigures(t *testing.T) {
	for _, file := range reported(t) {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { checkFigures(t, file) })
	}
}

func checkFigures(t *testing.T, file string) {
	d, p, cost := collect(t, file)
	page, err := Page(d)
	if err != nil {
		t.Fatal(err)
	}
	var inside Data
	text := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindSubmatch(page)
	if text == nil || json.Unmarshal(text[1], &inside) != nil {
		t.Fatal("the page carries no data")
	}
	if diff := cmp.Diff(d, &inside, cmpopts.IgnoreUnexported(Layer{})); diff != "" {
		t.Error(diff)
	}
	if d.ArenaBytes != p.Report.ArenaBytes || d.ConstBytes != p.Report.ConstBytes || len(d.Layers) != len(p.Report.Nodes) {
		t.Errorf("%d bytes of arena, %d of constants, %d layers", d.ArenaBytes, d.ConstBytes, len(d.Layers))
	}
	total, sum := 0, uint64(0)
	for i, l := range d.Layers {
		total += l.MACs
		sum += l.Cycles
		if cost != nil && l.Cycles != cost.Layers[i].Cycles {
			t.Errorf("layer %d: %d cycles, measured %d", i, l.Cycles, cost.Layers[i].Cycles)
		}
		for _, cell := range []string{l.Kernel, html.EscapeString(l.Output), fmt.Sprint(l.MACs), fmt.Sprint(l.ConstBytes), fmt.Sprint(l.LiveBytes)} {
			if !strings.Contains(string(page), ">"+cell+"<") {
				t.Errorf("layer %d: the page does not show %s", i, cell)
			}
		}
	}
	noisy := 0
	for i, l := range d.Layers {
		if strings.HasSuffix(l.Kernel, "_s8") && l.Noise > 0 {
			noisy++
			if l.Noise < 3 || !strings.Contains(string(page), fmt.Sprintf(">%.1f dB<", l.Noise)) {
				t.Errorf("layer %d: %g dB of quantization noise", i, l.Noise)
			}
		}
	}
	if 2*noisy < len(d.Layers) {
		t.Errorf("%d of %d layers say what quantization costs", noisy, len(d.Layers))
	}
	if total < d.MACs || total > d.MACs*11/10 {
		t.Errorf("the layers have %d multiply-accumulates, the model %d", total, d.MACs)
	}
	if cost != nil && (sum < cost.Cycles*9/10 || sum > cost.Cycles*11/10) {
		t.Errorf("the layers take %d cycles, the model %d", sum, cost.Cycles)
	}
	if strings.Contains(string(page), "behind a sigmoid") != coarseOutput(p) || strings.Contains(file, "captcha") && !coarseOutput(p) {
		t.Error("the page does not warn of the ties of 8-bit sigmoid outputs")
	}
}

// TestArena checks that buffers that are kept at the same time do not overlap, and reach exactly the arena's size.
func TestArena(t *testing.T) {
	d, _, _ := collect(t, "../../../testdata/models/convbn_nchw/model.onnx")
	top := 0
	for _, b := range d.Buffers {
		top = max(top, b.Offset+b.Bytes)
	}
	if top != d.ArenaBytes {
		t.Errorf("the buffers reach %d, the arena has %d bytes", top, d.ArenaBytes)
	}
}

func TestTreemapFillsItsArea(t *testing.T) {
	d, _, _ := collect(t, "../../../testdata/captcha/model.onnx")
	total, area := 0, 0.0
	tiles := treemap(d)
	for _, x := range tiles {
		total += x.Bytes
		area += x.W * x.H
		if x.X < -1e-6 || x.Y < -1e-6 || x.X+x.W > 100+1e-6 || x.Y+x.H > 100+1e-6 {
			t.Errorf("%+v is outside", x)
		}
	}
	for _, x := range tiles {
		if want := 10000 * float64(x.Bytes) / float64(total); x.W*x.H < want*0.999 || x.W*x.H > want*1.001 {
			t.Errorf("%s has an area of %g, expected %g", x.Name, x.W*x.H, want)
		}
	}
	if area < 9999 || area > 10001 || total != d.ConstBytes+d.CodeBytes {
		t.Errorf("area %g of 10000, %d bytes of %d", area, total, d.ConstBytes+d.CodeBytes)
	}
}

// TestBrowser opens the page in a browser, at the width of a desk and of a phone: no error, nothing cut off at the side.
func TestBrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, file := range reported(t) {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { checkInBrowser(t, chromium, file) })
	}
	t.Run("quantized", func(t *testing.T) { checkQuantizedInBrowser(t, chromium) })
}

// checkQuantizedInBrowser looks at the page about a quantization: every figure of its JSON is to be seen.
func checkQuantizedInBrowser(t *testing.T, chromium string) {
	m, err := deepgo.Load("../../../testdata/models/digits_f32/model.onnx", deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := quantize.Run(m.Graph.Clone(), [][]*tensor.Tensor{samples.Random(m.InputTypes(), 1), samples.Random(m.InputTypes(), 2)}, quantize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := &Quantized{Model: "digits", Samples: 2, Float: 7456, Integer: 1864, Equalized: 1, Layers: r.Layers, Points: r.Points,
		Accuracy: &Accuracy{Samples: 200, Float: 200, Integer: 182, Rounded: 163}, Ties: &Ties{Samples: 200, Changed: 37, Outputs: []string{"a<b"}}}
	page, err := q.Page()
	if err != nil {
		t.Fatal(err)
	}
	cells := []string{"1864 B", "91.0 %", "37 of 200", "a&lt;b"}
	for _, l := range r.Layers {
		cells = append(cells, fmt.Sprintf(">%d<", l.Weights), fmt.Sprintf(">%d<", l.Bytes))
	}
	for _, p := range r.Points {
		cells = append(cells, fmt.Sprintf(">%.4g<", p.Scale), fmt.Sprintf(">%d<", p.Zero), fmt.Sprintf(">%.1f dB<", p.SNR))
		for _, h := range p.Hints {
			cells = append(cells, "<b>"+h.Kind+"</b>", html.EscapeString(h.Do))
		}
	}
	if !strings.Contains(string(page), `class="l hints"><div><b>`) {
		t.Error("no activation has a hint")
	}
	for _, c := range cells {
		if !strings.Contains(string(page), c) {
			t.Errorf("the page does not show %s", c)
		}
	}
	openPage(t, chromium, page, len(r.Layers)+len(r.Points))
}

func checkInBrowser(t *testing.T, chromium, file string) {
	d, _, _ := collect(t, file)
	page, err := Page(d)
	if err != nil {
		t.Fatal(err)
	}
	openPage(t, chromium, page, len(d.Layers))
}

// openPage looks at a page whose tables have so many rows.
func openPage(t *testing.T, chromium string, page []byte, rows int) {
	t.Helper()
	for _, width := range []int{1280, 390} {
		frame := fmt.Sprintf(`<!DOCTYPE html><title>waiting</title><iframe id="f" style="border:0;width:%dpx;height:2000px" srcdoc="%s"></iframe>
<script>const f = document.getElementById("f"); let errors = 0; onerror = () => errors++;
f.onload = () => { const e = f.contentDocument.documentElement; document.title = "errors " + errors + " over " + Math.max(0, e.scrollWidth - e.clientWidth) + " rows " + e.querySelectorAll("tbody tr").length; };</script>`,
			width, html.EscapeString(string(page)))
		file := filepath.Join(t.TempDir(), "frame.html")
		if err := os.WriteFile(file, []byte(frame), 0o666); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=3000", "--dump-dom", "file://"+file).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("<title>errors 0 over 0 rows %d</title>", rows)
		if !strings.Contains(string(out), want) {
			t.Errorf("at %d pixels: %s, expected %s", width, regexp.MustCompile(`<title>.*?</title>`).FindString(string(out)), want)
		}
	}
}
