package passes

import (
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/op"
)

// packForBlocks packs the weights of an integer product for processors that sum 16 products at once.
//
//	%y = conv2d_s8(%x, %w, %b, %m, %s) {G=1, TIES=0, WT="int8_t", …}  =>  %y = conv2d_block_s8(%x, %w.blocks) {DIRECT=1, FAST=1, G=1, TILE=2, …}
func packForBlocks(r *rewriter, n *ir.Node) bool {
	switch n.Op {
	case "conv2d_s8":
		return packBlocks(r, n, n.Attrs.Clone())
	case "dwconv2d_s8":
		return packWoven(r, n)
	case "fc_s8":
		return packBlocks(r, n, asConvolution(n.Attrs.Clone()))
	}
	return false
}

// packBlocks packs the weights of a convolution or a fully connected layer, whose constants are a.
func packBlocks(r *rewriter, n *ir.Node, a ir.Attrs) bool {
	in := n.Inputs
	blocks, fast, ok := op.Blocks(a, max(a.Int("G"), 1), in[1].Const, in[2].Const, in[3].Const, in[4].Const)
	if !ok {
		return false
	}
	delete(a, "TIES")
	delete(a, "WT")
	a["FAST"] = truth(fast)
	kernel := "fc_block_s8"
	if a.Has("KH") {
		kernel = "conv2d_block_s8"
		pixels, scratch := op.BlockTile(a)
		a["TILE"], a["DIRECT"], a["scratch"] = int64(pixels), truth(op.BlockDirect(a)), int64(scratch)
		if op.BlockDirect(a) {
			a["scratch"] = int64(8)
		}
	} else {
		delete(a, "XZ") // it is 0, as it is in the bias
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, kernel, a, y.Type, n.From, in[0], r.g.NewConst(in[1].Name+".blocks", blocks)))
	return true
}

// packWoven packs the weights of a depthwise convolution.
func packWoven(r *rewriter, n *ir.Node) bool {
	in, a := n.Inputs, n.Attrs.Clone()
	k := op.NewWovenKernel(a)
	blocks, ok := k.Pack(a, in[1].Const, in[2].Const, in[3].Const, in[4].Const)
	if !ok {
		return false
	}
	pixels, scratch := k.Strip(a)
	a["C"], a["COLUMNS"], a["STRIP"], a["scratch"] = a["OC"], truth(k.Columns), int64(pixels), int64(scratch)
	for _, name := range []string{"IC", "OC", "TIES", "WT", "XT"} {
		delete(a, name)
	}
	y := n.Outputs[0]
	r.supersede(y, r.emit(y.Name, "dwconv2d_block_s8", a, y.Type, n.From, in[0], r.g.NewConst(in[1].Name+".blocks", blocks)))
	return true
}
