package emulator

import (
	"slices"
	"testing"
)

func TestLines(t *testing.T) {
	text := "\x1b[32mo 0 1 aabb..\x1b[0m\n\x1b[32m+ cc..\x1b[0m\n+ dd\r\nc 0 12\n\ndone\n"
	if got, want := Lines(text), []string{"o 0 1 aabbccdd", "c 0 12", "", "done"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}
