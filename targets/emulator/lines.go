package emulator

import "strings"

// Lines returns the lines of what a program on an emulator printed. A line that begins with "+ " goes on with the one before: simavr cuts
// what is longer than 256 characters.
func Lines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = clean(line)
		if rest, more := strings.CutPrefix(line, "+ "); more && len(lines) > 0 {
			lines[len(lines)-1] += rest
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// clean takes off what simavr puts around a line: colours, and two dots for line ends.
func clean(line string) string {
	line = strings.ReplaceAll(strings.ReplaceAll(line, "\x1b[32m", ""), "\x1b[0m", "")
	return strings.TrimRight(strings.TrimSpace(line), ".")
}
