package codegen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Table lists the nodes that take most: of flash, or of RAM.
func (r *Report) Table(flash bool) string {
	const most = 8
	size := func(n NodeReport) int {
		if flash {
			return n.ConstBytes
		}
		return n.LiveBytes
	}
	nodes := slices.Clone(r.Nodes)
	slices.SortStableFunc(nodes, func(a, b NodeReport) int { return cmp.Compare(size(b), size(a)) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i, n := range nodes {
		if i == most || size(n) == 0 {
			break
		}
		from := n.Kernel
		if len(n.From) > 0 {
			from = n.Kernel + ", " + n.From[0]
		}
		fmt.Fprintf(w, "    %d\tbytes\t  %s\n", size(n), from)
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n")
}
