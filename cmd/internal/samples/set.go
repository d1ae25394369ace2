package samples

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// Preprocess is what happens to a raw value before a model takes it: (raw*Scale - Mean) / Std, per channel where there are
// several means or deviations.
type Preprocess struct {
	Text      string
	Scale     float64
	Mean, Std []float64
	Grey      bool   // of three colours the brightness, for a model of one channel
	Layout    string // of arrays, where it is not the model's: "nhwc" or "nchw"
}

// OfBytes is what happens to bytes for a float input where nobody says otherwise.
func OfBytes() *Preprocess {
	return &Preprocess{Text: "scale=1/255", Scale: 1.0 / 255, Mean: []float64{0}, Std: []float64{1}}
}

// ParsePreprocess reads "scale=1/255,mean=0.5,std=0.25,grey,layout=nhwc"; mean and std may have a value per channel, with colons
// between.
func ParsePreprocess(text string) (*Preprocess, error) {
	p := &Preprocess{Text: text, Scale: 1, Mean: []float64{0}, Std: []float64{1}}
	for _, field := range strings.Split(text, ",") {
		key, value, _ := strings.Cut(field, "=")
		if field == "grey" {
			p.Grey = true
			continue
		}
		if key == "layout" && (value == "nhwc" || value == "nchw") {
			p.Layout = value
			continue
		}
		numbers, err := numbers(value)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", field, err)
		case key == "scale" && len(numbers) == 1:
			p.Scale = numbers[0]
		case key == "mean":
			p.Mean = numbers
		case key == "std" && !slices.Contains(numbers, 0):
			p.Std = numbers
		default:
			return nil, fmt.Errorf("%q is not understood; expected scale=1/255, mean=0.5, std=0.25, grey, layout=nhwc or layout=nchw, with a value per channel as in mean=0.4:0.5:0.6", field)
		}
	}
	return p, nil
}

// numbers reads numbers and fractions with colons between.
func numbers(text string) ([]float64, error) {
	var out []float64
	for _, s := range strings.Split(text, ":") {
		over, under, ok := strings.Cut(s, "/")
		if !ok {
			under = "1"
		}
		a, err := strconv.ParseFloat(over, 64)
		b, err2 := strconv.ParseFloat(under, 64)
		if err != nil || err2 != nil || b == 0 || math.IsInf(a, 0) || math.IsNaN(a) {
			return nil, fmt.Errorf("%q is not a number", s)
		}
		out = append(out, a/b)
	}
	return out, nil
}

// apply returns t, raw values in the shape of want, as the model takes them.
func (p *Preprocess) apply(t *tensor.Tensor, want ir.Type) (*tensor.Tensor, error) {
	channel, n := channelIndex(want.Shape)
	for _, list := range [][]float64{p.Mean, p.Std} {
		if len(list) != 1 && len(list) != n {
			return nil, fmt.Errorf("%d means or deviations, the input %s has %d channels", len(list), want, n)
		}
	}
	out := tensor.New(want.DType, want.Shape...)
	for i := range t.Len() {
		c := channel(i)
		out.SetF64(i, (t.F64(i)*p.Scale-p.Mean[c%len(p.Mean)])/p.Std[c%len(p.Std)])
	}
	return out, nil
}

// arrange brings the elements of an array of pixels into the order that the model takes them in, and colours to grey.
func (p *Preprocess) arrange(t *tensor.Tensor, want ir.Type) (*tensor.Tensor, error) {
	l, err := layoutOf(want.Shape)
	if err != nil {
		return nil, err
	}
	c := l.c
	if p.Grey && l.c == 1 && t.Len() == 3*want.Len() {
		c = 3
	}
	if t.Len() != l.h*l.w*c {
		return nil, fmt.Errorf("%d elements of shape %v, the model takes %s", t.Len(), t.Shape, want)
	}
	channelsLast := p.Layout == "nhwc" || p.Layout == "" && l.sc == 1
	at := func(y, x, k int) float64 {
		if channelsLast {
			return t.F64((y*l.w+x)*c + k)
		}
		return t.F64((k*l.h+y)*l.w + x)
	}
	out := tensor.New(t.DType, want.Shape...)
	for y := range l.h {
		for x := range l.w {
			for k := range l.c {
				v := at(y, x, k)
				if c != l.c { // ITU-R BT.601
					v = 0.299*at(y, x, 0) + 0.587*at(y, x, 1) + 0.114*at(y, x, 2)
				}
				if t.DType.IsInt() {
					v = math.RoundToEven(v)
				}
				out.SetF64(y*l.sy+x*l.sx+k*l.sc, v)
			}
		}
	}
	return out, nil
}

// channelIndex returns the channel of an element of an image, and their number.
func channelIndex(shape []int) (func(i int) int, int) {
	l, err := layoutOf(shape)
	switch {
	case err != nil || l.c == 1:
		return func(int) int { return 0 }, 1
	case l.sc == 1:
		return func(i int) int { return i % l.c }, l.c
	}
	return func(i int) int { return i / l.sc % l.c }, l.c
}

// Params returns what raw bytes stand for behind the preprocessing, where one scale and zero point say it exactly.
func (p *Preprocess) Params() *quantize.Params {
	if len(p.Mean) != 1 || len(p.Std) != 1 || p.Scale <= 0 || p.Std[0] <= 0 {
		return nil
	}
	zero := p.Mean[0] / p.Scale
	if zero < 0 || zero > 255 || math.Abs(zero-math.Round(zero)) > 1e-3 {
		return nil
	}
	return &quantize.Params{DType: tensor.Uint8, Scale: float32(p.Scale / p.Std[0]), Zero: int32(math.Round(zero))}
}

// Set is a list of samples, each a tensor per input of a model.
type Set struct {
	Samples [][]*tensor.Tensor
	Names   []string
	Bytes   bool // the raw values are bytes
}

// ReadSet reads samples for a model with those inputs: an .npy file whose first axis is the samples, a .csv file with a sample
// a row, a folder of pictures, .npy, .pb or text files with a sample each, or ONNX's folders of test data. p may be nil: then
// bytes for a float input are divided by 255, as pictures are.
func ReadSet(path string, inputs []ir.Type, p *Preprocess) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	r := &setReader{inputs: inputs, pre: p, set: &Set{}}
	switch {
	case info.IsDir():
		err = r.folder(path)
	case len(inputs) != 1:
		err = fmt.Errorf("the model has %d inputs; expected a folder with test_data_set_N/input_I.pb", len(inputs))
	case strings.EqualFold(filepath.Ext(path), ".npy"):
		err = r.stack(path)
	case strings.EqualFold(filepath.Ext(path), ".csv"):
		err = r.table(path)
	default:
		err = r.file(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r.set, nil
}

type setReader struct {
	inputs []ir.Type
	pre    *Preprocess
	set    *Set
}

func (r *setReader) add(name string, raw ...*tensor.Tensor) error {
	sample := make([]*tensor.Tensor, len(raw))
	for i, t := range raw {
		var err error
		if sample[i], err = r.convert(t, r.inputs[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	r.set.Samples, r.set.Names = append(r.set.Samples, sample), append(r.set.Names, name)
	return nil
}

func (r *setReader) convert(t *tensor.Tensor, want ir.Type) (*tensor.Tensor, error) {
	if r.pre != nil && (r.pre.Grey || r.pre.Layout != "") {
		var err error
		if t, err = r.pre.arrange(t, want); err != nil {
			return nil, err
		}
	}
	if t.Len() != want.Len() {
		return nil, fmt.Errorf("%d elements of shape %v, the model takes %s", t.Len(), t.Shape, want)
	}
	pre := r.pre
	if t.DType == tensor.Uint8 && want.DType.IsFloat() {
		r.set.Bytes = true
		if pre == nil {
			pre = OfBytes()
		}
	}
	if pre != nil && want.DType.IsFloat() {
		return pre.apply(t, want)
	}
	return fit(t, want)
}

// stack reads an .npy file whose first axis is the samples.
func (r *setReader) stack(path string) error {
	t, err := read(path, r.inputs[0])
	if err != nil {
		return err
	}
	per := r.inputs[0].Len()
	if n := len(t.Shape); r.pre != nil && r.pre.Grey && n == 4 && (t.Shape[1] == 3 || t.Shape[3] == 3) {
		per *= 3
	}
	if per == 0 || t.Len()%per != 0 || t.Len() == 0 {
		return fmt.Errorf("shape %v is not a number of samples of %s", t.Shape, r.inputs[0])
	}
	size := len(t.Bytes()) / t.Len()
	for i := range t.Len() / per {
		one, err := tensor.FromBytes(t.DType, t.Bytes()[i*per*size:(i+1)*per*size], per)
		if err != nil {
			return err
		}
		if err := r.add(strconv.Itoa(i), one); err != nil {
			return err
		}
	}
	return nil
}

// table reads a .csv file with a sample a row; a first row that is no numbers is a heading.
func (r *setReader) table(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	for i, row := range all {
		t, err := decodeText(strings.Join(row, " "), ir.Type{DType: tensor.Float32})
		if err != nil && i == 0 {
			continue
		}
		if err == nil {
			err = r.add(fmt.Sprintf("row %d", i+1), t)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *setReader) file(path string) error {
	t, err := r.raw(path, r.inputs[0])
	if err != nil {
		return err
	}
	return r.add(filepath.Base(path), t)
}

// raw reads a file's values as they are: bytes for a picture.
func (r *setReader) raw(path string, want ir.Type) (*tensor.Tensor, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png", ".jpg", ".jpeg":
		want = ir.Type{DType: tensor.Uint8, Shape: want.Shape}
	}
	return read(path, want)
}

var sampleKinds = []string{".png", ".jpg", ".jpeg", ".npy", ".pb", ".txt", ".csv"}

// folder reads every sample file in a folder and the folders in it, sorted; or ONNX's folders of test data.
func (r *setReader) folder(dir string) error {
	if sets, _ := filepath.Glob(filepath.Join(dir, "test_data_set_*")); len(sets) > 0 {
		return r.testData(sets)
	}
	if len(r.inputs) != 1 {
		return fmt.Errorf("no folders test_data_set_N, which a model of %d inputs needs", len(r.inputs))
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains(sampleKinds, strings.ToLower(filepath.Ext(path))) && !strings.HasPrefix(d.Name(), "labels.") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, file := range files {
		t, err := r.raw(file, r.inputs[0])
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name, _ := filepath.Rel(dir, file) // file is below dir
		if err := r.add(name, t); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("no samples: expected %s", strings.Join(sampleKinds, ", "))
	}
	return nil
}

func (r *setReader) testData(sets []string) error {
	for _, set := range sets {
		var raw []*tensor.Tensor
		for i, want := range r.inputs {
			t, err := r.raw(filepath.Join(set, fmt.Sprintf("input_%d.pb", i)), want)
			if err != nil {
				return err
			}
			raw = append(raw, t)
		}
		if err := r.add(filepath.Base(set), raw...); err != nil {
			return err
		}
	}
	return nil
}
