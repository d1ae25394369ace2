package deepgo

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/deepgo/deepgo/frontend"
	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// Quantized is a model with integers inside.
type Quantized struct {
	Model *Model
	File  []byte // the model as an ONNX file, with QuantizeLinear and DequantizeLinear around the operators
	*quantize.Result
	Choices []quantize.Choice // of QuantizeMixed
}

// Quantize makes the integers of a float model from samples of its input, each a tensor per input. The model is not changed.
// metadata goes into the file.
func (m *Model) Quantize(samples [][]*tensor.Tensor, opt quantize.Options, metadata map[string]string) (*Quantized, error) {
	r, err := quantize.Run(m.Graph.Clone(), samples, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	return m.quantized(r, nil, metadata)
}

// QuantizeMixed is Quantize with the bits of every layer's weights chosen for a goal.
func (m *Model) QuantizeMixed(samples [][]*tensor.Tensor, opt quantize.Options, goal quantize.Goal, metadata map[string]string) (*Quantized, error) {
	r, choices, err := quantize.Mixed(m.Graph, samples, opt, goal)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	return m.quantized(r, choices, metadata)
}

// QuantizeWeights stores the weights of dense layers with the bits that the options say, and those of recurrent layers in 8; everything
// else stays in float.
func (m *Model) QuantizeWeights(opt quantize.Options, metadata map[string]string) (*Quantized, error) {
	r, err := quantize.WeightsOnly(m.Graph.Clone(), opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	return m.quantized(r, nil, metadata)
}

// QuantizeDynamic makes integers of the products, whose activations are quantized at run time: no samples are needed.
func (m *Model) QuantizeDynamic(opt quantize.Options, metadata map[string]string) (*Quantized, error) {
	r, err := quantize.Dynamic(m.Graph.Clone(), opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	return m.quantized(r, nil, metadata)
}

// WithGraph returns a model of the same name with another graph.
func (m *Model) WithGraph(g *ir.Graph) *Model { return &Model{File: m.File, Name: m.Name, Graph: g} }

func (m *Model) quantized(r *quantize.Result, choices []quantize.Choice, metadata map[string]string) (*Quantized, error) {
	raw, err := frontend.Export(r.Graph)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	raw.Metadata = metadata
	data, err := onnx.Encode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	name := strings.TrimSuffix(m.File, filepath.Ext(m.File)) + "_int8.onnx"
	model, err := Decode(name, data, LoadOptions{})
	if err != nil {
		return nil, err
	}
	return &Quantized{Model: model, File: data, Result: r, Choices: choices}, nil
}
