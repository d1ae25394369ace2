// Package targets describes the machines that deepgo compiles for. A target is one JSON file beside this one.
package targets

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Target is a machine and the tools for it. A file says only what differs from the targets that it inherits: scalars
// override, lists are appended.
type Target struct {
	Name     string   `json:"name,omitempty"`
	Doc      string   `json:"doc,omitempty"`
	Inherits []string `json:"inherits,omitempty"`
	Abstract bool     `json:"abstract,omitempty"` // only to be inherited; not itself passed on

	CC       string   `json:"cc,omitempty"`        // compiler, such as arm-none-eabi-gcc
	CFlags   []string `json:"cflags,omitempty"`    // for every C file
	RunFlags []string `json:"run_flags,omitempty"` // more, for the harness's own files
	LDFlags  []string `json:"ldflags,omitempty"`   // for linking; {} stands for the harness's folder
	Size     string   `json:"size_tool,omitempty"` // such as arm-none-eabi-size

	ISA         []string `json:"isa,omitempty"`          // words that choose kernel variants: dsp, vfp, fpr, mve, vec …, most wanted first; quad, four, block, fpu, vec: weights packed for them
	PointerBits int      `json:"pointer_bits,omitempty"` // 16, 32 or 64
	FlashBytes  int      `json:"flash_bytes,omitempty"`  // 0: not limited
	RAMBytes    int      `json:"ram_bytes,omitempty"`    // 0: not limited
	ClockHz     int      `json:"clock_hz,omitempty"`     // a usual part's; 0: not known
	FlashSpace  string   `json:"flash_space,omitempty"`  // "avr": constants need an address space in flash

	OS     string `json:"os,omitempty"`     // "host", "linux", "windows" or "wasi"; "" is bare metal
	Suffix string `json:"suffix,omitempty"` // of programs, such as .exe

	Harness  string   `json:"harness,omitempty"`  // folder of start-up code under runtime/harness
	Emulator []string `json:"emulator,omitempty"` // command; {} stands for the program, {dir} for its folder
	Counter  string   `json:"counter,omitempty"`  // cpu word of the cyclemodel plugin, which counts instructions and cycles
	Packages []string `json:"packages,omitempty"` // Debian packages that provide compiler and emulator
}

//go:embed *.json
var files embed.FS

// aliases are other names of targets.
var aliases = map[string]string{"uno": "atmega328p", "mega": "atmega2560"}

// Load returns the target of that name, with everything that it inherits.
func Load(name string) (*Target, error) {
	if full := aliases[name]; full != "" {
		name = full
	}
	t, err := load(name, nil)
	if err != nil {
		return nil, err
	}
	if t.Abstract {
		return nil, fmt.Errorf("target %q is only a part of others; deepgo targets lists the targets", name)
	}
	t.Inherits = nil
	return t, nil
}

func load(name string, path []string) (*Target, error) {
	if slices.Contains(path, name) {
		return nil, fmt.Errorf("target %q inherits itself, by way of %s", name, strings.Join(path, ", "))
	}
	data, err := files.ReadFile(name + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no target %q; deepgo targets lists them: %s", name, strings.Join(Names(), ", "))
	}
	own, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	t := &Target{}
	for _, parent := range own.Inherits {
		p, err := load(parent, append(path, name))
		if err != nil {
			return nil, err
		}
		p.Abstract = false
		if err := t.add(p); err != nil {
			return nil, fmt.Errorf("target %s: %w", name, err)
		}
	}
	if err := t.add(own); err != nil {
		return nil, fmt.Errorf("target %s: %w", name, err)
	}
	return t, nil
}

func parse(name string, data []byte) (*Target, error) {
	t := &Target{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("target %s: %w", name, err)
	}
	if t.Name != "" {
		return nil, fmt.Errorf("target %s: the name is that of the file", name)
	}
	t.Name = name
	return t, nil
}

// add lets u's scalars override t's, and appends its lists. An element that is there twice is an error.
func (t *Target) add(u *Target) error {
	to, from := reflect.ValueOf(t).Elem(), reflect.ValueOf(u).Elem()
	for i := range to.NumField() {
		a, b := to.Field(i), from.Field(i)
		if b.Kind() != reflect.Slice {
			if !b.IsZero() {
				a.Set(b)
			}
			continue
		}
		for _, s := range b.Interface().([]string) {
			if slices.Contains(a.Interface().([]string), s) && to.Type().Field(i).Name != "Packages" && to.Type().Field(i).Name != "Emulator" {
				return fmt.Errorf("%q is in %s twice", s, to.Type().Field(i).Tag.Get("json"))
			}
			a.Set(reflect.Append(a, reflect.ValueOf(s)))
		}
	}
	return nil
}

// Names returns the names of all targets, sorted; those that are only parts of others are left out.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the files are in the program
	}
	var names []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".json")
		data, _ := files.ReadFile(e.Name())
		if t, err := parse(name, data); err == nil && !t.Abstract {
			names = append(names, name)
		}
	}
	return names
}
