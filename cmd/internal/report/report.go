// Package report draws a compiled model as one self-contained HTML page: its network, its layers' costs, the arena over time,
// the flash, and what to look at.
package report

import (
	"bytes"
	_ "embed" // the page's template and style
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/verify"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Data is what the page shows, and carries as JSON.
type Data struct {
	Model      string  `json:"model"`
	SHA256     string  `json:"sha256"`
	Target     string  `json:"target"`
	Version    string  `json:"version"`
	MACs       int     `json:"macs"`
	ConstBytes int     `json:"const_bytes"`
	CodeBytes  int     `json:"code_bytes,omitempty"` // 0: not measured
	StackBytes int     `json:"stack_bytes,omitempty"`
	ArenaBytes int     `json:"arena_bytes"`
	IOBytes    int     `json:"io_bytes"`
	FlashLimit int     `json:"flash_limit,omitempty"`
	RAMLimit   int     `json:"ram_limit,omitempty"`
	Insns      uint64  `json:"insns,omitempty"`
	Cycles     uint64  `json:"cycles,omitempty"`
	Millis     float64 `json:"ms,omitempty"`

	Noisy    bool      `json:"quantized"` // layers have noise
	Layers   []Layer   `json:"layers"`
	Buffers  []Buffer  `json:"buffers"`
	Warnings []Warning `json:"warnings"`
}

// Layer is a call in the generated code.
type Layer struct {
	Kernel     string   `json:"kernel"`
	From       []string `json:"from"`
	Output     string   `json:"output"`
	Scale      string   `json:"scale,omitempty"` // of the output, where it is quantized
	MACs       int      `json:"macs"`
	ConstBytes int      `json:"const_bytes"`
	LiveBytes  int      `json:"live_bytes"` // of the arena while it runs
	Cycles     uint64   `json:"cycles,omitempty"`
	Noise      float64  `json:"noise_db,omitempty"` // signal to quantization noise of the output; 0 where it is not quantized

	scale float32
	reads []int // layers whose outputs it reads; -1 is an input of the model
}

// Buffer is a place in the arena from one layer to another.
type Buffer struct {
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	Bytes  int    `json:"bytes"`
	First  int    `json:"first"` // layers during which it is kept
	Last   int    `json:"last"`
}

// Warning is something to look at, and what to do about it.
type Warning struct {
	Text string `json:"text"`
	Do   string `json:"do"`
}

// Collect gathers the page's data. cost is what was measured, or nil; inputs are what quantization noise is measured with; where
// there are none it is left out: random inputs leave the ranges that the model was made for.
func Collect(m *deepgo.Model, p *deepgo.Program, cost *verify.Cost, inputs [][]*tensor.Tensor) (*Data, error) {
	d := &Data{
		Model: p.Name, SHA256: m.SHA256, Target: p.Target.Name, Version: deepgo.Version,
		ConstBytes: p.Report.ConstBytes, ArenaBytes: p.Report.ArenaBytes, IOBytes: p.Report.IOBytes, FlashLimit: p.Target.FlashBytes, RAMLimit: p.Target.RAMBytes,
	}
	for _, n := range m.Graph.Nodes {
		d.MACs += op.MACs(n)
	}
	made := map[*ir.Value]int{}
	for _, r := range p.Report.Nodes {
		n := p.Lowered.Nodes[r.Index]
		d.Layers = append(d.Layers, newLayer(n, r.ConstBytes, r.LiveBytes, made))
		for _, v := range n.Outputs {
			made[v] = len(d.Layers) - 1
		}
	}
	d.addCost(cost)
	d.Buffers = buffers(p)
	if err := d.addNoise(m, inputs); err != nil {
		return nil, err
	}
	d.Warnings = warnings(p, d)
	return d, nil
}

func newLayer(n *ir.Node, consts, live int, made map[*ir.Value]int) Layer {
	l := Layer{Kernel: n.Op, From: n.From, ConstBytes: consts, LiveBytes: live, MACs: op.KernelMACs(n)}
	if v := n.Output(0); v != nil {
		l.Output = ir.Type{DType: v.Type.DType, Shape: v.Type.Shape}.String()
		if q := v.Type.Quant; q != nil && len(q.Scale) == 1 {
			l.scale = q.Scale[0]
			l.Scale = fmt.Sprintf("(q - %d) * %.4g", q.Zero[0], q.Scale[0])
		}
	}
	for _, v := range n.Inputs {
		if v == nil || v.IsConst() {
			continue
		}
		at, ok := made[root(v)]
		if !ok {
			at = -1
		}
		l.reads = append(l.reads, at)
	}
	return l
}

// root follows views, which are no calls, to the value that they show.
func root(v *ir.Value) *ir.Value {
	for v.Def != nil && v.Def.Op == "view" {
		v = v.Def.Inputs[0]
	}
	return v
}

func (d *Data) addCost(c *verify.Cost) {
	if c == nil {
		return
	}
	d.CodeBytes, d.StackBytes, d.Insns, d.Cycles, d.Millis = c.CodeBytes, c.StackBytes, c.Insns, c.Cycles, c.Millis
	for i := range d.Layers {
		if i < len(c.Layers) {
			d.Layers[i].Cycles = c.Layers[i].Cycles
		}
	}
}

// addNoise gives every layer the noise at the QuantizeLinear that its output is the result of.
func (d *Data) addNoise(m *deepgo.Model, inputs [][]*tensor.Tensor) error {
	points, err := noise(m, inputs)
	if err != nil {
		return err
	}
	for i, l := range d.Layers {
		for _, name := range l.From {
			if at, ok := points[name]; ok && at.scale == l.scale {
				d.Layers[i].Noise, d.Noisy = at.db, true
				break
			}
		}
	}
	return nil
}

// buffers returns what is in the arena, from the layer that writes it to the last that reads it.
func buffers(p *deepgo.Program) []Buffer {
	at, list := map[*ir.Value]int{}, []Buffer{}
	for i, r := range p.Report.Nodes {
		n := p.Lowered.Nodes[r.Index]
		for _, v := range n.Inputs {
			if v == nil {
				continue
			}
			if b, ok := at[root(v)]; ok {
				list[b].Last = i
			}
		}
		for _, v := range n.Outputs {
			if place, ok := p.Memory.Places[v]; ok && place.Of == nil {
				at[v] = len(list)
				list = append(list, Buffer{Name: layerName(n.From, n.Op), Offset: place.Offset, Bytes: p.Memory.Bytes(v), First: i, Last: i})
			}
		}
		if size := n.Attrs.Int("scratch"); size > 0 {
			list = append(list, Buffer{Name: "scratch of " + layerName(n.From, n.Op), Offset: p.Memory.Scratch[n], Bytes: size, First: i, Last: i})
		}
	}
	return list
}

func layerName(from []string, kernel string) string {
	if len(from) == 0 {
		return kernel
	}
	name := []rune(from[0])
	if len(name) > 40 {
		name = append([]rune("…"), name[len(name)-39:]...)
	}
	return string(name)
}

// warnings looks for what users of quantized models and small parts trip over.
func warnings(p *deepgo.Program, d *Data) []Warning {
	list := []Warning{}
	integer, float := 0, []string{}
	largest := 0
	for i, l := range d.Layers {
		switch {
		case op.ComputesIntegers(l.Kernel):
			integer++
		case strings.HasSuffix(l.Kernel, "_f32"):
			float = append(float, layerName(l.From, l.Kernel))
		}
		if l.LiveBytes > d.Layers[largest].LiveBytes {
			largest = i
		}
	}
	if integer > 0 && len(float) > 0 {
		list = append(list, Warning{fmt.Sprintf("%d of %d layers compute in float inside a quantized model: %s", len(float), len(d.Layers), strings.Join(float[:min(len(float), 3)], ", ")), "quantize them too, or accept their cost on a part without an FPU"})
	}
	if integer > 0 && coarseOutput(p) {
		list = append(list, Warning{"an output is quantized to 8 bits behind a sigmoid or softmax: close scores become equal, and the greatest of them is then a matter of chance", "leave the outputs in float when quantizing the model, as deepgo quantize does"})
	}
	if err := p.Fit(); err != nil {
		list = append(list, Warning{strings.SplitN(err.Error(), "\n", 2)[0], "quantize the model, or choose a larger part"})
	}
	if d.RAMLimit > 0 && 2*d.ArenaBytes > d.RAMLimit && len(d.Layers) > 0 {
		l := d.Layers[largest]
		list = append(list, Warning{fmt.Sprintf("the arena takes more than half of the part's RAM; %s needs %d bytes", layerName(l.From, l.Kernel), l.LiveBytes), "make that layer's input or output smaller: it alone decides the arena's size"})
	}
	return list
}

// coarseOutput reports whether an output of the model is what a table or softmax of 8 bits gives.
func coarseOutput(p *deepgo.Program) bool {
	for _, v := range p.Lowered.Outputs {
		v = root(v)
		if v.Def != nil && v.Def.Op == "dequantize_s8" {
			v = root(v.Def.Inputs[0])
		}
		if v.Def != nil && (v.Def.Op == "softmax_s8" || v.Def.Op == "lookup_s8") {
			return true
		}
	}
	return false
}

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var pageStyle string

// page is what the template sees.
type page struct {
	*Data
	Style   template.CSS
	JSON    template.JS
	Network drawing
	Arena   drawing
	Flash   []tile
}

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"bytes": bytesText, "part_bytes": partText, "name": layerName, "add": func(a, b int) int { return a + b },
	"share": func(a, b int) string { return fmt.Sprintf("%.1f", 100*float64(a)/float64(max(b, 1))) },
	"part":  func(a, b uint64) string { return fmt.Sprintf("%.1f %%", 100*float64(a)/float64(max(b, 1))) },
}).Parse(pageText))

// Page returns the page.
func Page(d *Data) ([]byte, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = pageTemplate.Execute(&buf, page{Data: d, Style: template.CSS(pageStyle), JSON: template.JS(data), Network: network(d.Layers), Arena: arena(d), Flash: treemap(d)})
	return buf.Bytes(), err
}

// partText shows a part's memory, which comes in powers of two.
func partText(n int) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

func bytesText(n int) string {
	if n < 10_000 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f KB", float64(n)/1000)
}
