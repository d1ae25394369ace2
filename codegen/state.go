package codegen

import (
	"fmt"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
)

// stateBytes is what the model keeps between runs.
func (m *model) stateBytes() int {
	sum := 0
	for _, s := range m.g.States {
		sum += m.g.Inputs[s.Input].Type.Bytes()
	}
	return sum
}

// keeps says what is left of a run, for the comment about NAME_run.
func (m *model) keeps() string {
	if len(m.g.States) > 0 {
		return "It keeps the model's state, and must not run in two threads at once."
	}
	return "It keeps nothing between calls, and may run in several threads at once, each with an arena of its own."
}

// printReset declares NAME_reset.
func (m *model) printReset(w *cw.Writer) {
	if len(m.g.States) == 0 {
		return
	}
	lines := []string{m.name + "_reset makes the state zeros, as it is in the beginning. The state is"}
	for _, s := range m.g.States {
		in := m.g.Inputs[s.Input]
		lines = append(lines, fmt.Sprintf("  %q of one run as %q of the next: %s", m.g.Outputs[s.Output].Name, in.Name, ir.Type{DType: in.Type.DType, Shape: in.Type.Shape}))
	}
	w.Comment(lines...)
	w.Line("void %s_reset(void);", m.name)
	w.Blank()
}

// printStates defines what is kept between runs, and NAME_reset.
func (m *model) printStates(w *cw.Writer) {
	if len(m.g.States) == 0 {
		return
	}
	for _, s := range m.g.States {
		v := m.g.Inputs[s.Input]
		w.Line("static %s %s[%d];", v.Type.DType.C(), m.port[v].name, max(v.Type.Len(), 1))
	}
	w.Blank()
	w.Func("void "+m.name+"_reset", []string{"void"})
	for _, s := range m.g.States {
		v := m.g.Inputs[s.Input]
		m.printSet(w, v, "0")
	}
	w.Close("")
	w.Blank()
}

// printStateUpdates makes what the run computed the state of the next. Nothing that is read here is state itself.
func (m *model) printStateUpdates(w *cw.Writer) {
	for _, s := range m.g.States {
		in, out := m.g.Inputs[s.Input], m.g.Outputs[s.Output]
		from, err := m.address(out)
		if err != nil {
			ir.Bugf("%v", err)
		}
		w.Blank()
		w.Comment(fmt.Sprintf("%q is %q of the next run", out.Name, in.Name))
		m.printSet(w, in, fmt.Sprintf("%s[%s]", grouped(from), m.locals.element))
	}
}

// printSet sets every element of a state.
func (m *model) printSet(w *cw.Writer, v *ir.Value, to string) {
	if v.Type.Len() == 0 {
		return
	}
	w.Begin(fmt.Sprintf("for (dg_idx %[1]s = 0; %[1]s < %[2]d; %[1]s++) {", m.locals.element, v.Type.Len()))
	w.Line("%s[%s] = %s;", m.port[v].name, m.locals.element, to)
	w.Close("")
}
