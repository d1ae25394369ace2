package deepgo

import (
	"embed"
	"image"
	_ "image/png" // the pictures' format
	"strings"

	"github.com/deepgo/deepgo/ir/tensor"
)

//go:embed testdata/captcha/model.onnx testdata/captcha/*.png
var captchaFiles embed.FS

const captchaAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// DemoModel returns the captcha reader that deepgo carries: a 50x200 grey picture in, five characters out.
func DemoModel() (*Model, error) {
	data, err := captchaFiles.ReadFile("testdata/captcha/model.onnx")
	if err != nil {
		return nil, err
	}
	return Decode("captcha.onnx", data, LoadOptions{})
}

// DemoPicture returns the PNG that the demo reads where the user gives none.
func DemoPicture() ([]byte, error) {
	return captchaFiles.ReadFile("testdata/captcha/captcha_93hy5.png")
}

// DemoText returns the text that the demo model's outputs stand for: per output the most likely character.
func DemoText(outputs []*tensor.Tensor) string {
	var text strings.Builder
	for _, t := range outputs {
		best := 0
		for i := range t.Len() {
			if t.F64(i) > t.F64(best) {
				best = i
			}
		}
		text.WriteByte(captchaAlphabet[best])
	}
	return text.String()
}

// Braille draws a picture's dark parts with Unicode braille patterns, 2x4 dots a character, at most columns wide.
func Braille(img image.Image, columns int) string {
	b := img.Bounds()
	dots := min(b.Dx(), 2*columns)
	rows := b.Dy() * dots / b.Dx()
	dark := func(x, y int) bool {
		if x >= dots || y >= rows {
			return false
		}
		r, g, bl, _ := img.At(b.Min.X+x*b.Dx()/dots, b.Min.Y+y*b.Dy()/rows).RGBA()
		return r+g+bl < 3*0x8000
	}
	var out strings.Builder
	for y := 0; y < rows; y += 4 {
		for x := 0; x < dots; x += 2 {
			out.WriteRune(brailleCell(func(dx, dy int) bool { return dark(x+dx, y+dy) }))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// brailleCell returns the character whose dots are set: Unicode numbers the upper six down the columns, then the last row.
func brailleCell(set func(x, y int) bool) rune {
	bits := [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	cell := rune(0x2800)
	for y := range 4 {
		for x := range 2 {
			if set(x, y) {
				cell |= bits[y][x]
			}
		}
	}
	return cell
}
