// Package codegen prints a lowered graph as C: a header, functions with fixed buffers, and constant data. Loops live in
// the kernels of package runtime; this package prints declarations, constants, data and calls.
package codegen
