package op

import (
	"fmt"
	"slices"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/tensor"
)

// TfIdfVectorizer over integers; strings have no place in a fixed buffer.
var ngramDefs = []*Def{
	{Name: "TfIdfVectorizer", Since: []int{9}, In: Args("X"), Out: Args("Y"),
		Attrs: []Attr{Int("max_gram_length", 0).Must(), Int("max_skip_count", 0).Must(), Int("min_gram_length", 0).Must(), Str("mode", "").Must(), Ints("ngram_counts").Must(), Ints("ngram_indexes").Must(),
			Ints("pool_int64s"), Strs("pool_strings"), Floats("weights")}, Infer: inferTfIdf, Eval: evalTfIdf, Lower: lowerTfIdf},
}

// grams are the n-grams that a TfIdfVectorizer looks for.
type grams struct {
	lists  [][]int // the n-grams, flattened, by length; lists[0] holds those of one element
	place  [][]int // where each of them is counted in the output
	weight [][]float64
	size   int // of the output
}

func newGrams(a ir.Attrs) (*grams, error) {
	pool, counts, indexes, weights := a.Ints("pool_int64s"), a.Ints("ngram_counts"), a.Ints("ngram_indexes"), a.Floats("weights")
	if len(pool) == 0 || len(a.Strings("pool_strings")) > 0 {
		return nil, fmt.Errorf("pool_int64s is missing: n-grams of strings are not supported")
	}
	if len(indexes) == 0 || slices.Min(indexes) < 0 || weights != nil && len(weights) != len(indexes) {
		return nil, fmt.Errorf("ngram_indexes %v and %d weights do not belong together", indexes, len(weights))
	}
	g := &grams{size: slices.Max(indexes) + 1}
	next := 0
	for n, from := range counts {
		to := len(pool)
		if n+1 < len(counts) {
			to = counts[n+1]
		}
		if from < 0 || to < from || to > len(pool) || (to-from)%(n+1) != 0 || next+(to-from)/(n+1) > len(indexes) {
			return nil, fmt.Errorf("ngram_counts %v do not divide a pool of %d", counts, len(pool))
		}
		some := (to - from) / (n + 1)
		g.lists, g.place = append(g.lists, pool[from:to]), append(g.place, indexes[next:next+some])
		var w []float64
		for i := range some {
			if weights == nil {
				w = append(w, 1)
			} else {
				w = append(w, float64(weights[next+i]))
			}
		}
		g.weight, next = append(g.weight, w), next+some
	}
	return g, nil
}

func inferTfIdf(c *Call) ([]ir.Type, error) {
	g, err := newGrams(c.Attrs)
	if err != nil {
		return nil, err
	}
	s := c.Shape(0)
	if len(s) < 1 || len(s) > 2 {
		return nil, fmt.Errorf("X has shape %v; expected one or two dimensions", s)
	}
	if m := c.Attrs.String("mode"); m != "TF" && m != "IDF" && m != "TFIDF" {
		return nil, fmt.Errorf("mode %q is unknown; expected TF, IDF or TFIDF", m)
	}
	return typed(tensor.Float32, slices.Concat(s[:len(s)-1], []int{g.size})...), nil
}

func evalTfIdf(c *Call) ([]*tensor.Tensor, error) {
	types, err := inferTfIdf(c)
	if err != nil {
		return nil, err
	}
	g, _ := newGrams(c.Attrs)
	y := tensor.New(tensor.Float32, types[0].Shape...)
	n := c.X(0).Shape[len(c.X(0).Shape)-1]
	for r := range y.Len() / g.size {
		for i, v := range g.row(c.X(0).Int64s()[r*n:(r+1)*n], c.Attrs) {
			y.SetF64(r*g.size+i, v)
		}
	}
	return one(y), nil
}

// row counts the n-grams of one sequence.
func (g *grams) row(x []int64, a ir.Attrs) []float64 {
	y := make([]float64, g.size)
	for n := a.Int("min_gram_length"); n <= a.Int("max_gram_length") && n <= len(g.lists); n++ {
		for i, at := range g.place[n-1] {
			count := 0
			for skip := range a.Int("max_skip_count") + 1 {
				if n == 1 && skip > 0 { // one element has no gaps
					break
				}
				count += occurrences(x, g.lists[n-1][i*n:(i+1)*n], skip+1)
			}
			switch w := g.weight[n-1][i]; {
			case a.String("mode") == "TF":
				y[at] += float64(count)
			case a.String("mode") == "TFIDF":
				y[at] += float64(count) * w
			case count > 0:
				y[at] = w
			}
		}
	}
	return y
}

// occurrences counts where gram stands in x, with step between its elements.
func occurrences(x []int64, gram []int, step int) int {
	count := 0
	for from := 0; from+(len(gram)-1)*step < len(x); from++ {
		same := true
		for k, v := range gram {
			same = same && x[from+k*step] == int64(v)
		}
		count += boolToInt(same)
	}
	return count
}
