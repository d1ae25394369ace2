package main

import (
	"debug/elf"
	"io"
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/testdata"
)

// TestSmallFirmware holds what the code of a whole firmware takes, weights aside: start, serial port, protocol and keyword spotter.
func TestSmallFirmware(t *testing.T) {
	needs.Tools(t, "arm-none-eabi-gcc", "arm-none-eabi-objcopy")
	file := filepath.Join(testdata.NeedShared(t), "mlperf-tiny/kws_int8/model.onnx")
	dir := t.TempDir()
	root := newRoot()
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	root.SetArgs([]string{"build", file, "--board", "nucleo-l4r5zi", "--io", "quantized", "--optimize", "size", "--output", dir})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	m, err := deepgo.Load(file, deepgo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Compile(deepgo.CompileOptions{Board: "nucleo-l4r5zi", IO: "quantized", Optimize: "size"})
	if err != nil {
		t.Fatal(err)
	}
	x, err := elf.Open(filepath.Join(dir, "kws_int8-nucleo-l4r5zi.elf"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	flash := 0
	for _, s := range x.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS {
			flash += int(s.Size)
		}
	}
	if code := flash - p.Report.ConstBytes; code > 9_000 || code < 4_000 {
		t.Errorf("%d bytes of flash, %d of them code; at most 9000 expected", flash, code)
	}
}
