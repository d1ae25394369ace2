package pack

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/deepgo/deepgo/codegen"
	"github.com/deepgo/deepgo/codegen/cw"
	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
	rt "github.com/deepgo/deepgo/runtime"
)

// onnxTypes are ONNX's numbers of element types (TensorProto.DataType), as the serial protocol has them.
var onnxTypes = map[tensor.DType]int{
	tensor.Float32: 1, tensor.Uint8: 2, tensor.Int8: 3, tensor.Uint16: 4, tensor.Int16: 5, tensor.Int32: 6, tensor.Int64: 7,
	tensor.Bool: 9, tensor.Float64: 11, tensor.Uint32: 12, tensor.Uint64: 13,
}

// DTypeOf returns the element type of a number in the serial protocol.
func DTypeOf(number int) (tensor.DType, bool) {
	for d, n := range onnxTypes {
		if n == number {
			return d, true
		}
	}
	return tensor.Invalid, false
}

// startFiles are the files of each kind of start-up code, under runtime/firmware or runtime/harness.
var startFiles = map[string][]string{
	"cortex-m": {"cortex-m/start.c", "cortex-m/link.ld"},
	"riscv":    {"riscv/start.S", "riscv/link.ld"},
	"esp32":    {"riscv/start.S", "esp32/link.ld"},
}

// Firmware returns the files of a board's firmware: the model, the protocol, the driver, and the start-up code where start
// names some.
func Firmware(m Model, driver, start string, clockHz int) ([]codegen.File, error) {
	if err := m.fixed("firmware"); err != nil {
		return nil, err
	}
	header, err := firmwareHeader(m, clockHz)
	if err != nil {
		return nil, err
	}
	files := append([]codegen.File{{Name: "model.h", Data: header}}, m.Files...)
	common := []string{"main.c", "board.h", "cycles_dwt.h", "cycles_systick.h", "stm32_usart.h", "pl011.h", "trace.h", "board_" + driver + ".c"}
	for _, name := range slices.Concat(common, startFiles[start]) {
		data, ok := rt.Firmware(name)
		if !ok {
			data, ok = rt.Harness(name)
		}
		if !ok {
			ir.Bugf("the runtime has no firmware file %s", name)
		}
		files = append(files, codegen.File{Name: path.Base(name), Data: data})
	}
	return files, nil
}

// firmwareHeader prints model.h for runtime/firmware/main.c.
func firmwareHeader(m Model, clockHz int) ([]byte, error) {
	var buf bytes.Buffer
	w := cw.New(&buf)
	w.Comment("model.h: the model " + m.Name + " for main.c")
	w.Directive("include \"%s.h\"", m.Name)
	w.Blank()
	w.Directive("define MODEL_CLOCK_HZ %du", clockHz)
	w.Line("enum { INPUTS = %d, OUTPUTS = %d };", len(m.Inputs), len(m.Outputs))
	w.Line("static const char model_name[] = %s;", quote(m.Name))
	w.Raw(m.ArenaArrays() + "\n")
	args := codegen.ArenaNames(m.Arenas)
	w.Line("enum { ARENA_BYTES = sizeof %s };", strings.Join(args, " + sizeof "))
	var rows []string
	for i, p := range slices.Concat(m.Inputs, m.Outputs) {
		d, ok := onnxTypes[p.Type.DType]
		if !ok {
			return nil, &ir.Error{Msg: fmt.Sprintf("%q is %s, which the serial protocol cannot carry", p.Name, p.Type), Hint: "compile it, and write a program around it"}
		}
		w.Line("static %s buffer%d[%d];", p.Type.DType.C(), i, max(p.Type.Len(), 1))
		args = append(args, fmt.Sprintf("buffer%d", i))
		rows = append(rows, fmt.Sprintf("{ buffer%d, %d, %d }", i, p.Type.Bytes(), d))
	}
	w.Line("static const struct {")
	w.Line("    void *data;")
	w.Line("    uint32_t bytes;")
	w.Line("    uint8_t dtype;")
	w.List("} ports[INPUTS + OUTPUTS] = {", rows, "};")
	w.Line("static int run_model(void) { return %s_run(%s); }", m.Name, strings.Join(args, ", "))
	return buf.Bytes(), w.Err()
}
