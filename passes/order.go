package passes

// order says which passes must come before which others, and why. A test holds Pipeline against it: the first
// occurrence of before stands in front of the first occurrence of after.
var order = []struct{ before, after, reason string }{
	{"foldconst", "deadcode", "folding leaves the nodes that computed constants without readers"},
	{"deadcode", "cse", "nodes that nothing reads need no comparison"},
}
