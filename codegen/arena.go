package codegen

import (
	"fmt"
	"strings"

	"github.com/deepgo/deepgo/codegen/cw"
)

// Arena is a piece of memory that the model works in, which the caller gives it.
type Arena struct {
	Param string // NAME_run's parameter
	Macro string // prefix of its macro NAME_BYTES, such as CAPTCHA_ARENA
	Bytes int
}

// Array declares an array for it, with a name; align is NAME_ARENA_ALIGN.
func (a Arena) Array(model string) string {
	return fmt.Sprintf("static DG_ALIGN(%s_ARENA_ALIGN) uint8_t %s[%s_BYTES];", strings.ToUpper(model), a.Param, a.Macro)
}

// ArenaNames returns their parameters, as arguments for a call.
func ArenaNames(arenas []Arena) []string {
	var names []string
	for _, a := range arenas {
		names = append(names, a.Param)
	}
	return names
}

// region is the memory that a part of the arena's addresses is in.
type region struct {
	Arena
	local string // the variable that points to it
	start int    // in the arena's addresses
}

// nameRegions names the memories: one arena, or those that the plan has.
func (m *model) nameRegions(names *cw.Names) {
	m.regions = nil
	for _, r := range m.mem.Regions {
		param := names.Unique(cw.Param(r.Name))
		m.regions = append(m.regions, region{Arena{param, m.macro + "_" + strings.ToUpper(r.Name), r.Bytes}, names.Unique("a_" + param), r.Start})
	}
	if len(m.regions) == 0 {
		m.regions = []region{{Arena{"arena", m.macro + "_ARENA", m.mem.ArenaBytes}, names.Unique("a"), 0}}
	}
}

// regionOf returns the memory that an address of the arena is in.
func (m *model) regionOf(offset int) int {
	at := 0
	for k, r := range m.regions {
		if r.Bytes > 0 && r.start <= offset {
			at = k
		}
	}
	return at
}

// inArena returns a pointer to bytes of the arena.
func (m *model) inArena(offset int) string {
	r := m.regions[m.regionOf(offset)]
	return plus(r.local, offset-r.start)
}

// usesArena reports whether the model needs any memory.
func (m *model) usesArena() bool { return m.mem.ArenaBytes > 0 }

// arenaParams are the parameters of the interface that point to memory.
func (m *model) arenaParams() []string {
	var params []string
	for _, r := range m.regions {
		params = append(params, "void *"+r.Param)
	}
	return params
}

// arenaNames are those parameters' names.
func (m *model) arenaNames() []string { return ArenaNames(m.arenas()) }

// localNames are the variables that point to memory, as far as there is anything in it.
func (m *model) localNames() []string {
	var names []string
	for _, r := range m.regions {
		if r.Bytes > 0 {
			names = append(names, r.local)
		}
	}
	return names
}

func bytePointers(names []string) []string {
	var params []string
	for _, n := range names {
		params = append(params, "uint8_t *"+n)
	}
	return params
}

// printLocals makes memory known as bytes. Where there are several memories and not the whole model is in the function, some may not be needed.
func (m *model) printLocals(w *cw.Writer, whole bool) {
	for _, r := range m.regions {
		if r.Bytes == 0 {
			w.Line("(void)%s;", r.Param)
			continue
		}
		w.Line("uint8_t *const %s = (uint8_t *)%s;", r.local, r.Param)
		if !whole && len(m.regions) > 1 {
			w.Line("(void)%s;", r.local)
		}
	}
}

// nullArenas are the conditions that memory is missing.
func (m *model) nullArenas() []string {
	var null []string
	for _, r := range m.regions {
		if r.Bytes > 0 {
			null = append(null, r.Param+" == NULL")
		}
	}
	return null
}

// misaligned is the condition that memory does not begin where its elements may.
func (m *model) misaligned() string {
	var pointers []string
	for _, r := range m.regions {
		if r.Bytes > 0 {
			pointers = append(pointers, "(uintptr_t)"+r.Param)
		}
	}
	all := strings.Join(pointers, " | ")
	if len(pointers) > 1 {
		all = "(" + all + ")"
	}
	return fmt.Sprintf("(%s & (%s_ARENA_ALIGN - 1u)) != 0", all, m.macro)
}

// printArenaMacros prints how much memory of each kind is needed.
func (m *model) printArenaMacros(w *cw.Writer) {
	about := "Memory that a run works in, in bytes; at least 1, so that it can be an array. Several models may share it."
	if len(m.regions) > 1 {
		about = "Memories that a run works in, in bytes, what is used most in the first; at least 1, so that they can be arrays. Several models may share them."
	}
	w.Comment(about)
	for _, r := range m.regions {
		w.Directive("define %s_BYTES %d", r.Macro, max(r.Bytes, 1))
	}
	w.Directive("define %s_ARENA_ALIGN %d", m.macro, m.arenaAlign())
	w.Blank()
}

// aboutArenas are the lines of a comment about memory; where says what may be in it.
func (m *model) aboutArenas(where string) []string {
	var lines []string
	for _, r := range m.regions {
		lines = append(lines, fmt.Sprintf("  %s: %s_BYTES bytes, aligned to %s_ARENA_ALIGN%s", r.Param, r.Macro, m.macro, where))
	}
	return lines
}

// arenaTable shows how much memory of each kind is needed.
func (m *model) arenaTable() string {
	var parts []string
	for _, r := range m.regions {
		parts = append(parts, fmt.Sprintf("%s %d", r.Param, r.Bytes))
	}
	return strings.Join(parts, ", ")
}

// arenas are the memories as those who call the model see them.
func (m *model) arenas() []Arena {
	var list []Arena
	for _, r := range m.regions {
		list = append(list, r.Arena)
	}
	return list
}

// usedRegions returns the memories that values and kernels' scratch are in, as the places of their names.
func (m *model) usedRegions(calls []streamCall) map[int]bool {
	used := map[int]bool{}
	for _, c := range calls {
		if c.node.Attrs.Has("scratch") {
			used[m.regionOf(m.mem.Scratch[c.node])] = true
		}
		for _, v := range append(c.node.Inputs[:len(c.node.Inputs):len(c.node.Inputs)], c.node.Outputs...) {
			if place := m.mem.Places[v]; !v.IsConst() && place.Of == nil {
				used[m.regionOf(place.Offset)] = true
			}
		}
	}
	return used
}
