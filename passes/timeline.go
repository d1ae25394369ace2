package passes

import "github.com/deepgo/deepgo/ir"

// timeline numbers the calls of kernels that running a graph takes, in their order. A node that runs as a whole takes one.
type timeline struct {
	start, end []int           // per node, its first and last call; views have the time that they are at
	runs       map[int]*rowRun // streams, by their first node
	calls      int
	streamed   []bool // per node
}

func newTimeline(rows *rowGraph, streams []ir.Stream) *timeline {
	n := len(rows.g.Nodes)
	t := &timeline{start: make([]int, n), end: make([]int, n), runs: map[int]*rowRun{}, streamed: make([]bool, n)}
	for _, s := range streams {
		t.runs[s.From] = rows.runOf(s)
	}
	now := 0
	for i := 0; i < n; {
		if run := t.runs[i]; run != nil {
			t.addRun(run, now)
			now += len(run.calls)
			i = run.to
			continue
		}
		t.start[i], t.end[i] = now, now
		now++
		i++
	}
	t.calls = now
	return t
}

func (t *timeline) addRun(run *rowRun, now int) {
	for i := run.from; i < run.to; i++ {
		t.start[i], t.end[i], t.streamed[i] = -1, now, true
	}
	for call, s := range run.calls {
		i := run.stages[s].at
		if t.start[i] < 0 {
			t.start[i] = now + call
		}
		t.end[i] = now + call
	}
}
