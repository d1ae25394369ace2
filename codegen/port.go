package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// port is an input or output of the model as the C has it.
type port struct {
	name  string    // parameter of NAME_run
	macro string    // prefix of its macros, such as CAPTCHA_IN_IMAGE
	value *ir.Value // type and name in the model
	input bool
}

func exported(ports []*port) []Port {
	list := make([]Port, len(ports))
	for i, p := range ports {
		list[i] = Port{Name: p.value.Name, Param: p.name, Macro: p.macro, Type: p.value.Type}
	}
	return list
}

// nameLen is where long names are cut.
const nameLen = 40

func cut(id string) string {
	if len(id) > nameLen {
		id = cw.Ident(id[:nameLen])
	}
	return id
}

// namePorts chooses the parameters' names: unique, even in capitals, and none that another name of the files could be.
func (m *model) namePorts() {
	var names cw.Names
	name := func(v *ir.Value) string {
		id := cut(cw.Param(v.Name))
		for _, taken := range []string{m.name, "dg"} {
			if strings.HasPrefix(strings.ToLower(id), strings.ToLower(taken)+"_") {
				id = "v_" + id
			}
		}
		return names.Unique(id)
	}
	for i, v := range m.g.Inputs {
		id := name(v)
		if m.g.IsStateInput(i) {
			m.port[v] = &port{name: m.name + "_state_" + id, value: v}
			continue
		}
		m.inputs = append(m.inputs, &port{name: id, macro: m.macro + "_IN_" + strings.ToUpper(id), value: v, input: true})
	}
	for i, v := range m.g.Outputs {
		if m.g.IsStateOutput(i) {
			continue
		}
		id := name(v)
		m.outputs = append(m.outputs, &port{name: id, macro: m.macro + "_OUT_" + strings.ToUpper(id), value: v})
	}
	for _, p := range m.ports() {
		m.port[p.value] = p
	}
	m.nameDims(func(dim string) string { return name(&ir.Value{Name: dim}) })
	m.nameRegions(&names)
	m.locals = locals{names.Unique("i"), names.Unique("k"), names.Unique("on"), names.Unique("next")}
}

// ports returns the inputs and outputs in the order of NAME_run's parameters.
func (m *model) ports() []*port { return slices.Concat(m.inputs, m.outputs) }

// address returns a pointer to v, which is in the arena or in the caller's buffers.
func (m *model) address(v *ir.Value) (string, error) {
	if v.Type.Len() == 0 && m.port[v] == nil { // nothing is read there
		return "NULL", nil
	}
	place, ok := m.mem.Places[v]
	if !ok {
		return "", fmt.Errorf("value %q has no place", v.Name)
	}
	if place.Of == nil {
		return m.cast(m.inArena(place.Offset)+m.moved(place.Moves), v.Type.DType), nil
	}
	p, ok := m.port[place.Of]
	if !ok {
		return "", fmt.Errorf("value %q is placed in %q, which is not an input or output", v.Name, place.Of.Name)
	}
	if at, ok := place.Moves.Over(ir.Fixed(v.Type.DType.Size())); ok && place.Moves.Varies() && p.value.Type.DType.C() == v.Type.DType.C() && place.Offset == 0 {
		return p.name + m.moved(at), nil
	}
	if place.Moves.Varies() {
		return "", fmt.Errorf("value %q moves in %q, whose elements are others", v.Name, place.Of.Name)
	}
	return p.address(place.Offset, v.Type.DType), nil
}

// moved is what is added to a pointer.
func (m *model) moved(by ir.Extent) string {
	if !by.Varies() {
		return ""
	}
	return " + (" + m.length(by) + ")"
}

// address returns a pointer to elements of d that are offset bytes into the buffer.
func (p *port) address(offset int, d tensor.DType) string {
	if own := p.value.Type.DType; own.C() == d.C() && offset%own.Size() == 0 {
		return plus(p.name, offset/own.Size())
	}
	if p.input {
		return fmt.Sprintf("(const %s *)(const void *)(%s)", d.C(), plus("(const uint8_t *)"+p.name, offset))
	}
	return fmt.Sprintf("(%s *)(void *)(%s)", d.C(), plus("(uint8_t *)"+p.name, offset))
}

// arenaAddress returns a pointer to elements of d in the arena, or without a type where d is tensor.Invalid.
func (m *model) arenaAddress(offset int, d tensor.DType) string {
	return m.cast(m.inArena(offset), d)
}

// cast makes a pointer into the arena one to elements of d.
func (m *model) cast(at string, d tensor.DType) string {
	if d == tensor.Invalid || d.C() == "uint8_t" {
		return at
	}
	if strings.Contains(at, " ") {
		at = "(" + at + ")"
	}
	if d.Size() == 1 {
		return fmt.Sprintf("(%s *)%s", d.C(), at)
	}
	return fmt.Sprintf("(%s *)(void *)%s", d.C(), at)
}

func plus(pointer string, n int) string {
	if n == 0 {
		return pointer
	}
	return fmt.Sprintf("%s + %d", pointer, n)
}
