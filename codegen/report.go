package codegen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo/ir"
)

// Report says what a generated model takes of memory. Code and stack are for the target's compiler to tell.
type Report struct {
	ConstBytes int          `json:"const_bytes"` // weights, biases, tables; equal ones count once
	ArenaBytes int          `json:"arena_bytes"`
	IOBytes    int          `json:"io_bytes"`              // the caller's input and output buffers
	StateBytes int          `json:"state_bytes,omitempty"` // what the model keeps between runs
	Nodes      []NodeReport `json:"nodes"`                 // in the order in which they run
}

// NodeReport is one call in the generated code.
type NodeReport struct {
	Index      int      `json:"index"` // of the node in the lowered graph
	Kernel     string   `json:"kernel"`
	Func       string   `json:"func"`        // C function
	From       []string `json:"from"`        // ONNX nodes that it came from
	ConstBytes int      `json:"const_bytes"` // of constants that no node before it uses
	LiveBytes  int      `json:"live_bytes"`  // of the arena in use while it runs
}

// measure adds up what the calls take.
func (m *model) measure() Report {
	r := Report{ConstBytes: m.consts.bytes() + m.stringBytes(), ArenaBytes: m.mem.ArenaBytes, IOBytes: bytesOf(m.ports()), StateBytes: m.stateBytes()}
	counted := map[*constant]bool{}
	live := m.liveSpans()
	for i, c := range m.calls {
		n := NodeReport{Index: c.index, Kernel: c.node.Op, Func: c.function.name, From: c.node.From, LiveBytes: covered(live[i])}
		for _, k := range c.consts {
			if !counted[k] {
				counted[k] = true
				n.ConstBytes += k.bytes
			}
		}
		r.Nodes = append(r.Nodes, n)
	}
	return r
}

// span is a part of the arena, in bytes.
type span struct{ from, to int }

// liveSpans returns, per call, the parts of the arena that hold something then: values that were made and are still to be
// read, and scratch. A view keeps the bytes alive that it shows.
func (m *model) liveSpans() [][]span {
	first, last := map[*ir.Value]int{}, map[*ir.Value]int{}
	for i, c := range m.calls {
		for _, v := range c.node.Outputs {
			first[v], last[v] = i, i
		}
		for _, v := range c.node.Inputs {
			last[v] = i
		}
	}
	for _, s := range m.g.States {
		last[m.g.Outputs[s.Output]] = len(m.calls) - 1
	}
	m.viewLives(first, last)
	m.streamLives(first, last)
	spans := make([][]span, len(m.calls))
	for _, v := range m.g.Values() {
		place, ok := m.mem.Places[v]
		if _, made := first[v]; !ok || !made || place.Of != nil {
			continue
		}
		for i := first[v]; i <= last[v]; i++ {
			spans[i] = append(spans[i], span{place.Offset, place.Offset + m.mem.Bytes(v)})
		}
	}
	for i, c := range m.calls {
		if size := c.node.Attrs.Int("scratch"); size > 0 && m.mem.StreamOf(c.index) == nil {
			at := m.mem.Scratch[c.node]
			spans[i] = append(spans[i], span{at, at + size})
		}
	}
	return spans
}

// viewLives gives views the time from when what they show was made.
func (m *model) viewLives(first, last map[*ir.Value]int) {
	for _, n := range m.g.Nodes {
		if n.Op != "view" {
			continue
		}
		if made, ok := first[n.Inputs[0]]; ok {
			v := n.Outputs[0]
			first[v], last[v] = made, max(made, last[v])
		}
	}
}

// streamLives lets what a stream makes live as long as the stream runs.
func (m *model) streamLives(first, last map[*ir.Value]int) {
	for _, s := range m.mem.Streams {
		from, to := len(m.calls), 0
		for i, c := range m.calls {
			if c.index >= s.From && c.index < s.To {
				from, to = min(from, i), i
			}
		}
		for v, at := range first {
			if at >= from && at <= to {
				first[v], last[v] = from, max(to, last[v])
			}
		}
	}
}

// covered returns the bytes that the spans cover together.
func covered(spans []span) int {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	sum, end := 0, 0
	for _, s := range spans {
		if s.to > end {
			sum += s.to - max(s.from, end)
			end = s.to
		}
	}
	return sum
}

// tableLen is how many nodes the tables show.
const tableLen = 8

// LargestConsts lists the nodes with most constants, a line each.
func (r *Report) LargestConsts() string {
	return largest(r.Nodes, func(n NodeReport) int { return n.ConstBytes })
}

// LargestLive lists the nodes during which most of the arena is in use, a line each.
func (r *Report) LargestLive() string {
	return largest(r.Nodes, func(n NodeReport) int { return n.LiveBytes })
}

func largest(nodes []NodeReport, size func(NodeReport) int) string {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b NodeReport) int { return cmp.Compare(size(b), size(a)) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, n := range nodes[:min(tableLen, len(nodes))] {
		if size(n) > 0 {
			fmt.Fprintf(w, "    %d\tbytes\t  %s\n", size(n), strings.Join(append([]string{n.Kernel}, n.From[:min(1, len(n.From))]...), ", "))
		}
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n")
}
