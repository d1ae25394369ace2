package codegen

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepgo/deepgo/ir"
	rt "github.com/deepgo/deepgo/runtime"
)

// heliumCompilers compile kernels for Helium, and assemble what is in assembly, whether it is used or not.
var heliumCompilers = [][]string{
	{"arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard", "-fkeep-static-functions"},
	{"clang", "--target=arm-none-eabi", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard", "-isystem", "/usr/lib/arm-none-eabi/include", "-Dstatic="},
}

// TestKernelFiles holds every kernel, variants included, to the form that bind relies on, and compiles it alone.
func TestKernelFiles(t *testing.T) {
	files, err := filepath.Glob("../runtime/kernels/*.c")
	if err != nil || len(files) == 0 {
		t.Fatal("no kernels", err)
	}
	args := append(slices.Clone(strict), "-O1", "-Wno-unused-function", "-I../runtime/include")
	helium := func(f string) bool { return strings.HasSuffix(f, ".mve.c") }
	for _, f := range files {
		for _, cc := range heliumCompilers {
			if helium(f) {
				compile(t, cc[0], slices.Concat(cc[1:], args, []string{"-c", "-o", filepath.Join(t.TempDir(), "kernel.o"), f})...)
			}
		}
	}
	files = slices.DeleteFunc(files, helium)
	for _, cc := range []string{"gcc", "clang"} {
		compile(t, cc, slices.Concat(args, []string{"-fsyntax-only", "-D__ARM_FEATURE_DSP", "-D__ARM_FP=4"}, files)...)
	}
	for _, name := range rt.Kernels() {
		text, _ := rt.Kernel(name, nil)
		k, err := parseKernel(name, text)
		if err != nil {
			t.Error(err)
			continue
		}
		used := identsIn(strings.Join(paramTexts(k), " ") + k.body)
		for _, s := range k.sample {
			if !used[s.name] {
				t.Errorf("kernel %s: the function does not use %s of its sample block", name, s.name)
			}
		}
	}
}

// TestVariants holds kernels for a processor's instructions to the parameters and the constants of the plain ones.
func TestVariants(t *testing.T) {
	files, err := filepath.Glob("../runtime/kernels/*.*.c")
	if err != nil || len(files) == 0 {
		t.Fatal("no variants", err)
	}
	for _, file := range files {
		parts := strings.Split(filepath.Base(file), ".")
		plainText, _ := rt.Kernel(parts[0], nil)
		text, _ := rt.Kernel(parts[0], parts[1:2])
		plain, err := parseKernel(parts[0], plainText)
		if err != nil {
			t.Fatal(err)
		}
		k, err := parseKernel(parts[0], text)
		if err != nil {
			t.Error(err)
			continue
		}
		if !slices.Equal(paramTexts(k), paramTexts(plain)) {
			t.Errorf("%s: parameters %q, the plain kernel's are %q", file, paramTexts(k), paramTexts(plain))
		}
		if a, b := sampleNames(k), sampleNames(plain); !slices.Equal(a, b) {
			t.Errorf("%s: constants %q, the plain kernel's are %q", file, a, b)
		}
	}
}

// sampleNames returns the names that a node must supply; expressions of vectors come by themselves with those of values.
func sampleNames(k *kernel) []string {
	var names []string
	for _, s := range k.sample {
		if s.name != "VPOST" && s.name != "VEXPR" {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

func paramTexts(k *kernel) []string {
	var texts []string
	for _, p := range k.params {
		texts = append(texts, p.text)
	}
	return texts
}

const scaleKernel = `/* scale: elements times a number.
 * x [N] in, w [N], y [N] out. */
#include "dg.h"
#ifndef DG_KERNEL
typedef float T;
enum { N = 5, BIG = 2 };
static const float ALPHA = 0.5f;
static const int32_t M = 3;
#define POST(v, u) (v + u)
#endif
static void scale(const T *DG_RESTRICT x, const int8_t DG_ROM *w,
                  T *y, void *scratch)
{
    for (dg_idx i = 0; i < N; i++) { /* T and N stay words here */
        y[i] = (T)POST(x[i] * ALPHA, w[i] * M);
    }
}
`

func TestParseKernel(t *testing.T) {
	k, err := parseKernel("scale", scaleKernel)
	if err != nil {
		t.Fatal(err)
	}
	if k.doc != "elements times a number." || len(k.sample) != 6 || len(k.params) != 4 {
		t.Fatalf("got %+v", k)
	}
	want := []param{{name: "x", element: "T"}, {name: "w", element: "int8_t", rom: true}, {name: "y", element: "T", written: true}, {name: "scratch", element: "void", written: true}}
	for i, p := range k.params {
		if p.text = ""; p != want[i] {
			t.Errorf("parameter %d is %+v, want %+v", i, p, want[i])
		}
	}
}

func TestParseKernelErrors(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"/* scale", "/* other", "does not begin with its comment"},
		{"static void scale(", "static void twice(", "expected static void scale"},
		{"static void scale(", "void scale(", "expected static void scale"},
		{"\n}\n", "\n}\nstatic void more(void)\n{\n}\n", "more than one function"},
		{"\n}\n", "\n}\nint x;\n", "does not end with a function"},
		{"typedef float T;", "float t;", "is not an enum"},
		{"N = 5", "N", "has no value"},
		{"#define POST(v, u) (v + u)", "#if 1", "is not a macro"},
	} {
		_, err := parseKernel("scale", strings.Replace(scaleKernel, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func scaleAttrs() ir.Attrs {
	return ir.Attrs{"N": int64(4), "BIG": int64(40000), "ALPHA": float32(2), "M": int64(-7), "T": "int8_t", "POST(v,u)": "((v) - (u))", "scratch": int64(8)}
}

func TestBind(t *testing.T) {
	k, err := parseKernel("scale", scaleKernel)
	if err != nil {
		t.Fatal(err)
	}
	in, err := k.bind(scaleAttrs(), 32767)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(append(append(in.macros, in.enums...), in.consts...), "; ")
	if want := "POST(v,u) ((v) - (u)); N = 4; const int32_t BIG = 40000;; const float ALPHA = 2.0f;; const int32_t M = (-7);"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if in.elementType(k.params[0]) != "int8_t" || in.elementType(k.params[1]) != "int8_t" {
		t.Error("types are not replaced")
	}
	wide, err := k.bind(scaleAttrs(), 1<<31-1)
	if err != nil {
		t.Fatal(err)
	}
	if len(wide.enums) != 2 || wide.key() == in.key() {
		t.Errorf("40000 fits an int of 32 bits: %v", wide.enums)
	}
}

func TestBindErrors(t *testing.T) {
	k, err := parseKernel("scale", scaleKernel)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key   string
		value any // nil: not given
		want  string
	}{
		{"N", nil, "needs N"},
		{"N", float32(1), "takes no float32 for N"},
		{"N", "4", "takes no string for N"},
		{"ALPHA", int64(1), "takes no int64 for ALPHA"},
		{"T", int64(1), "takes no int64 for T"},
		{"K", int64(1), "has no K"},
		{"POST(v,u)", nil, "needs POST"},
	} {
		attrs := scaleAttrs()
		attrs[c.key] = c.value
		if c.value == nil {
			delete(attrs, c.key)
		}
		if _, err := k.bind(attrs, 1<<31-1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %v: error %v, want %q", c.key, c.value, err, c.want)
		}
	}
	attrs := scaleAttrs()
	delete(attrs, "POST(v,u)")
	attrs["POST(v)"] = "v"
	if _, err := k.bind(attrs, 1<<31-1); err == nil || !strings.Contains(err.Error(), "for POST(v)") {
		t.Errorf("a macro of other parameters: error %v", err)
	}
}

func TestReplaceIdents(t *testing.T) {
	got := replaceIdents(`T x = (T)0x1T; /* T */ f("T", TT, 'T');`, map[string]string{"T": "int8_t"})
	if want := `int8_t x = (int8_t)0x1T; /* T */ f("T", TT, 'T');`; got != want {
		t.Errorf("got %s", got)
	}
}
