package op

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// Ensembles of decision trees. All three operators become Forest, deepgo's own, whose tables the kernel reads; what a classifier makes of
// the sums is arithmetic on them.
var treeDefs = []*Def{
	{Name: "TreeEnsembleClassifier", Domain: mlDomain, Since: []int{1, 3, 5}, In: Args("X"), Out: Args("Y", "Z"), Attrs: slices.Concat(treeAttrs("class"), labelAttrs("classlabels_int64s")), Upgrade: upgradeLabels, Parts: partsTreeClassifier},
	{Name: "TreeEnsembleRegressor", Domain: mlDomain, Since: []int{1, 3, 5}, In: Args("X"), Out: Args("Y"), Attrs: append(treeAttrs("target"), Str("aggregate_function", "SUM"), Int("n_targets", 0)), Parts: partsTreeRegressor},
	{Name: "TreeEnsemble", Domain: mlDomain, Since: []int{5}, In: Args("X"), Out: Args("Y"),
		Attrs: []Attr{Int("aggregate_function", 1), Ints("leaf_targetids").Must(), Tensor("leaf_weights").Must(), Tensor("membership_values"), Int("n_targets", 0), Ints("nodes_falseleafs").Must(), Ints("nodes_falsenodeids").Must(), Ints("nodes_featureids").Must(),
			Tensor("nodes_hitrates"), Ints("nodes_missing_value_tracks_true"), Tensor("nodes_modes").Must(), Tensor("nodes_splits").Must(), Ints("nodes_trueleafs").Must(), Ints("nodes_truenodeids").Must(), Int("post_transform", 0), Ints("tree_roots").Must()},
		Parts: partsTreeEnsemble},
	{Name: "Forest", In: Args("X", "roots", "feature", "threshold", "jump", "start", "target", "weight"), Out: Args("Y"), Attrs: []Attr{Int("targets", 1), Int("aggregate", 0), Int("per", 0), Int("dense", 0)},
		Infer: inferForest, Eval: evalForest, Lower: lowerForest},
	{Name: "trees", In: Args("x", "roots", "feature", "threshold", "jump", "start", "target", "weight"), Out: Args("y"), Eval: evalTreesKernel},
	{Name: "treecode", In: Args("x"), Out: Args("y"), Eval: evalTreeCode},
}

// treeAttrs are the attributes of a tree ensemble of versions 1 and 3, whose leaves' are named after what they hold.
func treeAttrs(leaf string) []Attr {
	return []Attr{Floats("base_values"), Tensor("base_values_as_tensor"), Ints(leaf + "_ids"), Ints(leaf + "_nodeids"), Ints(leaf + "_treeids"), Floats(leaf + "_weights"), Tensor(leaf + "_weights_as_tensor"),
		Ints("nodes_falsenodeids"), Ints("nodes_featureids"), Floats("nodes_hitrates"), Tensor("nodes_hitrates_as_tensor"), Ints("nodes_missing_value_tracks_true"), Strs("nodes_modes"), Ints("nodes_nodeids"),
		Ints("nodes_treeids"), Ints("nodes_truenodeids"), Floats("nodes_values"), Tensor("nodes_values_as_tensor"), Str("post_transform", "NONE")}
}

// branch is one node of a tree: a test, or a leaf.
type branch struct {
	feature int
	mode    string // BRANCH_LEQ and its kin, or LEAF
	value   float64
	members []float64 // of BRANCH_MEMBER
	missing bool      // NaN goes where true does
	yes, no int
	leaf    []leafEntry
}

// leafEntry is what a leaf adds to a target.
type leafEntry struct {
	target int
	weight float64
}

// forest is an ensemble as a model has it.
type forest struct {
	nodes []branch
	roots []int
}

// Flags of a node's feature in the tables; the feature itself is in the bits below.
const (
	treeUnequal = 1 << 14 // go on where the feature is not equal to the threshold, instead of where it is less or equal
	treeMissing = 1 << 13 // NaN goes the other way than the comparison says
	mostFeature = 1<<13 - 1
)

// attrFloats returns a list of floats that may be given as a tensor.
func attrFloats(a ir.Attrs, name string) []float64 {
	if t := a.Tensor(name + "_as_tensor"); t != nil {
		return t.Float64s()
	}
	var out []float64
	for _, v := range a.Floats(name) {
		out = append(out, float64(v))
	}
	return out
}

// newForest reads the attributes of versions 1 and 3. leaf is "class" or "target".
func newForest(a ir.Attrs, leaf string) (*forest, error) {
	trees, ids, features := a.Ints("nodes_treeids"), a.Ints("nodes_nodeids"), a.Ints("nodes_featureids")
	yes, no, modes, missing := a.Ints("nodes_truenodeids"), a.Ints("nodes_falsenodeids"), a.Strings("nodes_modes"), a.Ints("nodes_missing_value_tracks_true")
	values := attrFloats(a, "nodes_values")
	n := len(ids)
	if len(trees) != n || len(features) != n || len(yes) != n || len(no) != n || len(modes) != n || len(values) != n || len(missing) != 0 && len(missing) != n {
		return nil, fmt.Errorf("the lists of nodes have %d ids, %d trees, %d features, %d values and %d modes; expected as many of each", n, len(trees), len(features), len(values), len(modes))
	}
	at := map[[2]int]int{}
	f := &forest{}
	for i := range n {
		if i == 0 || trees[i] != trees[i-1] {
			f.roots = append(f.roots, i)
		}
		at[[2]int{trees[i], ids[i]}] = i
	}
	for i := range n {
		b := branch{feature: features[i], mode: modes[i], value: values[i], missing: missing != nil && missing[i] != 0, yes: -1, no: -1}
		if modes[i] != "LEAF" {
			var found [2]bool
			b.yes, found[0] = at[[2]int{trees[i], yes[i]}]
			b.no, found[1] = at[[2]int{trees[i], no[i]}]
			if !found[0] || !found[1] {
				return nil, fmt.Errorf("node %d of tree %d leads to %d and %d, of which one is not there", ids[i], trees[i], yes[i], no[i])
			}
		}
		f.nodes = append(f.nodes, b)
	}
	return f, f.readLeaves(a, leaf, at)
}

func (f *forest) readLeaves(a ir.Attrs, leaf string, at map[[2]int]int) error {
	trees, ids, targets, weights := a.Ints(leaf+"_treeids"), a.Ints(leaf+"_nodeids"), a.Ints(leaf+"_ids"), attrFloats(a, leaf+"_weights")
	if len(trees) != len(ids) || len(targets) != len(ids) || len(weights) != len(ids) {
		return fmt.Errorf("the lists of leaves have %d ids, %d trees, %d targets and %d weights; expected as many of each", len(ids), len(trees), len(targets), len(weights))
	}
	for i := range ids {
		k, ok := at[[2]int{trees[i], ids[i]}]
		if !ok {
			return fmt.Errorf("leaf %d of tree %d is not there", ids[i], trees[i])
		}
		f.nodes[k].leaf = append(f.nodes[k].leaf, leafEntry{targets[i], weights[i]})
	}
	return nil
}

// treeModes are the modes of TreeEnsemble by number.
var treeModes = []string{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"}

// newForest5 reads the attributes of TreeEnsemble, where leaves are a list of their own.
func newForest5(a ir.Attrs) (*forest, error) {
	modes, splits, leaves := a.Tensor("nodes_modes"), a.Tensor("nodes_splits"), a.Tensor("leaf_weights")
	features, yes, no := a.Ints("nodes_featureids"), a.Ints("nodes_truenodeids"), a.Ints("nodes_falsenodeids")
	yesLeaf, noLeaf, missing, targets := a.Ints("nodes_trueleafs"), a.Ints("nodes_falseleafs"), a.Ints("nodes_missing_value_tracks_true"), a.Ints("leaf_targetids")
	n := len(features)
	if modes.Len() != n || splits.Len() != n || len(yes) != n || len(no) != n || len(yesLeaf) != n || len(noLeaf) != n || len(missing) != 0 && len(missing) != n || leaves.Len() != len(targets) {
		return nil, fmt.Errorf("the lists of nodes and leaves do not fit each other")
	}
	var members []float64
	if t := a.Tensor("membership_values"); t != nil {
		members = t.Float64s()
	}
	f := &forest{roots: a.Ints("tree_roots")}
	child := func(id, leaf int) int {
		if leaf != 0 {
			return n + id
		}
		return id
	}
	for i := range n {
		mode := int(modes.I64(i))
		if mode >= len(treeModes) {
			return nil, fmt.Errorf("mode %d of node %d is unknown", mode, i)
		}
		b := branch{feature: features[i], mode: treeModes[mode], value: splits.F64(i), missing: missing != nil && missing[i] != 0, yes: child(yes[i], yesLeaf[i]), no: child(no[i], noLeaf[i])}
		if b.mode == "BRANCH_MEMBER" {
			end := slices.IndexFunc(members, func(v float64) bool { return v != v })
			if end < 0 {
				end = len(members)
			}
			b.members, members = members[:end], members[min(end+1, len(members)):]
		}
		f.nodes = append(f.nodes, b)
	}
	for i, t := range targets {
		f.nodes = append(f.nodes, branch{mode: "LEAF", leaf: []leafEntry{{t, leaves.F64(i)}}})
	}
	return f, f.check(n)
}

// check wants every child to be there.
func (f *forest) check(tests int) error {
	for i, b := range f.nodes[:tests] {
		if b.yes < 0 || b.yes >= len(f.nodes) || b.no < 0 || b.no >= len(f.nodes) {
			return fmt.Errorf("node %d leads to %d and %d, of which one is not there", i, b.yes, b.no)
		}
	}
	for _, r := range f.roots {
		if r < 0 || r >= len(f.nodes) {
			return fmt.Errorf("root %d is not there", r)
		}
	}
	return nil
}

// treeTables are a forest as Forest and its kernel read it: a test goes on to the next node, or jumps; a leaf, whose feature is -1, has
// its number in jump.
type treeTables struct {
	features   int // of a row, at most
	single     bool
	roots      []int64
	feature    []int64
	threshold  []float64
	jump       []int64
	start      []int64 // of each leaf's entries, and the end of the last
	entries    []leafEntry
	unfinished map[int]bool // nodes on the way down: a cycle comes back to one
}

// newTables lays out the trees. single tells that features are float32, which decides what is next below a threshold.
func (f *forest) newTables(single bool) (*treeTables, error) {
	t := &treeTables{single: single, unfinished: map[int]bool{}}
	if len(f.roots) == 0 {
		return nil, errors.New("there are no trees")
	}
	for _, r := range f.roots {
		t.roots = append(t.roots, int64(len(t.feature)))
		if err := t.add(f, r); err != nil {
			return nil, err
		}
	}
	t.start = append(t.start, int64(len(t.entries)))
	return t, nil
}

// mostTreeNodes bounds tables of trees whose branches meet again.
const mostTreeNodes = 1 << 24

func (t *treeTables) add(f *forest, i int) error {
	b := &f.nodes[i]
	if b.mode == "LEAF" {
		t.node(-1, 0)
		t.jump[len(t.jump)-1] = int64(len(t.start))
		t.start = append(t.start, int64(len(t.entries)))
		t.entries = append(t.entries, b.leaf...)
		return nil
	}
	if t.unfinished[i] || len(t.feature) > mostTreeNodes || len(t.unfinished) > 10_000 {
		return fmt.Errorf("node %d leads back to itself, or the trees are too large", i)
	}
	if b.feature < 0 || b.feature > mostFeature {
		return fmt.Errorf("node %d looks at feature %d; expected 0 to %d", i, b.feature, mostFeature)
	}
	t.unfinished[i] = true
	defer delete(t.unfinished, i)
	t.features = max(t.features, b.feature+1)
	return t.test(f, b)
}

// test lays out one test: as x <= threshold or x != threshold, which go on, and what does not jumps.
func (t *treeTables) test(f *forest, b *branch) error {
	next, jump, flags, values := b.yes, b.no, 0, []float64{b.value}
	swapped := false // true jumps
	switch b.mode {
	case "BRANCH_LEQ":
	case "BRANCH_LT":
		values[0] = t.below(b.value)
	case "BRANCH_GT":
		swapped = true
	case "BRANCH_GTE":
		swapped, values[0] = true, t.below(b.value)
	case "BRANCH_NEQ":
		flags = treeUnequal
	case "BRANCH_EQ":
		swapped, flags = true, treeUnequal
	case "BRANCH_MEMBER":
		swapped, flags, values = true, treeUnequal, b.members
	default:
		return fmt.Errorf("mode %q is unknown", b.mode)
	}
	if swapped {
		next, jump = jump, next
	}
	// NaN makes x <= t false, which jumps, and x != t true, which goes on; the model sends it to what the comparison gives, or to true.
	jumps, isTrue := flags&treeUnequal == 0, b.missing || b.mode == "BRANCH_NEQ"
	if shouldJump := isTrue == swapped; jumps != shouldJump {
		flags |= treeMissing
	}
	var tests []int
	for _, v := range values {
		tests = append(tests, len(t.feature))
		t.node(int64(b.feature|flags), v)
	}
	if err := t.add(f, next); err != nil {
		return err
	}
	for _, k := range tests {
		t.jump[k] = int64(len(t.feature))
	}
	return t.add(f, jump)
}

func (t *treeTables) node(feature int64, threshold float64) {
	t.feature, t.threshold, t.jump = append(t.feature, feature), append(t.threshold, threshold), append(t.jump, 0)
}

// below is the greatest value less than v.
func (t *treeTables) below(v float64) float64 {
	if t.single {
		return float64(math.Nextafter32(float32(v), float32(math.Inf(-1))))
	}
	return math.Nextafter(v, math.Inf(-1))
}

// forest applies an ensemble to rows of features, and returns [rows][targets].
func (p *Parts) forest(f *forest, x *ir.Value, targets int, aggregate int) *ir.Value {
	d := x.Type.DType
	t, err := f.newTables(d == tensor.Float32)
	if err != nil {
		p.Fail("%w", err)
	}
	if targets < 1 || slices.ContainsFunc(t.entries, func(e leafEntry) bool { return e.target < 0 || e.target >= targets }) {
		p.Fail("a leaf adds to a target that is not one of %d", targets)
	}
	if x.Type.Shape[1] < t.features {
		p.Fail("X has %d features; the trees look at feature %d", x.Type.Shape[1], t.features-1)
	}
	per, dense := t.regular(targets)
	target, weight := make([]int64, len(t.entries)), make([]float64, len(t.entries))
	for i, e := range t.entries {
		target[i], weight[i] = int64(e.target), e.weight
	}
	if dense {
		target = []int64{0}
	}
	start := t.start
	if per > 0 {
		start = []int64{0}
	}
	ints := func(v []int64) *ir.Value { return p.Constant(smallInts(v)) }
	floats := func(v []float64) *ir.Value { return p.Constant(tensorOf(ir.Type{DType: d, Shape: []int{len(v)}}, v)) }
	attrs := ir.Attrs{"targets": int64(targets), "aggregate": int64(aggregate), "per": int64(per), "dense": truth(dense)}
	return p.Do("Forest", attrs, x, ints(t.roots), ints(t.feature), floats(t.threshold), ints(t.jump), ints(start), ints(target), floats(weight))
}

// regular returns how many entries every leaf has, 0 where that differs, and whether they are for the targets in order.
func (t *treeTables) regular(targets int) (per int, dense bool) {
	per = int(t.start[1] - t.start[0])
	for i := range t.start[1:] {
		if t.start[i+1]-t.start[i] != int64(per) {
			return 0, false
		}
	}
	dense = per == targets
	for i, e := range t.entries {
		dense = dense && e.target == i%targets
	}
	return per, dense
}

// smallInts returns integers in 16 bits where they fit, in 32 otherwise.
func smallInts(v []int64) *tensor.Tensor {
	d := tensor.Int16
	if slices.ContainsFunc(v, func(x int64) bool { return x != int64(int16(x)) }) {
		d = tensor.Int32
	}
	t := tensor.New(d, len(v))
	for i, x := range v {
		t.SetI64(i, x)
	}
	return t
}

func inferForest(c *Call) ([]ir.Type, error) {
	return typed(c.Type(0).DType, c.Shape(0)[0], c.Attrs.Int("targets")), nil
}

func evalForest(c *Call) ([]*tensor.Tensor, error) {
	y := tensor.New(c.X(0).DType, c.X(0).Shape[0], c.Attrs.Int("targets"))
	runForest(c.in, y, c.X(0).Shape[1], c.Attrs.Int("targets"), c.Attrs.Int("aggregate"), c.Attrs.Int("per"), c.Attrs.Bool("dense"))
	return one(y), nil
}

// runForest adds up the leaves that each row comes to; aggregate 1 is their mean, 2 the least and 3 the greatest.
func runForest(in []*tensor.Tensor, y *tensor.Tensor, features, targets, aggregate, per int, dense bool) {
	x, roots, start, target, weight := in[0], in[1], in[5], in[6], in[7]
	for r := range y.Len() / targets {
		sum, seen := make([]float64, targets), make([]bool, targets)
		for t := range roots.Len() {
			leaf := descend(in, int(roots.I64(t)), func(f int) float64 { return x.F64(r*features + f) })
			from, to := leaf*per, leaf*per+per
			if per == 0 {
				from, to = int(start.I64(leaf)), int(start.I64(leaf+1))
			}
			for e := from; e < to; e++ {
				k := e - from
				if !dense {
					k = int(target.I64(e))
				}
				w := weight.F64(e)
				switch {
				case aggregate < 2:
					sum[k] += w
				case !seen[k] || aggregate == 2 && w < sum[k] || aggregate == 3 && w > sum[k]:
					sum[k] = w
				}
				seen[k] = true
			}
		}
		for k, v := range sum {
			if aggregate == 1 {
				v /= float64(roots.Len())
			}
			y.SetF64(r*targets+k, v)
		}
	}
}

// descend goes down one tree and returns the number of the leaf.
func descend(in []*tensor.Tensor, i int, x func(feature int) float64) int {
	feature, threshold, jump := in[2], in[3], in[4]
	for feature.I64(i) >= 0 {
		f := int(feature.I64(i))
		v := x(f & mostFeature)
		on := v <= threshold.F64(i)
		if f&treeUnequal != 0 {
			on = v != threshold.F64(i)
		}
		if v != v && f&treeMissing != 0 {
			on = !on
		}
		if on {
			i++
		} else {
			i = int(jump.I64(i))
		}
	}
	return int(jump.I64(i))
}

func lowerForest(l *Lowering) error {
	attrs := ir.Attrs{"T": l.Type(0).DType.C(), "ROWS": int64(l.Shape(0)[0]), "FEATURES": int64(l.Shape(0)[1]), "TREES": int64(l.Type(1).Len()), "TARGETS": int64(l.Attrs.Int("targets")),
		"AGGREGATE": int64(l.Attrs.Int("aggregate")), "PER": int64(l.Attrs.Int("per")), "DENSE": int64(l.Attrs.Int("dense"))}
	for i, name := range map[int]string{1: "ROOTT", 2: "FEATURET", 4: "JUMPT", 5: "STARTT", 6: "TARGETT"} {
		attrs[name] = l.Type(i).DType.C()
	}
	l.Replace("trees", attrs, l.Node.Inputs...)
	return nil
}

func evalTreesKernel(c *Call) ([]*tensor.Tensor, error) {
	a, y := c.Attrs, c.newOut(0)
	runForest(c.in, y, a.Int("FEATURES"), a.Int("TARGETS"), a.Int("AGGREGATE"), a.Int("PER"), a.Bool("DENSE"))
	return one(y), nil
}

func partsTreeRegressor(p *Parts) []*ir.Value {
	f, err := newForest(p.Attrs, "target")
	if err != nil {
		p.Fail("%w", err)
	}
	aggregate := slices.Index([]string{"SUM", "AVERAGE", "MIN", "MAX"}, p.Attrs.String("aggregate_function"))
	if aggregate < 0 {
		p.Fail("aggregate_function %q is unknown; expected SUM, AVERAGE, MIN or MAX", p.Attrs.String("aggregate_function"))
	}
	y := p.withBase(p.forest(f, p.rows(p.In(0)), max(p.Attrs.Int("n_targets"), 1), aggregate))
	return []*ir.Value{p.Cast(p.transformed(y), tensor.Float32)}
}

// withBase adds the base values, one for each target.
func (p *Parts) withBase(y *ir.Value) *ir.Value {
	base := attrFloats(p.Attrs, "base_values")
	if len(base) == 0 {
		return y
	}
	if n := y.Type.Shape[1]; len(base) != n {
		p.Fail("%d base values for %d targets", len(base), n)
	}
	return p.Add(y, p.Constant(tensorOf(ir.Type{DType: y.Type.DType, Shape: []int{len(base)}}, base)))
}

func partsTreeEnsemble(p *Parts) []*ir.Value {
	f, err := newForest5(p.Attrs)
	if err != nil {
		p.Fail("%w", err)
	}
	aggregate, transform := p.Attrs.Int("aggregate_function"), p.Attrs.Int("post_transform")
	names := []string{"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"}
	if aggregate < 0 || aggregate > 3 || transform < 0 || transform >= len(names) {
		p.Fail("aggregate_function %d or post_transform %d is unknown", aggregate, transform)
	}
	y := p.forest(f, p.rows(p.In(0)), max(p.Attrs.Int("n_targets"), 1), []int{1, 0, 2, 3}[aggregate])
	return []*ir.Value{p.Cast(p.transform(names[transform], y), p.Type(0).DType)}
}

// partsTreeClassifier: two classes of which the leaves know one are told apart by one score, as ONNX Runtime does; otherwise the class with
// the greatest score wins.
func partsTreeClassifier(p *Parts) []*ir.Value {
	f, err := newForest(p.Attrs, "class")
	if err != nil {
		p.Fail("%w", err)
	}
	labels := p.labels("classlabels_int64s")
	ids, n := p.Attrs.Ints("class_ids"), labels.Type.Len()
	x := p.rows(p.In(0))
	if n == 2 && !slices.ContainsFunc(ids, func(id int) bool { return id != ids[0] }) && len(attrFloats(p.Attrs, "base_values")) < 2 {
		return p.binaryTrees(f, x, labels)
	}
	scores := p.withBase(p.forest(f, x, n, 0))
	chosen := p.chosen(scores, labels)
	if n == 2 { // the second class wins with any score
		positive := p.Do("Greater", nil, p.Slice(scores, 1, 1, 2), p.Like(scores, 0))
		chosen = p.Do("Gather", nil, labels, p.Cast(p.Reshape(positive, scores.Type.Shape[0]), tensor.Int64))
	}
	return []*ir.Value{chosen, p.Cast(p.transformed(scores), tensor.Float32)}
}

// binaryTrees tells two classes apart by one score: a probability where no weight is negative, a margin otherwise.
func (p *Parts) binaryTrees(f *forest, x, labels *ir.Value) []*ir.Value {
	for i := range f.nodes {
		for k := range f.nodes[i].leaf {
			f.nodes[i].leaf[k].target = 0
		}
	}
	s := p.withBase(p.forest(f, x, 1, 0))
	probability := !slices.ContainsFunc(attrFloats(p.Attrs, "class_weights"), func(w float64) bool { return w < 0 })
	limit := 0.0
	if probability {
		limit = 0.5
	}
	second := p.Cast(p.Reshape(p.Do("Greater", nil, s, p.Like(s, limit)), x.Type.Shape[0]), tensor.Int64)
	var scores *ir.Value
	switch {
	case p.Attrs.String("post_transform") == "LOGISTIC":
		scores = p.Do("Sigmoid", nil, p.Concat(1, p.Do("Neg", nil, s), s))
	case probability:
		scores = p.Concat(1, p.Sub(p.Like(s, 1), s), s)
	default:
		scores = p.Concat(1, p.Do("Neg", nil, s), s)
	}
	return []*ir.Value{p.Do("Gather", nil, labels, second), p.Cast(scores, tensor.Float32)}
}

// evalTreeCode reads the tables that the code was printed from.
func evalTreeCode(c *Call) ([]*tensor.Tensor, error) {
	in, a, y := []*tensor.Tensor{c.X(0)}, c.Attrs, c.newOut(0)
	for _, name := range []string{"roots", "feature", "threshold", "jump", "start", "target", "weight"} {
		in = append(in, a.Tensor(name))
	}
	runForest(in, y, a.Int("FEATURES"), a.Int("TARGETS"), a.Int("AGGREGATE"), a.Int("per"), a.Bool("dense"))
	return one(y), nil
}
