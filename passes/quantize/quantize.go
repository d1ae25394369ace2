// Package quantize turns a float graph into one of QuantizeLinear and DequantizeLinear around its operators, which the qdq
// pass makes integers: post-training quantization from samples of the model's input.
//
// The steps are those of Nagel et al., "A White Paper on Neural Network Quantization" (arXiv:2106.08295): equalization of
// channels, ranges, rounding of weights, correction of biases. What the field calls min-max, percentile, MSE and entropy
// ranges are candidates here, among which the error at the model's output chooses, tensor by tensor.
package quantize

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes"
)

// Precision is how a product is quantized.
type Precision struct {
	Weights     int // bits: 8, 4, 2, or 32 to leave the product in float
	Activations int // bits of what the product reads: 8 or 16
	Group       int // inputs of an output that share a scale, in a Gemm or MatMul of less than 8 bits; 0 for all
}

// or fills in what p leaves open.
func (p Precision) or(other Precision) Precision {
	return Precision{cmp.Or(p.Weights, other.Weights), cmp.Or(p.Activations, other.Activations), cmp.Or(p.Group, other.Group)}
}

// Options say what the quantized graph is to be like. What a Precision leaves open, 0, is as in the next one: a layer's, that of
// dense layers, that of all layers, 8 bits.
type Options struct {
	Layers map[string]Precision // by ONNX node name
	Dense  Precision            // Gemm and MatMul
	All    Precision
	IO     string    // "float" (or ""): outputs keep their precision; "int8": they are 8-bit integers too
	Raw    []*Params // per input: parameters that are known to be exact, such as those of a camera's bytes; nil otherwise

	NoEqualize bool                             // leave the channels as they are
	NoAbsorb   bool                             // leave high biases where they are
	NoChoice   bool                             // min-max ranges only
	NoCorrect  bool                             // leave the biases as they are
	Step       func(what string, done, all int) // called as the work goes on
}

// Result is a quantized graph, and what was found on the way.
type Result struct {
	Graph     *ir.Graph // the quantized graph: ONNX operators
	Points    []Point
	Layers    []Layer
	Equalized int // pairs of layers whose channels were brought to one size
	Absorbed  int // layers whose high biases went into the next one's
}

// Point is an activation that was quantized.
type Point struct {
	Name   string  `json:"name"`
	DType  string  `json:"dtype"`
	Min    float64 `json:"min"` // of the samples
	Max    float64 `json:"max"`
	Range  string  `json:"range"` // how the range was chosen: minmax, mse, p99.99, p99.9, kl, clipped, exact, follows
	Scale  float32 `json:"scale"`
	Zero   int32   `json:"zero"`
	SNR    float64 `json:"snr_db"` // of the value in the quantized network against the float network
	Cosine float64 `json:"cosine"`
	Hist   []int   `json:"histogram"` // of the float values between Min and Max
	Hints  []Hint  `json:"hints,omitempty"`
}

// Layer is a product with its weights.
type Layer struct {
	Name        string `json:"name"`
	Op          string `json:"op"`
	Bits        int    `json:"bits"`
	Activations int    `json:"activation_bits"` // of what it reads; 32 is float
	Weights     int    `json:"weights"`
	Bytes       int    `json:"bytes"`     // of the weights
	Hist        []int  `json:"histogram"` // of the float weights, between their least and greatest
}

// Precision is the layer's, as the command takes it: bits of the weights, or of 16-bit activations and weights as 16x8.
func (l Layer) Precision() string { return precisionText(l.Bits, l.Activations) }

func precisionText(weights, activations int) string {
	if activations == 16 {
		return fmt.Sprintf("16x%d", weights)
	}
	return fmt.Sprint(weights)
}

// Run quantizes g, which it changes to the prepared float graph. Every sample has a tensor per input.
func Run(g *ir.Graph, samples [][]*tensor.Tensor, opt Options) (*Result, error) {
	if len(samples) == 0 {
		return nil, &ir.Error{Msg: "there are no samples to calibrate with", Hint: "--calib takes a .npy file, or a folder of pictures or tensors"}
	}
	if err := passes.Prepare(g); err != nil {
		return nil, err
	}
	q := &quantizer{g: g, opt: opt, samples: samples}
	if err := q.check(); err != nil {
		return nil, err
	}
	steps := []struct {
		what string
		run  func() error
	}{
		{"equalizing channels", q.equalize},
		{"absorbing biases", q.absorb},
		{"measuring ranges", q.measure},
		{"rounding weights", q.round},
		{"choosing ranges", q.choose},
		{"correcting biases", q.correct},
		{"comparing layers", q.compare},
	}
	for i, s := range steps {
		q.step(s.what, i, len(steps))
		if err := s.run(); err != nil {
			return nil, err
		}
	}
	return q.result, nil
}

// quantizer is one quantization under way.
type quantizer struct {
	g       *ir.Graph
	opt     Options
	samples [][]*tensor.Tensor

	points  []*point
	at      map[*ir.Value]*point
	follows map[*ir.Value]bool // results of movers, which are on a point's grid
	weights map[*ir.Node]*weights
	result  *Result
	quick   bool // rough figures are wanted
}

func (q *quantizer) step(what string, done, all int) {
	if q.opt.Step != nil {
		q.opt.Step(what, done, all)
	}
}

// check looks for what cannot be quantized.
func (q *quantizer) check() error {
	q.result = &Result{}
	products := 0
	for _, n := range q.g.Nodes {
		if isProduct(n) || isRecurrent(n) {
			products++
		}
		if n.Op == "QuantizeLinear" || n.Op == "DequantizeLinear" || n.Op == "QLinearConv" {
			return &ir.Error{Node: nameOf(n), Op: n.Op, Msg: "the model is quantized already", Hint: "deepgo compile takes it as it is"}
		}
	}
	if products == 0 {
		return &ir.Error{Msg: "there is nothing to quantize: no Conv, Gemm, MatMul, LSTM or GRU with constant weights"}
	}
	for name := range q.opt.Layers {
		if !slices.Contains(q.layerNames(), name) {
			return &ir.Error{Msg: fmt.Sprintf("no Conv, Gemm or MatMul with constant weights is called %q", name), Hint: "they are called " + strings.Join(q.layerNames(), ", ")}
		}
	}
	return nil
}

func (q *quantizer) layerNames() []string {
	var names []string
	for _, n := range q.g.Nodes {
		if isProduct(n) {
			names = append(names, nameOf(n))
		}
	}
	return names
}

// precision returns how a product is quantized.
func (q *quantizer) precision(n *ir.Node) Precision { return q.opt.precision(n) }

func (o *Options) precision(n *ir.Node) Precision {
	p := o.Layers[nameOf(n)]
	if n.Op != "Conv" {
		p = p.or(o.Dense)
	}
	return p.or(o.All).or(Precision{Weights: 8, Activations: 8})
}

// nameOf is what a node is called in reports: the ONNX node that it came from first.
func nameOf(n *ir.Node) string {
	if len(n.From) > 0 {
		return n.From[0]
	}
	return first(n).Name
}

// first returns the first output that is there.
func first(n *ir.Node) *ir.Value {
	for _, v := range n.Outputs {
		if v != nil {
			return v
		}
	}
	ir.Bugf("%s has no outputs", n.Op)
	return nil
}

// isProduct reports whether n multiplies with constant weights.
func isProduct(n *ir.Node) bool {
	switch n.Op {
	case "Conv":
	case "Gemm":
		if n.Attrs.Bool("transA") || n.Attrs.Has("alpha") && n.Attrs.Float("alpha") != 1 || n.Attrs.Has("beta") && n.Attrs.Float("beta") != 1 {
			return false
		}
	case "MatMul":
		if len(n.Inputs[0].Type.Shape) != 2 || len(n.Inputs[1].Type.Shape) != 2 {
			return false
		}
	default:
		return false
	}
	w, b := n.Inputs[1], n.Input(2)
	return w.IsConst() && w.Type.DType == tensor.Float32 && !n.Inputs[0].IsConst() && (b == nil || b.IsConst() && b.Type.Len() == channelsOf(n))
}

// channelAxis is the axis of a product's weights that its output channels are on.
func channelAxis(n *ir.Node) int {
	switch {
	case n.Op == "Conv":
		return 0
	case n.Op == "Gemm" && n.Attrs.Bool("transB"):
		return 0
	}
	return 1
}

func channelsOf(n *ir.Node) int { return n.Inputs[1].Type.Shape[channelAxis(n)] }
