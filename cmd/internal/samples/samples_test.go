package samples

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

func TestNPYRoundTrip(t *testing.T) {
	for d := tensor.Float32; d <= tensor.Bool; d++ {
		if d.IsFloat() && d.Size() < 4 || d.Bits() < 8 && d != tensor.Bool {
			continue
		}
		x := Random([]ir.Type{{DType: d, Shape: []int{2, 1, 3}}}, 7)[0]
		var b bytes.Buffer
		if err := EncodeNPY(&b, x); err != nil {
			t.Fatalf("%s: %v", d, err)
		}
		y, err := DecodeNPY(b.Bytes())
		if err != nil || !tensor.Equal(x, y) {
			t.Errorf("%s: %v %v, %v", d, x, y, err)
		}
		if _, err := DecodeNPY(b.Bytes()[:b.Len()-1]); err == nil {
			t.Errorf("%s: a truncated file was read", d)
		}
	}
}

func TestNPYShapeBeyondFile(t *testing.T) {
	var b bytes.Buffer
	if err := EncodeNPY(&b, tensor.New(tensor.Int8, 4)); err != nil {
		t.Fatal(err)
	}
	huge := bytes.Replace(b.Bytes(), []byte("(4,), }   "), []byte("(9999,), }"), 1)
	if _, err := DecodeNPY(huge); err == nil {
		t.Error("a shape larger than the file was read")
	}
}

func TestImageLayouts(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 4, 2))
	img.Set(3, 1, color.RGBA{R: 255, G: 51, A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		shape []int
		at    int
		want  float64
	}{
		{[]int{1, 2, 4, 3}, 7*3 + 1, float64(float32(51) / 255)},
		{[]int{1, 3, 2, 4}, 8 + 7, float64(float32(51) / 255)},
		{[]int{2, 4, 3}, 7 * 3, 1},
		{[]int{1, 2, 4, 1}, 7, float64(float32(106) / 255)},
	} {
		x, err := DecodeImage(b.Bytes(), ir.Type{DType: tensor.Float32, Shape: c.shape})
		if err != nil {
			t.Fatal(err)
		}
		if got := x.F64(c.at); got != c.want {
			t.Errorf("%v: element %d is %g, want %g", c.shape, c.at, got, c.want)
		}
	}
	if _, err := DecodeImage(b.Bytes(), ir.Type{DType: tensor.Float32, Shape: []int{1, 3, 3, 1}}); err == nil {
		t.Error("a 4x2 image passed for a 3x3 input")
	}
}

func TestReadText(t *testing.T) {
	want := ir.Type{DType: tensor.Int8, Shape: []int{2, 2}}
	file := filepath.Join(t.TempDir(), "x.txt")
	for text, msg := range map[string]string{
		"1, 2\n3 -4": "", "1 2 3": "3 elements", "1 2 3 x": `"x" is not a number`, "1 2 3 4.5": "not an integer",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := Read(file, want)
		switch {
		case msg == "" && (err != nil || x.I64(3) != -4):
			t.Errorf("%q: %v, %v", text, x, err)
		case msg != "" && (err == nil || !strings.Contains(err.Error(), msg)):
			t.Errorf("%q: error %v, want %q", text, err, msg)
		}
	}
}
