package codegen

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// pool holds the model's constants, equal ones once.
type pool struct {
	prefix string
	list   []*constant
	byHash map[[sha256.Size]byte]*constant
	seen   map[*tensor.Tensor]*constant
}

// constant is an array of the generated C.
type constant struct {
	name  string
	from  string // name in the graph
	data  *tensor.Tensor
	bytes int
}

func newPool(prefix string) pool {
	return pool{prefix: prefix, byHash: map[[sha256.Size]byte]*constant{}, seen: map[*tensor.Tensor]*constant{}}
}

// add returns the array that holds v's elements.
func (p *pool) add(v *ir.Value) *constant {
	if c := p.seen[v.Const]; c != nil {
		return c
	}
	hash := sha256.Sum256(append(v.Const.Bytes(), v.Const.DType.C()...))
	c := p.byHash[hash]
	if c == nil {
		c = &constant{name: fmt.Sprintf("%s_w%d", p.prefix, len(p.list)), from: v.Name, data: v.Const, bytes: v.Type.Bytes()}
		p.byHash[hash] = c
		p.list = append(p.list, c)
	}
	p.seen[v.Const] = c
	return c
}

// bytes returns the memory that all constants take.
func (p *pool) bytes() int {
	sum := 0
	for _, c := range p.list {
		sum += c.bytes
	}
	return sum
}

// elementText is the greatest length of an element's text, with what separates it from the next, by the element's bytes.
var elementText = map[int]int{1: 6, 2: 8, 4: 18, 8: 27}

// textBytes returns a bound of the size of all arrays' text.
func (p *pool) textBytes() int {
	sum := 0
	for _, c := range p.list {
		sum += 256 + c.data.Len()*elementText[c.data.DType.Size()]
	}
	return sum
}

// declaration returns the declarator of the array. C has no empty arrays: one of no elements has one.
func (c *constant) declaration() string {
	return fmt.Sprintf("const %s DG_ROM %s[%d]", c.data.DType.C(), c.name, max(c.data.Len(), 1))
}

// write writes the array's definition after the storage class.
func (c *constant) write(w *cw.Writer, storage string) {
	const width = 116
	w.Comment(fmt.Sprintf("%q: %s", c.from, ir.Type{DType: c.data.DType, Shape: c.data.Shape}))
	w.Begin(storage + c.declaration() + " = {")
	line := make([]byte, 0, 2*width)
	appendElement := elements(c.data)
	for i := range c.data.Len() {
		if len(line) > width {
			w.Bytes(append(line, '\n'))
			line = line[:0]
		}
		if len(line) == 0 {
			line = append(line, "    "...)
		}
		line = append(appendElement(line, i), ',')
	}
	if c.data.Len() == 0 {
		line = append(line, "    0"...)
	}
	w.Bytes(append(line, '\n'))
	w.Close(";")
	w.Blank()
}

// elements returns the function that appends the text of element i.
func elements(t *tensor.Tensor) func(b []byte, i int) []byte {
	switch {
	case t.DType == tensor.Float32:
		data := tensor.Data[float32](t)
		return func(b []byte, i int) []byte { return cw.AppendFloat(b, float64(data[i]), 32) }
	case t.DType == tensor.Float64:
		data := tensor.Data[float64](t)
		return func(b []byte, i int) []byte { return cw.AppendFloat(b, data[i], 64) }
	case t.DType == tensor.Uint64:
		data := tensor.Data[uint64](t)
		return func(b []byte, i int) []byte { return cw.AppendUint(b, data[i]) }
	case t.DType.IsFloat(): // stored as bit patterns
		raw := t.Bytes()
		if t.DType.Size() == 1 {
			return func(b []byte, i int) []byte { return cw.AppendUint(b, uint64(raw[i])) }
		}
		return func(b []byte, i int) []byte { return cw.AppendUint(b, uint64(binary.LittleEndian.Uint16(raw[2*i:]))) }
	}
	return func(b []byte, i int) []byte { return cw.AppendElement(b, t.I64(i)) }
}
