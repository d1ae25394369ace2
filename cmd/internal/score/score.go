// Package score measures how well a model does its task, and how near two models are to each other.
package score

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/deepgo/deepgo/ir"
	"github.com/deepgo/deepgo/ir/interp"
	"github.com/deepgo/deepgo/ir/tensor"
	"github.com/deepgo/deepgo/passes/quantize"
)

// Outputs runs a graph on samples, on all processors.
func Outputs(g *ir.Graph, samples [][]*tensor.Tensor) ([][]*tensor.Tensor, error) {
	out := make([][]*tensor.Tensor, len(samples))
	err := quantize.Each(len(samples), func(i int) (err error) {
		out[i], err = interp.Run(g, samples[i], interp.Options{Fast: true})
		return err
	})
	return out, err
}

// Best returns the greatest element of every output; of several the first.
func Best(outs []*tensor.Tensor) []int {
	best := make([]int, len(outs))
	for k, t := range outs {
		for i := range t.Len() {
			if t.F64(i) > t.F64(best[k]) {
				best[k] = i
			}
		}
	}
	return best
}

// Nearness says how near outputs are to those of a reference.
type Nearness struct {
	Samples int     `json:"samples"`
	Agree   int     `json:"agree"` // samples whose greatest elements are the same in every output
	SNR     float64 `json:"snr_db"`
	Cosine  float64 `json:"cosine"`
}

// Near compares outputs with a reference.
func Near(got, want [][]*tensor.Tensor) Nearness {
	n, sums := Nearness{Samples: len(want)}, quantize.Nearness{}
	for i := range want {
		if same(Best(got[i]), Best(want[i])) {
			n.Agree++
		}
		for k, t := range want[i] {
			sums.Add(t, got[i][k])
		}
	}
	n.SNR, n.Cosine = sums.SNR(), sums.Cosine()
	return n
}

func same(a, b []int) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Right counts the samples whose greatest elements are the labels, in every output.
func Right(outs [][]*tensor.Tensor, labels [][]int) int {
	right := 0
	for i, want := range labels {
		if same(Best(outs[i]), want) {
			right++
		}
	}
	return right
}

// Rounded returns outputs between 0 and 1 as 8 bits hold them.
func Rounded(outs [][]*tensor.Tensor) [][]*tensor.Tensor {
	rounded := make([][]*tensor.Tensor, len(outs))
	for i, sample := range outs {
		for _, t := range sample {
			r := tensor.New(t.DType, t.Shape...)
			for j := range t.Len() {
				r.SetF64(j, math.Min(math.RoundToEven(t.F64(j)*256), 255)/256)
			}
			rounded[i] = append(rounded[i], r)
		}
	}
	return rounded
}

// ReadLabels reads the labels of n samples of a model with so many classes in each output: a text file with a label a line, a
// .csv file with "file,label" rows, or with an empty path the folders that the samples are in, sorted. A label is a number for
// each output, or a word with a letter of the alphabet for each.
func ReadLabels(path string, names []string, classes []int, alphabet string) ([][]int, error) {
	var words []string
	var err error
	switch {
	case path == "":
		words = foldersOf(names)
	case strings.EqualFold(filepath.Ext(path), ".csv"):
		words, err = csvLabels(path, names)
	default:
		words, err = lines(path)
	}
	if err != nil {
		return nil, err
	}
	if len(words) != len(names) {
		return nil, fmt.Errorf("%s: %d labels for %d samples", path, len(words), len(names))
	}
	labels := make([][]int, len(words))
	for i, w := range words {
		if labels[i], err = parseLabel(w, classes, alphabet); err != nil {
			return nil, fmt.Errorf("%s: label %d: %w", path, i+1, err)
		}
	}
	return labels, nil
}

func lines(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	return strings.Fields(string(data)), err
}

func csvLabels(path string, names []string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	for _, line := range strings.Split(string(data), "\n") {
		if name, label, ok := strings.Cut(strings.TrimSpace(line), ","); ok {
			of[name] = label
		}
	}
	words := make([]string, len(names))
	for i, n := range names {
		if words[i] = of[n]; words[i] == "" {
			return nil, fmt.Errorf("%s: no label for %s", path, n)
		}
	}
	return words, nil
}

// foldersOf numbers the folders that the samples are in.
func foldersOf(names []string) []string {
	words, seen := make([]string, len(names)), map[string]int{}
	for i, n := range names { // sorted, so that folders come in order
		dir := filepath.Dir(n)
		if _, ok := seen[dir]; !ok {
			seen[dir] = len(seen)
		}
		words[i] = strconv.Itoa(seen[dir])
	}
	return words
}

func parseLabel(word string, classes []int, alphabet string) ([]int, error) {
	if len(classes) == 1 {
		if k, err := strconv.Atoi(word); err == nil && k >= 0 && k < classes[0] {
			return []int{k}, nil
		}
	}
	letters := []rune(word)
	if len(letters) != len(classes) {
		return nil, fmt.Errorf("%q has %d letters, the model %d outputs", word, len(letters), len(classes))
	}
	label := make([]int, len(letters))
	for i, l := range letters {
		at := strings.IndexRune(alphabet, l)
		if at < 0 || at >= classes[i] {
			return nil, fmt.Errorf("%q is not among the %d classes of output %d; --alphabet says what they are", string(l), classes[i], i)
		}
		label[i] = len([]rune(alphabet[:at]))
	}
	return label, nil
}
