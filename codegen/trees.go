package codegen

import (
	"fmt"
	"maps"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// treeFunction is what a treecode node's kernel calls: its trees as nested ifs.
type treeFunction struct {
	name, ctype                                            string
	roots, feature, threshold, jump, start, target, weight *tensor.Tensor
	per                                                    int
	dense                                                  bool
}

// treeCode returns a treecode node's attributes with the name of its function.
func (m *model) treeCode(n *ir.Node) ir.Attrs {
	a := n.Attrs
	f := &treeFunction{fmt.Sprintf("%s_forest_%d", m.name, len(m.root.trees)+1), a.String("T"), a.Tensor("roots"), a.Tensor("feature"), a.Tensor("threshold"),
		a.Tensor("jump"), a.Tensor("start"), a.Tensor("target"), a.Tensor("weight"), a.Int("per"), a.Bool("dense")}
	m.root.trees = append(m.root.trees, f)
	a = maps.Clone(a)
	a["ADD(x, y)"] = f.name + "(x, y)"
	return a
}

// print prints the function: a row of features comes in, what every tree's leaf says is added to y.
func (f *treeFunction) print(w *cw.Writer) {
	w.Func("static void "+f.name, []string{"const " + f.ctype + " *x", f.ctype + " *y"})
	for _, r := range f.roots.Int64s() {
		f.printNode(w, int(r))
	}
	w.Close("")
	w.Blank()
}

// Flags of a node's feature, as package op lays them out.
const (
	unequalFlag = 1 << 14 // go on where the feature is not equal to the threshold, instead of where it is less or equal
	missingFlag = 1 << 13 // NaN goes the other way than the comparison says
)

func (f *treeFunction) printNode(w *cw.Writer, i int) {
	feature := f.feature.I64(i)
	if feature < 0 {
		f.printLeaf(w, int(f.jump.I64(i)))
		return
	}
	x, limit := fmt.Sprintf("x[%d]", feature&(missingFlag-1)), string(elements(f.threshold)(nil, i))
	condition := x + " <= " + limit
	switch feature &^ (missingFlag - 1) {
	case missingFlag:
		condition = "!(" + x + " > " + limit + ")"
	case unequalFlag:
		condition = x + " != " + limit
	case unequalFlag | missingFlag:
		condition = x + " < " + limit + " || " + x + " > " + limit
	}
	w.Begin("if (" + condition + ") {")
	f.printNode(w, i+1)
	w.Else()
	f.printNode(w, int(f.jump.I64(i)))
	w.Close("")
}

func (f *treeFunction) printLeaf(w *cw.Writer, leaf int) {
	from, to := leaf*f.per, (leaf+1)*f.per
	if f.per == 0 {
		from, to = int(f.start.I64(leaf)), int(f.start.I64(leaf+1))
	}
	for e := from; e < to; e++ {
		target := int64(e - from)
		if !f.dense {
			target = f.target.I64(e)
		}
		if f.weight.F64(e) != 0 {
			w.Line("y[%d] += %s;", target, elements(f.weight)(nil, e))
		}
	}
}
