package passes

import (
	"slices"

	"github.com/deepgo/deepgo/ir"
)

// rewriter changes a graph node by node and keeps track of who reads what meanwhile. Nodes that nothing reads any more
// go at once, so that a rule sees the true number of readers.
type rewriter struct {
	g       *ir.Graph
	at      *ir.Node // the node that the rule looks at; new nodes go before it
	readers map[*ir.Value][]*ir.Node
	before  map[*ir.Node][]*ir.Node
	dead    map[*ir.Node]bool
}

// rewrite calls rule for every node, in order, and returns how often it reported a change.
func rewrite(g *ir.Graph, rule func(r *rewriter, n *ir.Node) bool) int {
	r := &rewriter{g: g, readers: readers(g), before: map[*ir.Node][]*ir.Node{}, dead: map[*ir.Node]bool{}}
	changed := 0
	for _, n := range g.Nodes {
		r.at = n
		if !r.dead[n] && rule(r, n) {
			changed++
		}
	}
	if changed > 0 {
		r.finish()
	}
	return changed
}

// rewriteAll repeats rewrite until rule changes nothing.
func rewriteAll(g *ir.Graph, rule func(r *rewriter, n *ir.Node) bool) int {
	total := 0
	for {
		changed := rewrite(g, rule)
		if changed == 0 {
			return total
		}
		total += changed
	}
}

// finish writes the new list of nodes.
func (r *rewriter) finish() {
	var nodes []*ir.Node
	for _, n := range r.g.Nodes {
		for _, m := range append(r.before[n], n) {
			if !r.dead[m] {
				nodes = append(nodes, m)
			}
		}
	}
	r.g.Nodes = nodes
}

// readers returns, per value, the nodes that read it, once for each time, those that a node's body captures included.
func readers(g *ir.Graph) map[*ir.Value][]*ir.Node {
	uses := g.Uses()
	for _, n := range g.Nodes {
		for _, v := range captured(n) {
			uses[v] = append(uses[v], n)
		}
	}
	return uses
}

// captured returns the values that the bodies of a control-flow node read from outside.
func captured(n *ir.Node) []*ir.Value {
	var out []*ir.Value
	for _, k := range n.Attrs.Keys() {
		body := n.Attrs.Graph(k)
		if body == nil {
			continue
		}
		inside := map[*ir.Value]bool{}
		for _, v := range body.Inputs {
			inside[v] = true
		}
		for _, m := range body.Nodes {
			for _, v := range m.Outputs {
				inside[v] = true
			}
		}
		reads := slices.Clone(body.Outputs)
		for _, m := range body.Nodes {
			reads = append(append(reads, m.Inputs...), captured(m)...)
		}
		for _, v := range reads {
			if v != nil && !v.IsConst() && !inside[v] {
				out = append(out, v)
			}
		}
	}
	return out
}

// only returns the node that alone reads v, or nil where there are more, or where v is an output of the graph.
func (r *rewriter) only(v *ir.Value) *ir.Node {
	if len(r.readers[v]) != 1 || r.g.IsOutput(v) {
		return nil
	}
	return r.readers[v][0]
}

// emit adds a node before the current one. It computes one new value of type t, named after base.
func (r *rewriter) emit(base, op string, attrs ir.Attrs, t ir.Type, from []string, inputs ...*ir.Value) *ir.Value {
	v := r.g.NewValue(base, t)
	r.add(&ir.Node{Op: op, Attrs: attrs, Inputs: inputs, Outputs: []*ir.Value{v}, From: from})
	return v
}

// add puts n before the current node.
func (r *rewriter) add(n *ir.Node) {
	if n.Attrs == nil {
		n.Attrs = ir.Attrs{}
	}
	for _, v := range n.Outputs {
		if v != nil {
			v.Def = n
		}
	}
	for _, v := range n.Inputs {
		if v != nil {
			r.readers[v] = append(r.readers[v], n)
		}
	}
	r.before[r.at] = append(r.before[r.at], n)
}

// setInput makes v input i of n; v is nil to make it absent.
func (r *rewriter) setInput(n *ir.Node, i int, v *ir.Value) {
	for len(n.Inputs) <= i {
		n.Inputs = append(n.Inputs, nil)
	}
	old := n.Inputs[i]
	if old == v {
		return
	}
	n.Inputs[i] = v
	if v != nil {
		r.readers[v] = append(r.readers[v], n)
	}
	if old != nil {
		r.unread(old, n)
	}
}

// renew makes v, a new version of the constant that is input i of n, that input; it gets the name where nothing else reads the
// old version.
func (r *rewriter) renew(n *ir.Node, i int, v *ir.Value) {
	old := n.Inputs[i]
	r.setInput(n, i, v)
	if len(r.readers[old]) == 0 && !r.g.IsOutput(old) {
		old.Name, v.Name = v.Name, old.Name
	}
}

// setInputs makes n read vs.
func (r *rewriter) setInputs(n *ir.Node, vs ...*ir.Value) {
	old := n.Inputs
	n.Inputs = vs
	for _, v := range vs {
		if v != nil {
			r.readers[v] = append(r.readers[v], n)
		}
	}
	for _, v := range old {
		if v != nil {
			r.unread(v, n)
		}
	}
}

// unread notes that n reads v one time less, and removes what only v needed.
func (r *rewriter) unread(v *ir.Value, n *ir.Node) {
	list := r.readers[v]
	if i := slices.Index(list, n); i >= 0 {
		r.readers[v] = slices.Delete(slices.Clone(list), i, i+1)
	}
	r.sweep(v.Def)
}

// sweep removes n where nothing reads its outputs.
func (r *rewriter) sweep(n *ir.Node) {
	if n == nil || r.dead[n] {
		return
	}
	for _, v := range n.Outputs {
		if v != nil && (len(r.readers[v]) > 0 || r.g.IsOutput(v)) {
			return
		}
	}
	r.remove(n)
}

// remove takes n, whose outputs nothing reads any more, out of the graph.
func (r *rewriter) remove(n *ir.Node) {
	r.dead[n] = true
	for _, v := range append(slices.Clone(n.Inputs), captured(n)...) {
		if v != nil {
			r.unread(v, n)
		}
	}
}

// replace makes every reader of old read new, and removes what only old needed. A graph output's name stays with the
// output. The node that reads new takes over nothing of old's provenance; callers that merge nodes pass it on.
func (r *rewriter) replace(old, new *ir.Value) {
	if old == new {
		return
	}
	list := r.readers[old]
	delete(r.readers, old)
	for _, n := range list {
		for i, v := range n.Inputs {
			if v == old {
				n.Inputs[i] = new
			}
		}
		replaceCaptured(n, old, new)
	}
	r.readers[new] = append(r.readers[new], list...)
	if r.g.IsOutput(old) {
		r.g.Replace(old, new)
	}
	r.sweep(old.Def)
}

// supersede replaces old by new, which has old's value and takes its name over.
func (r *rewriter) supersede(old, new *ir.Value) {
	if !r.g.IsOutput(old) {
		old.Name, new.Name = new.Name, old.Name
	}
	r.replace(old, new)
}

func replaceCaptured(n *ir.Node, old, new *ir.Value) {
	for _, k := range n.Attrs.Keys() {
		if body := n.Attrs.Graph(k); body != nil {
			body.Replace(old, new)
			for _, m := range body.Nodes {
				replaceCaptured(m, old, new)
			}
		}
	}
}

// inherit notes that n now also does what other nodes did.
func inherit(n *ir.Node, others ...*ir.Node) {
	from := slices.Clone(n.From)
	for _, o := range others {
		for _, name := range o.From {
			if !slices.Contains(from, name) {
				from = append(from, name)
			}
		}
	}
	n.From = from
}
