// Package samples reads and writes the tensors that a user gives to a model or gets from it: .npy, ONNX .pb, .png and
// .jpg images, plain text, and seeded random values.
package samples

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // decoder
	_ "image/png"  // decoder
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/frontend/onnx"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// maxFileBytes is the largest sample file that is read.
const maxFileBytes = 1 << 30

// Read returns the tensor in a file, made to fit the type of the model's input: same number of elements, converted where
// that loses nothing a user would miss (integers to floats, float64 to float32).
func Read(file string, want ir.Type) (*tensor.Tensor, error) {
	t, err := read(file, want)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if want.Dims != nil {
		if want.Shape, err = sizedLike(t.Shape, want); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if t, err = fit(t, want); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

func read(file string, want ir.Type) (*tensor.Tensor, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%d bytes are more than the %d that a sample may have", info.Size(), maxFileBytes)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".npy":
		return DecodeNPY(data)
	case ".pb":
		t, err := onnx.DecodeTensor(data, nil)
		if err == nil && t.DType == tensor.String {
			err = errors.New("strings are given as numbers: their places in the model's table, which NAME_string of the C is")
		}
		return t, err
	case ".png", ".jpg", ".jpeg":
		return DecodeImage(data, want)
	case ".txt", ".csv":
		return decodeText(string(data), want)
	default:
		return nil, fmt.Errorf("unknown kind of sample %q: expected .npy, .pb, .png, .jpg or .txt", ext)
	}
}

// sizedLike returns the shape of an input whose sizes a run is told: the file's, or where that is a list, what one size that is not known makes
// of so many elements.
func sizedLike(shape []int, want ir.Type) ([]int, error) {
	sized, open, rest := slices.Clone(want.Shape), -1, 1
	for i, e := range want.Dims {
		switch {
		case len(shape) == len(want.Dims) && (e.Varies() || shape[i] == want.Shape[i]):
			sized[i] = shape[i]
		case e.Varies() && open < 0 && len(shape) == 1:
			open = i
		case e.Varies() || len(shape) > 1:
			return nil, fmt.Errorf("shape %v does not fit the input's, at most %v", shape, want.Shape)
		default:
			rest *= want.Shape[i]
		}
	}
	if open >= 0 {
		sized[open] = shape[0] / max(rest, 1)
	}
	return sized, nil
}

func fit(t *tensor.Tensor, want ir.Type) (*tensor.Tensor, error) {
	if t.Len() != want.Len() {
		return nil, fmt.Errorf("%d elements of shape %v, the model takes %s", t.Len(), t.Shape, want)
	}
	switch {
	case t.DType == want.DType:
	case want.DType.IsFloat(), t.DType.IsInt() && want.DType == tensor.String, t.DType.IsInt() && inRange(t, want.DType):
		t = t.Convert(want.DType)
	default:
		return nil, fmt.Errorf("elements are %s, the model takes %s", t.DType, want.DType)
	}
	return t.Reshape(want.Shape...), nil
}

func inRange(t *tensor.Tensor, d tensor.DType) bool {
	if !d.IsInt() {
		return false
	}
	if d.Bits() == 64 {
		return true
	}
	lo, hi := d.Range()
	return !slices.ContainsFunc(t.Int64s(), func(v int64) bool { return v < lo || v > hi })
}

func decodeText(text string, want ir.Type) (*tensor.Tensor, error) {
	fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;[]()", r) })
	t := tensor.New(want.DType, len(fields))
	for i, f := range fields {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return nil, fmt.Errorf("element %d: %q is not a number", i, f)
		}
		if want.DType.IsInt() {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("element %d: %q is not an integer, the model takes %s", i, f, want.DType)
			}
			t.SetI64(i, n)
			continue
		}
		t.SetF64(i, v)
	}
	return t, nil
}

// DecodeImage returns a PNG or JPEG as the model takes it: rows and columns are the two largest neighbouring sizes of
// the shape, one channel is grey and three are red, green, blue. Floats are 0 to 1; unsigned bytes 0 to 255; integers
// with a scale and zero point stand for 0 to 1.
func DecodeImage(data []byte, want ir.Type) (*tensor.Tensor, error) {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	l, err := layoutOf(want.Shape)
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	if b.Dx() != l.w || b.Dy() != l.h {
		return nil, fmt.Errorf("the image has %dx%d pixels, the model takes %dx%d", b.Dx(), b.Dy(), l.w, l.h)
	}
	t := tensor.New(want.DType, want.Shape...)
	for y := range l.h {
		for x := range l.w {
			for c, v := range channels(img.At(b.Min.X+x, b.Min.Y+y), l.c) {
				setPixel(t, y*l.sy+x*l.sx+c*l.sc, v, want.Quant)
			}
		}
	}
	return t, nil
}

// layout is an image's place in a tensor: sizes and strides.
type layout struct{ h, w, c, sy, sx, sc int }

func layoutOf(shape []int) (layout, error) {
	s := shape
	for len(s) > 3 && s[0] == 1 {
		s = s[1:]
	}
	switch {
	case len(s) == 2:
		return layout{s[0], s[1], 1, s[1], 1, 0}, nil
	case len(s) == 3 && (s[2] == 1 || s[2] == 3):
		return layout{s[0], s[1], s[2], s[1] * s[2], s[2], 1}, nil
	case len(s) == 3 && (s[0] == 1 || s[0] == 3):
		return layout{s[1], s[2], s[0], s[2], 1, s[1] * s[2]}, nil
	}
	return layout{}, fmt.Errorf("an image does not fit an input of shape %v", shape)
}

// channels returns the pixel's brightness, or its three colours, from 0 to 255.
func channels(c color.Color, n int) []uint8 {
	if n == 1 {
		return []uint8{color.GrayModel.Convert(c).(color.Gray).Y}
	}
	p := color.NRGBAModel.Convert(c).(color.NRGBA)
	return []uint8{p.R, p.G, p.B}
}

func setPixel(t *tensor.Tensor, i int, v uint8, q *ir.Quant) {
	real := float32(v) / 255
	switch {
	case t.DType.IsFloat():
		t.SetF64(i, float64(real))
	case q != nil:
		lo, hi := t.DType.Range()
		t.SetI64(i, min(max(int64(real/q.Scale[0]+0.5)+int64(q.Zero[0]), lo), hi))
	default:
		t.SetI64(i, int64(v))
	}
}

// Random returns one tensor per type: floats of a normal distribution, integers over their whole range (64-bit ones 0 to
// 9), bools either. The same seed gives the same values.
func Random(types []ir.Type, seed uint64) []*tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]*tensor.Tensor, len(types))
	for i, ty := range types {
		out[i] = tensor.New(ty.DType, ty.Shape...)
		for j := range ty.Len() {
			randomElement(out[i], j, r)
		}
	}
	return out
}

func randomElement(t *tensor.Tensor, i int, r *rand.Rand) {
	switch {
	case t.DType.IsFloat():
		t.SetF64(i, r.NormFloat64())
	case t.DType.Bits() > 16:
		t.SetI64(i, r.Int64N(10))
	default:
		lo, hi := t.DType.Range()
		t.SetI64(i, lo+r.Int64N(hi-lo+1))
	}
}
