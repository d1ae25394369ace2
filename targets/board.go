package targets

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

// Board is a target on a circuit board: what the firmware for it needs to know.
type Board struct {
	Name    string `json:"name,omitempty"`
	Doc     string `json:"doc"`
	Target  string `json:"target"`
	ClockHz int    `json:"clock_hz,omitempty"` // as the firmware sets it

	Driver  string   `json:"driver"`            // runtime/firmware/board_DRIVER.c
	Start   string   `json:"start,omitempty"`   // start-up code: "cortex-m", "riscv", or "" where the C library has it
	Defines []string `json:"defines,omitempty"` // for the driver
	CFlags  []string `json:"cflags,omitempty"`  // after the target's
	Flash   *Region  `json:"flash,omitempty"`
	RAM     *Region  `json:"ram,omitempty"`

	Baud      int       `json:"baud,omitempty"`
	Formats   []string  `json:"formats"`              // elf, hex, bin, uf2
	UF2Family string    `json:"uf2_family,omitempty"` // as in Microsoft's list of UF2 families
	Flashers  []Flasher `json:"flashers"`             // the most usual first
	Emulator  []string  `json:"emulator,omitempty"`   // command, without program and serial port
	Checked   string    `json:"checked"`              // how far deepgo's tests go
}

// Region is a part of the address space.
type Region struct {
	Origin uint32 `json:"origin"`
	Bytes  int    `json:"bytes"`
}

// Flasher is a tool that puts firmware onto a board. In Args, {elf}, {hex}, {bin} and {uf2} stand for files and {port} for
// the port.
type Flasher struct {
	Tool    string   `json:"tool"`
	Args    []string `json:"args"`
	Install string   `json:"install"` // how to get it
}

//go:embed boards/*.json
var boardFiles embed.FS

// Boards returns the names of all boards, sorted.
func Boards() []string {
	entries, err := boardFiles.ReadDir("boards")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// LoadBoard returns the board of that name, and its target with the board's memory, clock and flags.
func LoadBoard(name string) (*Board, *Target, error) {
	data, err := boardFiles.ReadFile("boards/" + name + ".json")
	if err != nil {
		return nil, nil, fmt.Errorf("there is no board %q; deepgo boards lists them: %s", name, strings.Join(Boards(), ", "))
	}
	b := &Board{Name: name}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(b); err != nil {
		return nil, nil, fmt.Errorf("board %s: %w", name, err)
	}
	t, err := Load(b.Target)
	if err != nil {
		return nil, nil, fmt.Errorf("board %s: %w", name, err)
	}
	if b.Flash != nil {
		t.FlashBytes = b.Flash.Bytes
	}
	if b.RAM != nil {
		t.RAMBytes = b.RAM.Bytes
	}
	if b.ClockHz > 0 {
		t.ClockHz = b.ClockHz
	}
	t.CFlags = append(t.CFlags, b.CFlags...)
	return b, t, nil
}
