// foldpools makes poolings whose windows do not overlap take one row at a time, so that no more than one has to be in memory.
//
//	%y: i8[1,25,100,16] = maxpool2d_s8(%x) {IH=50, KH=2, OH=25, SH=2, …}
//	=>  %y: i8[1,25,100,16] = maxpool2d_fold_s8(%x) {IH=50, KH=2, OH=25, SH=2, window=ints[50, 25, 1, 1, 1, 0, 2], …}

package passes

import (
	"strings"

	"github.com/deepgo/deepgo/ir"
)

func foldPools(g *ir.Graph, c *Config) (int, error) {
	if !c.streaming() {
		return 0, nil
	}
	changed := 0
	for _, n := range g.Nodes {
		if foldPool(n) {
			changed++
		}
	}
	return changed, nil
}

func foldPool(n *ir.Node) bool {
	a := n.Attrs
	kind, apart := strings.CutPrefix(n.Op, "maxpool2d_")
	if !apart {
		kind, apart = strings.CutPrefix(n.Op, "avgpool2d_")
	}
	if !apart || kind != "s8" && kind != "f32" || !rowsApart(a) || a.Int("OH")*a.Int("KH") > a.Int("IH") && !strings.HasPrefix(n.Op, "max") {
		return false
	}
	switch n.Op {
	case "avgpool2d_s8": // its sums take four bytes each
		sums := 4 * a.Int("OW")
		if (a.Int("KH")-1)*a.Int("IW") <= sums {
			return false
		}
		a["scratch"], a["keep"] = int64(sums*a.Int("C")), int64(1)
	case "avgpool2d_f32":
		if a.Int("PL") > 0 || (a.Int("OW")-1)*a.Int("SW")+(a.Int("KW")-1)*a.Int("DW") >= a.Int("IW") {
			return false
		}
		for _, name := range []string{"PAD", "PB", "PR"} {
			delete(a, name)
		}
	}
	n.Op = strings.TrimSuffix(n.Op, kind) + "fold_" + kind
	ir.Window{In: a.Int("IH"), Out: a.Int("OH"), Kernel: 1, Stride: 1, Dilation: 1, Fold: a.Int("KH")}.SetWindow(a)
	return true
}

// rowsApart reports whether each row of the input belongs to one window; the last window may have fewer.
func rowsApart(a ir.Attrs) bool {
	return a.Int("N") == 1 && a.Int("KH") > 1 && (a.Int("SH") == a.Int("KH") || a.Int("OH") == 1) && a.Int("PT") == 0 && a.Int("DH") == 1 &&
		(a.Int("OH")-1)*a.Int("KH") < a.Int("IH")
}
