// Package rt holds the C that goes into generated models: one file per kernel, the headers that kernels share, and the
// programs that run a model under test.
package rt

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed kernels/*.c include/*.h harness program firmware
var files embed.FS

// Kernel returns the C of a kernel: the first variant that exists for the ISA words, in their order, or the plain one.
func Kernel(name string, isa []string) (text string, ok bool) {
	for _, word := range isa {
		if data, err := files.ReadFile("kernels/" + name + "." + word + ".c"); err == nil {
			return string(data), true
		}
	}
	data, err := files.ReadFile("kernels/" + name + ".c")
	return string(data), err == nil
}

// Kernels returns the names of all kernels, sorted.
func Kernels() []string {
	var names []string
	for _, f := range list("kernels") {
		name, _, _ := strings.Cut(f, ".")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Headers returns the names of the headers, sorted.
func Headers() []string { return list("include") }

// Header returns the text of a header.
func Header(name string) (text string, ok bool) {
	data, err := files.ReadFile("include/" + name)
	return string(data), err == nil
}

// Harness returns a file of the folder harness, such as "main.c" or "cortex-m/start.c".
func Harness(name string) (data []byte, ok bool) {
	data, err := files.ReadFile("harness/" + name)
	return data, err == nil
}

// HarnessFiles returns the names of the files in a folder of harness.
func HarnessFiles(dir string) []string { return list(path.Join("harness", dir)) }

// Program returns the names of the files of the program around a model on an operating system.
func Program() []string { return list("program") }

// ProgramFile returns a file of the folder program.
func ProgramFile(name string) (data []byte, ok bool) {
	data, err := files.ReadFile("program/" + name)
	return data, err == nil
}

// Firmware returns a file of the folder firmware, such as "main.c" or "riscv/start.S".
func Firmware(name string) (data []byte, ok bool) {
	data, err := files.ReadFile("firmware/" + name)
	return data, err == nil
}

func list(dir string) []string {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}
