package report

import (
	"bytes"
	_ "embed" // the page's template
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/score"
	"github.com/deepgo/deepgo/passes/quantize"
)

// Quantized is what quantizing a model gave. The JSON is for scripts.
type Quantized struct {
	Model      string            `json:"model"`
	File       string            `json:"file"`
	FileBytes  int               `json:"file_bytes"`
	Samples    int               `json:"samples"`
	Preprocess string            `json:"preprocess,omitempty"`
	Float      int               `json:"float_weight_bytes"`
	Integer    int               `json:"weight_bytes"`
	Equalized  int               `json:"equalized"` // pairs of layers
	Absorbed   int               `json:"absorbed"`  // layers whose high biases went into the next one's
	Eval       score.Nearness    `json:"eval"`
	Accuracy   *Accuracy         `json:"accuracy,omitempty"`
	Ties       *Ties             `json:"ties,omitempty"`
	Layers     []quantize.Layer  `json:"layers"`
	Choices    []quantize.Choice `json:"choices,omitempty"`
	Points     []quantize.Point  `json:"points"`
}

// Accuracy is how many samples a model reads right.
type Accuracy struct {
	Samples int `json:"samples"`
	Float   int `json:"float"`
	Integer int `json:"integer"`
	Rounded int `json:"rounded"` // the float model with its outputs rounded to 8 bits
}

// Ties are what rounding scores to 8 bits does: the greatest is no longer alone, or another one.
type Ties struct {
	Samples int      `json:"samples"`
	Changed int      `json:"changed"` // samples whose answer changes
	Outputs []string `json:"outputs"`
	Avoided bool     `json:"avoided"` // they keep their precision here
}

// Worst returns the activation with the most noise.
func (q *Quantized) Worst() *quantize.Point {
	var worst *quantize.Point
	for i := range q.Points {
		if worst == nil || q.Points[i].SNR < worst.SNR {
			worst = &q.Points[i]
		}
	}
	return worst
}

//go:embed quantized.html.tmpl
var quantizedText string

var quantizedTemplate = template.Must(template.New("quantized").Funcs(template.FuncMap{
	"bytes": bytesText, "percent": func(a, b int) string { return fmt.Sprintf("%.1f %%", 100*float64(a)/math.Max(float64(b), 1)) },
	"join": func(s []string) string { return strings.Join(s, ", ") }, "bars": bars, "add": func(a, b int) int { return a + b },
}).Parse(quantizedText))

// Page returns a self-contained HTML page.
func (q *Quantized) Page() ([]byte, error) {
	data, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = quantizedTemplate.Execute(&buf, struct {
		*Quantized
		Version string
		Style   template.CSS
		JSON    template.JS
		Path    curveOfError
	}{q, deepgo.Version, template.CSS(pageStyle), template.JS(data), errorPath(q.Points)})
	return buf.Bytes(), err
}

// curveOfError is the signal-to-noise ratio from the input to the output.
type curveOfError struct {
	Width, Height int
	Line          string // path data
	Dots          []box
	Grid          []box // lines with their dB
}

// errorPath draws the points from left to right in the order in which they are computed.
func errorPath(points []quantize.Point) curveOfError {
	const height, left, step = 260, 50, 34
	c := curveOfError{Width: left + step*max(len(points), 8), Height: height}
	most := 20.0
	for _, p := range points {
		most = math.Max(most, math.Min(p.SNR, 80))
	}
	most = math.Ceil(most/10) * 10
	y := func(db float64) float64 { return 10 + (height-30)*(1-math.Min(math.Max(db, 0), most)/most) }
	for db := 0.0; db <= most; db += 10 {
		c.Grid = append(c.Grid, box{X: left, Y: y(db), W: float64(c.Width), Text: fmt.Sprintf("%g dB", db)})
	}
	for i, p := range points {
		x, mark := float64(left+step/2+i*step), "L"
		if i == 0 {
			mark = "M"
		}
		c.Line += fmt.Sprintf("%s%.1f %.1f", mark, x, y(p.SNR))
		c.Dots = append(c.Dots, box{X: x, Y: y(p.SNR), Title: fmt.Sprintf("%s: %.1f dB, cosine %.6f", p.Name, p.SNR, p.Cosine)})
	}
	return c
}

// bars draws a histogram as path data of a picture 160 wide and 32 high, on a scale of logarithms: tails matter.
func bars(hist []int) string {
	top := 1.0
	for _, n := range hist {
		top = math.Max(top, math.Log1p(float64(n)))
	}
	var b strings.Builder
	w := 160 / math.Max(float64(len(hist)), 1)
	for i, n := range hist {
		if h := 32 * math.Log1p(float64(n)) / top; n > 0 {
			fmt.Fprintf(&b, "M%.1f 32v-%.1fh%.1fv%.1fz", float64(i)*w, h, w*0.9, h)
		}
	}
	return b.String()
}
