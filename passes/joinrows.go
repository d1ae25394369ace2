// joinrows makes the pixels of a convolution that looks at one at a time a single row, where it does not run row by row: kernels that
// take several pixels at once then meet the end of a row but once.
//
//	%y = conv2d_f32(%x, %w, %b) {IH=6, IW=6, KH=1, KW=1, N=1, OH=6, OW=6, …}  =>  %y = conv2d_f32(%x, %w, %b) {IH=1, IW=36, KH=1, KW=1, N=1, OH=1, OW=36, …}

package passes

import "github.com/deepgo/deepgo/ir"

func joinRows(g *ir.Graph, c *Config) (int, error) {
	changed := 0
	for i, n := range g.Nodes {
		if _, rows := ir.WindowOf(n); !rows || n.Varies() || !pointwise(n.Attrs) || (&ir.Memory{Streams: c.streams}).StreamOf(i) != nil {
			continue
		}
		a := n.Attrs
		if a.Int("PT") != 0 || a.Int("PL") != 0 || a.Int("OH") != a.Int("IH") || a.Int("OW") != a.Int("IW") || a.Int("N")*a.Int("OH") == 1 {
			continue
		}
		pixels := int64(a.Int("N") * a.Int("OH") * a.Int("OW"))
		a["N"], a["IH"], a["OH"], a["IW"], a["OW"] = int64(1), int64(1), int64(1), pixels, pixels
		changed++
	}
	return changed, nil
}
