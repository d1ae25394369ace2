package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
	"github.com/deepgo/deepgo/ir/tensor"
)

// vectors reports whether kernels may work in vectors of the compiler's.
func (c *Config) vectors() bool { return c.Target != nil && slices.Contains(c.Target.ISA, "vec") }

// packVectors packs weights for kernels that work in vectors.
//
//	%y = conv2d_f32(%x, %w, %b) {G=1, …}  =>  %y = conv2d_vec_f32(%x, %panels) {G=1, scratch=2304, …}
func packVectors(g *ir.Graph, c *Config) int {
	return rewrite(g, func(r *rewriter, n *ir.Node) bool {
		if !rowsAlone(n) {
			return false
		}
		switch n.Op {
		case "conv2d_f32":
			return !c.streaming() && packWino(r, n) || packVecF32(r, n, n.Attrs.Clone())
		case "fc_f32":
			return packVecF32(r, n, rowsAsPixels(n.Attrs.Clone()))
		case "conv2d_s8":
			return packVecS8(r, n, n.Attrs.Clone())
		case "fc_s8":
			return packVecS8(r, n, rowsAsPixels(n.Attrs.Clone()))
		}
		return false
	})
}

// rowsAsPixels makes a fully connected layer a convolution whose pixels are the rows, or whose images are where their number is told in each
// run.
func rowsAsPixels(a ir.Attrs) ir.Attrs {
	m, k, no := a.Int("M"), a.Int("K"), a.Int("NO")
	rows := a.ExtentOf("M")
	for _, name := range []string{"M", "K", "NO"} {
		delete(a, name)
	}
	for name, v := range map[string]int{"N": 1, "IH": 1, "OH": 1, "IW": m, "OW": m, "IC": k, "OC": no, "G": 1,
		"KH": 1, "KW": 1, "SH": 1, "SW": 1, "DH": 1, "DW": 1, "PT": 0, "PL": 0} {
		a[name] = int64(v)
	}
	if rows.Varies() {
		a["N"], a["IW"], a["OW"] = rows, int64(1), int64(1)
	}
	return a
}

// worthVectors reports whether a group has so many output channels that vectors of them pay.
func worthVectors(a ir.Attrs) bool {
	const few = 4
	return a.Int("G") == 1 || a.Int("OC")/a.Int("G") >= few
}

// packVecF32 packs the weights of a convolution with constants a.
func packVecF32(r *rewriter, n *ir.Node, a ir.Attrs) bool {
	if !worthVectors(a) {
		return false
	}
	in, y := n.Inputs, n.Outputs[0]
	a["scratch"] = int64(op.VecScratch(a, 4))
	panels := r.g.NewConst(in[1].Name+".panels", op.PackVecF32(in[1].Const, in[2].Const, a.Int("G")))
	r.supersede(y, r.emit(y.Name, "conv2d_vec_f32", a, y.Type, n.From, in[0], panels))
	return true
}

// packVecS8 does so for one of 8-bit values.
func packVecS8(r *rewriter, n *ir.Node, a ir.Attrs) bool {
	in, y := n.Inputs, n.Outputs[0]
	if !worthVectors(a) || in[1].Const.DType != tensor.Int8 {
		return false
	}
	packed := op.PackVecS8(in[1].Const, in[2].Const, in[3].Const, in[4].Const, a.Int("G"))
	delete(a, "WT")
	a["scratch"], a["FULL"] = int64(op.VecScratch(a, 1)), truth(packed.Full)
	r.supersede(y, r.emit(y.Name, "conv2d_vec_s8", a, y.Type, n.From, in[0],
		r.g.NewConst(in[1].Name+".panels", packed.Weights), r.g.NewConst(in[2].Name+".channels", packed.Channels)))
	return true
}

// packWino chooses Winograd's way for a convolution of 3x3 taps that has channels enough to pay for the transforms. The kernel computes two rows
// of the output at a time.
//
//	%y = conv2d_f32(%x, %w, %b) {KH=3, KW=3, …}  =>  %y = conv2d_wino_f32(%x, %panels) {window=ints[32, 16, 4, 2, 1, 1, 1], …}
func packWino(r *rewriter, n *ir.Node) bool {
	const enough = 16
	a := n.Attrs.Clone()
	if a.Int("KH") != 3 || a.Int("KW") != 3 || a.Int("IC") < enough || a.Int("OC") < enough || a.Int("OH")%2 != 0 || a.Int("OH")*a.Int("OW") < 2*enough {
		return false
	}
	for _, name := range []string{"G", "SH", "SW", "DH", "DW"} {
		if a.Int(name) != 1 {
			return false
		}
	}
	for _, name := range []string{"KH", "KW", "G", "SH", "SW", "DH", "DW"} {
		delete(a, name)
	}
	in, y := n.Inputs, n.Outputs[0]
	a["scratch"] = int64(op.WinoScratch(a))
	ir.Window{In: a.Int("IH"), Out: a.Int("OH") / 2, Kernel: 4, Stride: 2, Dilation: 1, Pad: a.Int("PT"), Fold: 1}.SetWindow(a)
	r.supersede(y, r.emit(y.Name, "conv2d_wino_f32", a, y.Type, n.From, in[0], r.g.NewConst(in[1].Name+".panels", op.PackWino(in[1].Const, in[2].Const))))
	return true
}
