package codegen

import (
	"fmt"
	"math"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/targets"
)

// objectLimit returns the most bytes that one object may have on the target: C compilers refuse what a signed difference of
// pointers could not span. Elements are counted in 32 bits everywhere.
func objectLimit(t *targets.Target) int {
	switch t.PointerBits {
	case 16:
		return math.MaxInt16
	case 64:
		return math.MaxInt
	}
	return math.MaxInt32
}

// checkLimits refuses tensors and arenas that the target cannot address.
func checkLimits(g *ir.Graph, mem *ir.Memory, t *targets.Target) error {
	limit := objectLimit(t)
	var errs ir.Errors
	var doubles error
	withBodies(g, mem, func(g *ir.Graph, mem *ir.Memory) {
		for _, v := range g.Values() {
			if bytes := mem.Bytes(v); bytes > limit || v.Type.Len() > math.MaxInt32 {
				errs = append(errs, tooLarge(v, bytes, t, limit))
			}
			if v.Type.DType == tensor.Float64 && t.PointerBits == 16 && doubles == nil {
				e := about(v, fmt.Sprintf("tensor %q is %s, and double has 32 bits on %s", v.Name, v.Type, t.Name))
				e.Hint = "make the model float32"
				doubles = ir.Errors{e}
			}
		}
	})
	if doubles != nil {
		return doubles
	}
	if mem.ArenaBytes > limit {
		errs = append(errs, &ir.Error{
			Msg:  fmt.Sprintf("the model needs an arena of %d bytes; %s addresses objects of at most %d", mem.ArenaBytes, t.Name, limit),
			Hint: "compile for a target with more memory, or make the model smaller",
		})
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

func tooLarge(v *ir.Value, bytes int, t *targets.Target, limit int) error {
	e := about(v, fmt.Sprintf("tensor %q, %s, takes %d bytes; %s addresses objects of at most %d", v.Name, v.Type, bytes, t.Name, limit))
	e.Hint = "compile for a target with a wider address space, or make the model smaller"
	return e
}

// about returns an error at the node that computes v.
func about(v *ir.Value, msg string) *ir.Error {
	e := &ir.Error{Msg: msg}
	if v.Def != nil && len(v.Def.From) > 0 {
		e.Node, e.Op = v.Def.From[0], v.Def.Op
	}
	return e
}

// indexType returns the type of dg_idx: the narrowest that holds every number of elements of the model at the speed of an
// int.
func indexType(g *ir.Graph, mem *ir.Memory, t *targets.Target, p *pushing) string {
	if t.PointerBits != 16 || p != nil && p.limit() > math.MaxInt16 {
		return "int32_t"
	}
	index := "int16_t"
	withBodies(g, mem, func(g *ir.Graph, mem *ir.Memory) {
		for _, v := range g.Values() {
			if mem.Bytes(v)/max(v.Type.DType.Size(), 1) > math.MaxInt16 {
				index = "int32_t"
			}
		}
	})
	return index
}

// nearFlash is how many bytes of constants fit into the 64 KB that AVR's 16-bit pointers reach, the vectors and constants of
// other code aside.
const nearFlash = 60_000

// romSpace returns the qualifier that DG_ROM stands for.
func romSpace(t *targets.Target, constBytes int) string {
	switch {
	case t.FlashSpace != "avr":
		return ""
	case constBytes > nearFlash:
		return "__memx"
	}
	return "__flash"
}
