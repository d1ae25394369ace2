package ir

// Place says where a value lives when the model runs.
type Place struct {
	Of     *Value // the graph input or output whose buffer, the caller's, it is in; nil for the arena
	Offset int    // bytes from the buffer's or the arena's start
	Moves  Extent // bytes more, which depend on the graph's dimensions
}

// Stream is a run of nodes, g.Nodes[From:To], that compute row by row: again and again the last of them that has the rows that it
// reads computes its next row. Of values that only they use, a ring of the rows that are still to be read is kept.
//
// A stream that slides never ends: what its last value holds are the rows of a window that moves on, the oldest first.
type Stream struct {
	From, To int
	Slides   bool
}

// PushedInput is an input that arrives row by row: the first node of the first stream copies the row that a call gives it.
type PushedInput struct {
	Value    *Value
	Rows     int    // that make up the input
	Turned   bool   // channels come last, and came first in the model's file
	Counters int    // arena offset of the stream's counters of rows, of 4 bytes each
	Last     *Value // with a stream that slides, the value that it computes for the nodes behind it; or nil
	First    int    // with a stream that slides, rows until the first output: a stride may leave the last of Rows unread
	Hop      int    // with a stream that slides, rows from one output to the next
}

// Region is a part of the arena that is in a memory of its own, such as one that is tightly coupled to the processor.
type Region struct {
	Name         string
	Start, Bytes int // in the arena's addresses
}

// Memory is the plan of everything that a lowered graph needs besides its constants. Constants have no place.
type Memory struct {
	ArenaBytes int
	Regions    []Region // the arena's parts, where it is in several memories
	LowerBound int      // the greatest sum of sizes that are alive at once: no plan of this node order can be smaller
	Places     map[*Value]Place
	Scratch    map[*Node]int // arena offset of each kernel's scratch, for nodes that ask for one
	Streams    []Stream
	Rings      map[*Value]Ring // of values in streams of which not all rows are kept
	Pushed     *PushedInput    // nil where inputs are whole
	Hosts      map[*Value]Host // of values in streams of which one row is kept, where another's next row goes
}

// Ring says that of a value's rows the last Kept are in memory: row r is in place r % Kept.
type Ring struct{ Kept, Rows int }

// Host is a value that another is a guest of. The guest has the place of row r % Kept while r rows of the host are made.
type Host struct {
	Of       *Value
	Kept     int // rows of the host
	RowBytes int
}

// Bytes returns the memory that a value takes.
func (m *Memory) Bytes(v *Value) int {
	if r := m.Rings[v]; r.Kept > 0 {
		return v.Type.Bytes() / r.Rows * r.Kept
	}
	return v.Type.Bytes()
}

// StreamOf returns the stream that node i of the graph is in, or nil.
func (m *Memory) StreamOf(i int) *Stream {
	for k := range m.Streams {
		if s := &m.Streams[k]; s.From <= i && i < s.To {
			return s
		}
	}
	return nil
}
