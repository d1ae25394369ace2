package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// external is a function of the user's, which nodes call.
type external struct {
	name, prototype string
	about           []string // a line for each node
}

// addExtern turns a node whose C is the user's into a call: inputs and outputs in the node's order, NULL for one that is absent.
func (m *model) addExtern(index int, n *ir.Node) error {
	name := n.Attrs.String("function")
	c := call{index: index, node: n, function: &instance{name: name, kernel: &kernel{name: name}}}
	var params []string
	for i, v := range n.Inputs {
		arg, param := "NULL", fmt.Sprintf("const void *x%d", i)
		switch {
		case v == nil:
		case v.IsConst() && m.target.FlashSpace != "":
			return &ir.Error{Node: from(n), Op: n.Attrs.String("op"), Msg: fmt.Sprintf("input %d is a constant, which is in flash on %s, where a plain pointer does not reach", i, m.target.Name)}
		default:
			param = fmt.Sprintf("const %s *x%d", v.Type.DType.C(), i)
			k, err := m.pointer(&c, v)
			if err != nil {
				return err
			}
			arg = k
		}
		c.args, params = append(c.args, arg), append(params, param)
	}
	for i, v := range n.Outputs {
		arg, err := m.address(v)
		if err != nil {
			return err
		}
		c.args, params = append(c.args, arg), append(params, fmt.Sprintf("%s *y%d", v.Type.DType.C(), i))
	}
	m.calls = append(m.calls, c)
	return m.addPrototype(n, fmt.Sprintf("void %s(%s);", name, strings.Join(params, ", ")))
}

// pointer returns where a call finds an input.
func (m *model) pointer(c *call, v *ir.Value) (string, error) {
	if !v.IsConst() {
		return m.address(v)
	}
	k := m.root.consts.add(v)
	c.consts = append(c.consts, k)
	return k.name, nil
}

func from(n *ir.Node) string {
	if len(n.From) == 0 {
		return ""
	}
	return n.From[0]
}

func (m *model) addPrototype(n *ir.Node, prototype string) error {
	var in []string
	for _, v := range n.Inputs {
		if v == nil {
			in = append(in, "absent")
			continue
		}
		in = append(in, ir.Type{DType: v.Type.DType, Shape: v.Type.Shape}.String())
	}
	about := fmt.Sprintf("%s %q: %s -> %s", n.Attrs.String("op"), from(n), strings.Join(in, ", "), m.typeList(n.Outputs))
	name := n.Attrs.String("function")
	i := slices.IndexFunc(m.root.externs, func(x *external) bool { return x.name == name })
	if i < 0 {
		m.root.externs = append(m.root.externs, &external{name, prototype, []string{about}})
		return nil
	}
	if m.root.externs[i].prototype != prototype {
		return &ir.Error{Node: from(n), Op: n.Attrs.String("op"), Msg: fmt.Sprintf("the function %s is called with other types elsewhere in the model", name), Hint: fmt.Sprintf("give this node a function of its own: --extern '%s=%s_2'", from(n), name)}
	}
	m.root.externs[i].about = append(m.root.externs[i].about, about)
	return nil
}

// printExterns declares the functions that the user supplies.
func (m *model) printExterns(w *cw.Writer) {
	for _, x := range m.root.externs {
		w.Comment(append([]string{"Yours to supply; the buffers do not overlap. It computes"}, x.about...)...)
		w.Line("%s", x.prototype)
		w.Blank()
	}
}
