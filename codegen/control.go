package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// Local variables of a loop: the iteration, an element, whether it goes on, and what the body says of that.
type locals struct{ iteration, element, going, next string }

// hasBodies reports whether n has sub-graphs.
func hasBodies(n *ir.Node) bool {
	return slices.ContainsFunc(n.Attrs.Keys(), func(key string) bool { return n.Attrs.Graph(key) != nil })
}

// addControl turns a node with sub-graphs into a call of statements around functions made of those.
func (m *model) addControl(index int, n *ir.Node) error {
	c := call{index: index, node: n, function: &instance{kernel: &kernel{name: n.Op}}}
	for _, key := range n.Attrs.Keys() {
		g := n.Attrs.Graph(key)
		if g == nil {
			continue
		}
		body, err := m.addBody(g)
		if err != nil {
			return err
		}
		if c.bodies == nil {
			c.bodies = map[string]*model{}
		}
		c.bodies[key], c.function.name = body, body.function
		for _, inner := range body.calls {
			c.consts = append(c.consts, inner.consts...)
		}
	}
	for _, v := range append(n.Inputs[:len(n.Inputs):len(n.Inputs)], n.Outputs...) {
		arg, err := m.pointer(&c, v)
		if err != nil {
			return err
		}
		c.args = append(c.args, arg)
	}
	m.calls = append(m.calls, c)
	return nil
}

// addBody makes a function of a sub-graph. It shares kernels and constants with the model.
func (m *model) addBody(g *ir.Graph) (*model, error) {
	b := &model{root: m.root, g: g, mem: g.Memory, target: m.target, name: m.name, macro: m.macro, port: map[*ir.Value]*port{}}
	b.namePorts()
	if err := b.addNodes(); err != nil {
		return nil, err
	}
	m.root.bodies = append(m.root.bodies, b)
	b.function = fmt.Sprintf("%s_body_%d", m.name, len(m.root.bodies))
	return b, nil
}

// printBody prints the function of a sub-graph.
func (m *model) printBody(w *cw.Writer) {
	var params []string
	if m.usesArena() {
		params = bytePointers(m.localNames())
	}
	for _, p := range m.ports() {
		params = append(params, p.declaration())
	}
	w.Comment(fmt.Sprintf("%s is sub-graph %q.", m.function, m.g.Name))
	w.Func("static void "+m.function, params)
	used := map[string]bool{}
	for _, c := range m.calls {
		for name := range identsIn(strings.Join(c.args, " ")) {
			used[name] = true
		}
	}
	for _, p := range m.ports() {
		if !used[p.name] {
			w.Line("(void)%s;", p.name)
		}
	}
	m.printCalls(w)
	w.Close("")
	w.Blank()
}

// printBodyCall prints the call of a sub-graph's function with these inputs and outputs.
func (m *model) printBodyCall(w *cw.Writer, c call, key string, args []string) {
	body := c.bodies[key]
	if body.usesArena() {
		args = append([]string{m.inArena(m.mem.Scratch[c.node])}, args...)
	}
	w.List(body.function+"(", args, ");")
}

// printControl prints the statements of a branch or a loop.
func (m *model) printControl(w *cw.Writer, c call) {
	if c.node.Op == "loop" {
		m.printLoop(w, c)
		return
	}
	w.Begin(fmt.Sprintf("if (%s[0] != 0) {", grouped(c.args[0])))
	m.printBodyCall(w, c, "then_branch", c.args[1:])
	w.Else()
	m.printBodyCall(w, c, "else_branch", c.args[1:])
	w.Close("")
}

func (m *model) printLoop(w *cw.Writer, c call) {
	n, a, v := c.node, c.node.Attrs, m.locals
	parts := ir.LoopOf(n)
	told := a.Int("told")
	y := c.args[len(n.Inputs):]
	var while []string
	if most := a.ExtentOf("most"); most.Varies() {
		while = append(while, fmt.Sprintf("%s < %s", v.iteration, m.length(most)))
	} else if most.Max >= 0 {
		while = append(while, fmt.Sprintf("%s < %s", v.iteration, cw.Int(int64(most.Max))))
	}
	for _, i := range parts.Count {
		while = append(while, fmt.Sprintf("%s < %s[0]", v.iteration, grouped(c.args[i])))
	}
	w.Begin("{")
	if a.Bool("tally") {
		y = y[:len(y)-1]
		for k := len(parts.Vars); k < len(y); k++ {
			m.printClear(w, y[k], n.Outputs[k].Type.Extent())
		}
		w.Line("%s[0] = 0;", grouped(c.args[len(c.args)-1]))
	}
	for k, i := range parts.Vars {
		m.printCopy(w, y[k], c.args[i], n.Outputs[k].Type.Extent())
	}
	boolean := "uint8_t"
	if told > 0 {
		begins := "1"
		for _, i := range parts.Asked {
			begins = grouped(c.args[i]) + "[0]"
		}
		boolean = a.Graph("body").Outputs[0].Type.DType.C()
		w.Line("%s %s = %s;", boolean, v.going, begins)
		while = append(while, v.going+" != 0")
	}
	w.Begin(fmt.Sprintf("for (int64_t %[1]s = 0; %[2]s; %[1]s++) {", v.iteration, strings.Join(while, " && ")))
	if told > 0 {
		w.Line("%s %s;", boolean, v.next)
	}
	next := m.printIteration(w, c, parts, y)
	for k := range parts.Vars {
		m.printCopy(w, y[k], next[k], n.Outputs[k].Type.Extent())
	}
	if told > 0 {
		w.Line("%s = %s;", v.going, v.next)
	}
	if a.Bool("tally") {
		w.Line("%s[0]++;", grouped(c.args[len(c.args)-1]))
	}
	w.Close("")
	w.Close("")
}

// printIteration prints the call of the body, and returns where it puts the variables.
func (m *model) printIteration(w *cw.Writer, c call, parts ir.Loop, y []string) (next []string) {
	n, a, v := c.node, c.node.Attrs, m.locals
	last := a.ExtentOf("most").Plus(ir.Fixed(-1))
	row := func(base string, len int, turned bool) string {
		at := "(dg_idx)" + v.iteration
		if turned {
			at = fmt.Sprintf("(%s - %s)", m.index(last), at)
		}
		return fmt.Sprintf("%s + %s * %d", base, at, len)
	}
	turned := func(key string, i int) bool {
		list := a.Ints(key)
		return i < len(list) && list[i] != 0
	}
	var args []string
	if a.Bool("told") {
		args = append(args, "&"+v.iteration, "&"+v.going)
	}
	args = append(args, y[:len(parts.Vars)]...)
	for k, i := range parts.Scans {
		args = append(args, row(c.args[i], sizeOfRow(n.Inputs[i]), turned("turn_in", k)))
	}
	for _, i := range parts.Captures {
		args = append(args, c.args[i])
	}
	if a.Bool("told") {
		args = append(args, "&"+v.next)
	}
	for k := range parts.Vars {
		at := m.arenaAddress(m.mem.Scratch[n]+a.Ints("next")[k], n.Outputs[k].Type.DType)
		next = append(next, at)
		args = append(args, at)
	}
	for k, i := len(parts.Vars), 0; k < len(y); k, i = k+1, i+1 {
		args = append(args, row(y[k], sizeOfRow(n.Outputs[k]), turned("turn_out", i)))
	}
	m.printBodyCall(w, c, "body", args)
	return next
}

// sizeOfRow is how many elements one index of axis 0 has.
func sizeOfRow(v *ir.Value) int {
	size := 1
	for _, d := range v.Type.Shape[1:] {
		size *= d
	}
	return size
}

// printCopy copies n elements.
func (m *model) printCopy(w *cw.Writer, to, from string, n ir.Extent) {
	if n.Max == 0 {
		return
	}
	w.Begin(fmt.Sprintf("for (dg_idx %[1]s = 0; %[1]s < %[2]s; %[1]s++) {", m.locals.element, m.length(n)))
	w.Line("%s[%s] = %s[%s];", grouped(to), m.locals.element, grouped(from), m.locals.element)
	w.Close("")
}

// printClear sets n elements to 0.
func (m *model) printClear(w *cw.Writer, at string, n ir.Extent) {
	if n.Max == 0 {
		return
	}
	w.Begin(fmt.Sprintf("for (dg_idx %[1]s = 0; %[1]s < %[2]s; %[1]s++) {", m.locals.element, m.length(n)))
	w.Line("%s[%s] = 0;", grouped(at), m.locals.element)
	w.Close("")
}

// grouped puts a pointer in brackets, unless it is a name.
func grouped(pointer string) string {
	if strings.ContainsAny(pointer, " (") {
		return "(" + pointer + ")"
	}
	return pointer
}

// withBodies calls f for a graph and all graphs inside it.
func withBodies(g *ir.Graph, mem *ir.Memory, f func(*ir.Graph, *ir.Memory)) {
	f(g, mem)
	for _, n := range g.Nodes {
		for _, key := range n.Attrs.Keys() {
			if b := n.Attrs.Graph(key); b != nil {
				withBodies(b, b.Memory, f)
			}
		}
	}
}
