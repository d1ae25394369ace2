package samples

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func mustParse(t *testing.T, text string) *Preprocess {
	t.Helper()
	p, err := ParsePreprocess(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// write makes an .npy file of bytes.
func write(t *testing.T, shape []int, data ...uint8) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.npy")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := EncodeNPY(f, tensor.Of(tensor.Uint8, data, shape...)); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadSet(t *testing.T) {
	floats := func(shape ...int) []ir.Type { return []ir.Type{{DType: tensor.Float32, Shape: shape}} }
	for _, c := range []struct {
		name  string
		shape []int
		data  []uint8
		want  []ir.Type
		pre   string
		out   []float64 // of the last sample
	}{
		{"bytes are divided by 255", []int{2, 2}, []uint8{0, 255, 51, 102}, floats(1, 2), "", []float64{0.2, 0.4}},
		{"scale, mean, deviation", []int{1, 2}, []uint8{0, 16}, floats(1, 2), "scale=1/16,mean=0.5,std=0.25", []float64{-2, 2}},
		{"a mean per channel", []int{1, 1, 2, 3}, []uint8{1, 2, 3, 4, 5, 6}, floats(1, 1, 2, 3), "mean=1:2:3", []float64{0, 0, 0, 3, 3, 3}},
		{"channels last to first", []int{1, 1, 2, 3}, []uint8{1, 2, 3, 4, 5, 6}, floats(1, 3, 1, 2), "scale=1,layout=nhwc", []float64{1, 4, 2, 5, 3, 6}},
		{"channels first to last", []int{1, 3, 1, 2}, []uint8{1, 4, 2, 5, 3, 6}, floats(1, 1, 2, 3), "scale=1,layout=nchw", []float64{1, 2, 3, 4, 5, 6}},
		{"grey", []int{1, 1, 2, 3}, []uint8{10, 10, 10, 200, 100, 50}, floats(1, 1, 2, 1), "scale=1,grey,layout=nhwc", []float64{10, 124}},
	} {
		var pre *Preprocess
		if c.pre != "" {
			pre = mustParse(t, c.pre)
		}
		set, err := ReadSet(write(t, c.shape, c.data...), c.want, pre)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := set.Samples[len(set.Samples)-1][0]
		if !slices.EqualFunc(got.Float64s(), c.out, func(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }) || !set.Bytes {
			t.Errorf("%s: %v, want %v", c.name, got.Float64s(), c.out)
		}
	}
}

func TestReadSetErrors(t *testing.T) {
	two := []ir.Type{{DType: tensor.Float32, Shape: []int{1, 2}}, {DType: tensor.Float32, Shape: []int{1}}}
	empty := t.TempDir()
	for name, c := range map[string]struct {
		path   string
		inputs []ir.Type
		want   string
	}{
		"wrong size": {write(t, []int{3}, 1, 2, 3), two[:1], "is not a number of samples"},
		"two inputs": {write(t, []int{2}, 1, 2), two, "expected a folder with test_data_set_N"},
		"empty":      {empty, two[:1], "no samples"},
		"not there":  {filepath.Join(empty, "x"), two[:1], "no such file"},
	} {
		if _, err := ReadSet(c.path, c.inputs, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"scale=", "scale=1/0", "std=0", "mean=a", "layout=chw", "gray", "scale=inf"} {
		if _, err := ParsePreprocess(text); err == nil {
			t.Errorf("%q was understood", text)
		}
	}
}

// TestParams checks when raw bytes can be the integers of the input.
func TestParams(t *testing.T) {
	if p := mustParse(t, "scale=1/255,mean=0.5019608,std=0.5").Params(); p == nil || p.Zero != 128 || p.Scale < 0.00784 || p.Scale > 0.00785 {
		t.Errorf("%+v", p)
	}
	for _, text := range []string{"mean=0.1:0.2:0.3", "scale=1/255,mean=0.5", "scale=1/255,mean=-1"} {
		if p := mustParse(t, text).Params(); p != nil {
			t.Errorf("%s: %+v", text, p)
		}
	}
}
