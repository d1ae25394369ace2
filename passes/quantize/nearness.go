package quantize

import (
	"math"

	"github.com/deepgo/deepgo/ir/tensor"
)

// Nearness sums up how near values are to those of a reference.
type Nearness struct{ signal, noise, dot, other float64 }

// Add compares two tensors of one shape.
func (n *Nearness) Add(want, got *tensor.Tensor) {
	if want.DType == tensor.Float32 && got.DType == tensor.Float32 {
		b := tensor.Data[float32](got)
		for i, v := range tensor.Data[float32](want) {
			n.add(float64(v), float64(b[i]))
		}
		return
	}
	for i := range want.Len() {
		n.add(want.F64(i), got.F64(i))
	}
}

func (n *Nearness) add(a, b float64) {
	n.signal += a * a
	n.noise += (a - b) * (a - b)
	n.dot += a * b
	n.other += b * b
}

// Plus is both sums together.
func (n Nearness) Plus(m Nearness) Nearness {
	return Nearness{n.signal + m.signal, n.noise + m.noise, n.dot + m.dot, n.other + m.other}
}

// Heard reports whether there was a signal.
func (n *Nearness) Heard() bool { return n != nil && n.signal > 0 }

// SNR is the ratio of signal to noise power in dB, at most 200.
func (n Nearness) SNR() float64 { return Decibels(n.signal, n.noise) }

// Cosine is that of the angle between both.
func (n Nearness) Cosine() float64 {
	return n.dot / math.Sqrt(math.Max(n.signal*n.other, 1e-300))
}

// Decibels is the ratio of signal to noise power in dB, at most 200.
func Decibels(signal, noise float64) float64 {
	const most = 200
	if noise <= 0 || signal <= 0 {
		return most
	}
	return math.Min(10*math.Log10(signal/noise), most)
}
