// Package targets describes the machines that deepgo compiles for. A target is one JSON file beside this one.
package targets

// Target is a machine and the tools for it. Files say only what differs from the target that they inherit.
type Target struct {
	Name     string   `json:"name"`
	Doc      string   `json:"doc"`
	Inherits []string `json:"inherits"`

	CC      string   `json:"cc"`      // compiler, such as arm-none-eabi-gcc
	CFlags  []string `json:"cflags"`  // appended to those inherited
	LDFlags []string `json:"ldflags"` // appended to those inherited
	Size    string   `json:"size"`    // size tool, such as arm-none-eabi-size

	ISA         []string `json:"isa"`          // words that choose kernel variants: dsp, mve, neon …; most wanted first
	PointerBits int      `json:"pointer_bits"` // 16, 32 or 64
	FlashBytes  int      `json:"flash_bytes"`  // 0: not limited
	RAMBytes    int      `json:"ram_bytes"`    // 0: not limited
	FlashSpace  string   `json:"flash_space"`  // "avr": constants need a flash address space; "" elsewhere

	Harness  string   `json:"harness"`  // folder of start-up code under runtime/harness
	Emulator []string `json:"emulator"` // command; {} stands for the program
	Counter  string   `json:"counter"`  // how instructions or cycles are counted: "cyclemodel:m4", "simavr", ""
	Packages []string `json:"packages"` // Debian packages that provide compiler and emulator
}
