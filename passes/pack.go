// pack puts kernels that a processor has instructions for in the place of plain ones, with their weights in the order in which they
// read them.
//
//	%y = conv2d_s8(%x, %w, %b, %m, %s) {G=1, TIES=0, WT="int8_t", …}  =>  %y = conv2d_quad_s8(%x, %quads) {FAST=1, scratch=288, …}

package passes

import (
	"slices"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

func pack(g *ir.Graph, c *Config) (int, error) {
	if c.Target == nil {
		return 0, nil
	}
	if c.vectors() {
		return packVectors(g, c), nil
	}
	has := func(word string) bool { return slices.Contains(c.Target.ISA, word) }
	if !has("quad") && !has("four") && !has("block") && !has("fpu") {
		return 0, nil
	}
	wino := map[*ir.Node]bool{}
	if has("quad") {
		wino = winograds(g, c)
	}
	return rewrite(g, func(r *rewriter, n *ir.Node) bool {
		switch {
		case !rowsAlone(n):
			return false
		case strings.HasSuffix(n.Op, "_f32"):
			return has("fpu") && packFPU(r, n)
		case has("block"):
			return packForBlocks(r, n)
		case n.Op == "dwconv2d_s8":
			return planes(r, n)
		case has("four"):
			return packFours(r, n, 2+2*int(truth(has("wide"))))
		case n.Op == "conv2d_s8" && n.Attrs.Int("G") == 1:
			return wino[n] && packWinoS8(r, n) || packQuads(r, n, n.Attrs.Clone())
		case n.Op == "fc_s8":
			return packQuads(r, n, asConvolution(n.Attrs.Clone()))
		}
		return false
	}), nil
}

// rowsAlone reports whether the number of rows of a product, or of images, is all that may differ from run to run: such kernels go by
// constants in all else.
func rowsAlone(n *ir.Node) bool {
	for key, a := range n.Attrs {
		if _, varies := a.(ir.Extent); varies && key != "N" && !(key == "M" && strings.HasPrefix(n.Op, "fc_")) {
			return false
		}
	}
	return true
}

// asConvolution makes a fully connected layer of more than one row a convolution whose pixels are the rows.
func asConvolution(a ir.Attrs) ir.Attrs {
	if a.Int("M") == 1 {
		delete(a, "M")
		return a
	}
	return rowsAsPixels(a)
}

// packQuads packs the weights of a convolution or a fully connected layer, whose constants are a, for four output channels at a time.
func packQuads(r *rewriter, n *ir.Node, a ir.Attrs) bool {
	in := n.Inputs
	quads, fast, ok := op.Quads(a, in[1].Const, in[2].Const, in[3].Const, in[4].Const)
	if !ok {
		return false
	}
	for _, name := range []string{"G", "TIES", "WT"} {
		delete(a, name)
	}
	a["FAST"], a["YW"], a["YL"], a["YP"] = truth(fast), int64(0), int64(0), int64(0)
	kernel := "conv2d_quad_s8"
	if a.Has("KH") {
		a["scratch"] = int64(op.QuadScratch(a))
	} else {
		kernel = "fc_quad_s8"
		for _, name := range []string{"XZ", "YW", "YL", "YP"} { // XZ is 0, as it is in the bias
			delete(a, name)
		}
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, kernel, a, y.Type, n.From, in[0], r.g.NewConst(in[1].Name+".quads", quads)))
	return true
}

// planes lets a convolution that a depthwise one alone reads write planes, which that computes four pixels at a time of.
//
//	%a: i8[1,24,24,16] = conv2d_quad_s8(%x, %q)             %a: i8[1,24,401] = conv2d_quad_s8(%x, %q) {YL=1, YP=-128, YW=25, …}
//	%y: i8[1,24,24,16] = dwconv2d_s8(%a, %w, %b, %m, %s) => %y: i8[1,24,24,16] = dwconv2d_planes_s8(%a, %p) {XW=25, …}
func planes(r *rewriter, n *ir.Node) bool {
	x, a := n.Inputs[0], n.Attrs
	conv := x.Def
	if conv == nil || !conv.Attrs.Has("YW") || r.only(x) != n || conv.Attrs.Int("OC")%4 != 0 || a.Int("N") != 1 || len(x.Type.Shape) != 4 {
		return false
	}
	if x.Type.Shape[1] != a.Int("IH") || x.Type.Shape[2] != a.Int("IW") || x.Type.Shape[3] != a.Int("IC") {
		return false
	}
	if a.Int("OW") < 3 || a.Int("KW") < 2 {
		return false // neighbours are what planes are for
	}
	in := n.Inputs
	packed, ok := op.Planes(a, in[1].Const, in[2].Const, in[3].Const, in[4].Const)
	if !ok {
		return false
	}
	width, row, beyond := op.PlaneSize(a)
	wide := conv.Attrs.Clone()
	wide["YW"], wide["YL"], wide["YP"] = int64(width), a["PL"], a["XZ"]
	t := ir.Type{DType: x.Type.DType, Shape: []int{1, a.Int("IH"), row}, Quant: x.Type.Quant}
	from := r.emit(x.Name+".planes", conv.Op, wide, t, conv.From, conv.Inputs...)
	attrs := ir.Attrs{"XR": int64(width + a.Int("PL") + beyond), "XW": int64(width), "C": a["OC"], "KQ": int64((a.Int("KW") + 3) / 4), "XP": a["XZ"], "scratch": int64(width + a.Int("PL") + beyond), "beyond": int64(beyond)}
	for _, name := range strings.Fields("N IH OH OW KH KW SH SW DH PT YZ QMIN QMAX XT YT") {
		attrs[name] = a[name]
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, "dwconv2d_planes_s8", attrs, y.Type, n.From, from, r.g.NewConst(in[1].Name+".planes", packed)))
	return true
}

// packFours packs the weights of a product for kernels that compute so many pixels by four channels at a time.
func packFours(r *rewriter, n *ir.Node, pixels int) bool {
	a, in := n.Attrs.Clone(), n.Inputs
	switch {
	case n.Op == "conv2d_s8" && a.Int("G") == 1:
	case n.Op == "fc_s8":
		a = asConvolution(a)
	default:
		return false
	}
	w, params, fast, ok := op.Fours(a, in[1].Const, in[2].Const, in[3].Const, in[4].Const)
	if !ok {
		return false
	}
	for _, name := range []string{"G", "TIES", "WT"} {
		delete(a, name)
	}
	a["FAST"] = truth(fast)
	kernel := "fc_four_s8"
	if a.Has("KH") {
		kernel = "conv2d_four_s8"
		a["YW"], a["YL"], a["YP"] = int64(0), int64(0), int64(0)
		a["scratch"] = int64(pixels * a.Int("KH") * a.Int("KW") * a.Int("IC"))
	} else {
		delete(a, "XZ") // 0: it is in the bias
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, kernel, a, y.Type, n.From, in[0], r.g.NewConst(in[1].Name+".fours", w), r.g.NewConst(in[1].Name+".params", params)))
	return true
}

// truth is a condition as a kernel's constant.
func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
