package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/deepgo/deepgo/cmd/internal/needs"
	"github.com/deepgo/deepgo/targets"
)

// bootImage is a board's BIN file, in words.
type bootImage []byte

func (m bootImage) word(offset int) uint32 { return binary.LittleEndian.Uint32(m[offset:]) }

// TestBootImages checks what the boot ROM or boot loader of each board looks at before it starts a program; no emulator has them.
func TestBootImages(t *testing.T) {
	checks := map[string]func(*testing.T, *targets.Board, bootImage){
		"rpi-pico": func(t *testing.T, b *targets.Board, m bootImage) {
			if got, want := m.word(252), crc32MPEG(m[:252]); got != want {
				t.Errorf("second stage: checksum %#x, want %#x", got, want)
			}
			checkVectors(t, b, m, 256)
		},
		"rpi-pico2": func(t *testing.T, b *targets.Board, m bootImage) {
			// RP2350 data sheet, 5.9.5.1: the minimum Arm image definition, in the first 4 KB.
			def := binary.LittleEndian.AppendUint32(nil, 0xFFFFDED3)
			for _, w := range []uint32{0x10210142, 0x000001FF, 0, 0xAB123579} {
				def = binary.LittleEndian.AppendUint32(def, w)
			}
			if at := bytes.Index(m[:4096], def); at < 0 || at%4 != 0 {
				t.Errorf("the image definition is at %d", at)
			}
			checkVectors(t, b, m, 0)
		},
		"sparkfun-edge":       func(t *testing.T, b *targets.Board, m bootImage) { checkVectors(t, b, m, 0) },
		"arduino-nano-33-ble": func(t *testing.T, b *targets.Board, m bootImage) { checkVectors(t, b, m, 0) },
		"nucleo-l4r5zi":       func(t *testing.T, b *targets.Board, m bootImage) { checkVectors(t, b, m, 0) },
		"stm32f746g-disco":    func(t *testing.T, b *targets.Board, m bootImage) { checkVectors(t, b, m, 0) },
		"esp32-c3": func(t *testing.T, _ *targets.Board, m bootImage) {
			if m.word(0) != 0xAEDB041D || m.word(4) != 0xAEDB041D {
				t.Errorf("no magic number for a direct boot: %#x %#x", m.word(0), m.word(4))
			}
			checkStart(t, m[8:])
		},
		"maixduino": func(t *testing.T, _ *targets.Board, m bootImage) { checkStart(t, m) },
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			board, target, err := targets.LoadBoard(name)
			if err != nil {
				t.Fatal(err)
			}
			needs.ToolsOf(t, target)
			dir := t.TempDir()
			mustRun(t, "build", digits+"/model.onnx", "--board", name, "--output", dir)
			data, err := os.ReadFile(filepath.Join(dir, "digits_int8-"+name+".bin"))
			if err != nil {
				t.Fatal(err)
			}
			check(t, board, data)
		})
	}
}

// crc32MPEG is the checksum that RP2040's boot ROM computes (data sheet, 2.8.1.3.1).
func crc32MPEG(data []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range data {
		crc ^= uint32(b) << 24
		for range 8 {
			high := crc >> 31
			crc = crc<<1 ^ high*0x04C11DB7
		}
	}
	return crc
}

// checkVectors checks that a Cortex-M would start: its stack in RAM, its first instruction in the image and Thumb code.
func checkVectors(t *testing.T, b *targets.Board, m bootImage, offset int) {
	t.Helper()
	stack, reset := m.word(offset), m.word(offset+4)
	if stack%8 != 0 || stack <= b.RAM.Origin || uint64(stack) > uint64(b.RAM.Origin)+uint64(b.RAM.Bytes) {
		t.Errorf("the stack is at %#x, RAM is %#x and %d bytes", stack, b.RAM.Origin, b.RAM.Bytes)
	}
	if reset%2 != 1 || reset < b.Flash.Origin || int(reset-b.Flash.Origin) >= len(m) {
		t.Errorf("the first instruction is at %#x, the image at %#x and %d bytes", reset, b.Flash.Origin, len(m))
	}
}

// checkStart checks that an image begins with the start-up code: the hart's number is asked for in its first instructions.
func checkStart(t *testing.T, m bootImage) {
	t.Helper()
	for offset := 0; offset < 16; offset += 4 {
		if m.word(offset) == 0xF1402573 {
			return
		}
	}
	t.Errorf("the start-up code is not first: % x", m[:16])
}
