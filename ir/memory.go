package ir

// Place says where a value lives when the model runs.
type Place struct {
	Of     *Value // the graph input or output whose buffer, the caller's, it is in; nil for the arena
	Offset int    // bytes from the buffer's or the arena's start
}

// Memory is the plan of everything that a lowered graph needs besides its constants. Constants have no place.
type Memory struct {
	ArenaBytes int
	LowerBound int // the greatest sum of sizes that are alive at once: no plan of this node order can be smaller
	Places     map[*Value]Place
	Scratch    map[*Node]int // arena offset of each kernel's scratch, for nodes that ask for one
}
