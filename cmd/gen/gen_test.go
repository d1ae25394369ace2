package main

import (
	"testing"

	"github.com/deepgo/deepgo/ir/op"
)

// TestLimitsAreOfOperators finds limits whose operator is gone or was misspelt.
func TestLimitsAreOfOperators(t *testing.T) {
	for name := range limits {
		if op.Lookup(name) == nil {
			t.Errorf("%s is not an operator", name)
		}
	}
}
