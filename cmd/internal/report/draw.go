package report

import (
	"cmp"
	"fmt"
	"slices"
)

// drawing is an SVG picture: boxes, and lines between them.
type drawing struct {
	Width, Height int
	Boxes         []box
	Lines         []string // path data
	Peak          int      // y of the line at the arena's size
}

type box struct {
	X, Y, W, H  float64
	Title, Text string // on hovering; inside
	Sub         string // a second line inside
	Kind        string // CSS class
}

const (
	boxW, boxH = 190, 38
	gapX, gapY = 16, 22
)

// network lays the layers out in rows: each below all that it reads.
func network(layers []Layer) drawing {
	row := make([]int, len(layers))
	var rows [][]int
	for i, l := range layers {
		for _, r := range l.reads {
			if r >= 0 {
				row[i] = max(row[i], row[r]+1)
			}
		}
		for len(rows) <= row[i] {
			rows = append(rows, nil)
		}
		rows[row[i]] = append(rows[row[i]], i)
	}
	widest := 1
	for _, r := range rows {
		widest = max(widest, len(r))
	}
	d := drawing{Width: widest*(boxW+gapX) + gapX, Height: len(rows)*(boxH+gapY) + gapY, Boxes: make([]box, len(layers))}
	for y, r := range rows {
		left := (d.Width - len(r)*(boxW+gapX) + gapX) / 2
		for x, i := range r {
			l := layers[i]
			d.Boxes[i] = box{X: float64(left + x*(boxW+gapX)), Y: float64(gapY/2 + y*(boxH+gapY)), W: boxW, H: boxH, Title: layerName(l.From, l.Kernel), Text: l.Kernel, Sub: l.Output, Kind: kindOf(l.Kernel)}
		}
	}
	for i, l := range layers {
		for _, r := range l.reads {
			if r >= 0 {
				d.Lines = append(d.Lines, curve(d.Boxes[r], d.Boxes[i]))
			}
		}
	}
	return d
}

// curve goes from the bottom of a box to the top of another.
func curve(a, b box) string {
	x0, y0, x1, y1 := a.X+a.W/2, a.Y+a.H, b.X+b.W/2, b.Y
	bend := 10 + (y1-y0)/4
	return fmt.Sprintf("M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f", x0, y0, x0, y0+bend, x1, y1-bend, x1, y1)
}

// kindOf groups kernels by colour.
func kindOf(kernel string) string {
	for _, k := range []struct{ prefix, kind string }{
		{"conv", "conv"}, {"dwconv", "conv"}, {"fc", "fc"}, {"matmul", "fc"}, {"lstm", "fc"}, {"gru", "fc"},
		{"maxpool", "pool"}, {"avgpool", "pool"}, {"reduce", "pool"}, {"quantize", "io"}, {"dequantize", "io"},
	} {
		if len(kernel) >= len(k.prefix) && kernel[:len(k.prefix)] == k.prefix {
			return k.kind
		}
	}
	return "other"
}

// arena draws the buffers: layers to the right, addresses upwards.
func arena(d *Data) drawing {
	const width, height = 1000, 320
	top := 1
	for _, b := range d.Buffers {
		top = max(top, b.Offset+b.Bytes)
	}
	step, unit := float64(width)/float64(max(len(d.Layers), 1)), float64(height-20)/float64(top)
	out := drawing{Width: width, Height: height, Peak: 20}
	for _, b := range d.Buffers {
		out.Boxes = append(out.Boxes, box{
			X: float64(b.First) * step, Y: height - float64(b.Offset+b.Bytes)*unit, W: float64(b.Last-b.First+1)*step - 1, H: max(float64(b.Bytes)*unit, 1),
			Title: fmt.Sprintf("%s: %d bytes at %d, layers %d to %d", b.Name, b.Bytes, b.Offset, b.First+1, b.Last+1), Kind: kindOf(d.Layers[b.First].Kernel),
		})
	}
	return out
}

// tile is a rectangle of the treemap, in percent of its width and height.
type tile struct {
	X, Y, W, H float64
	Name       string
	Bytes      int
	Kind       string
}

// treemap divides a rectangle by bytes: always the longer side, into halves that weigh about the same.
func treemap(d *Data) []tile {
	var parts []tile
	for _, l := range d.Layers {
		if l.ConstBytes > 0 {
			parts = append(parts, tile{Name: layerName(l.From, l.Kernel), Bytes: l.ConstBytes, Kind: kindOf(l.Kernel)})
		}
	}
	if d.CodeBytes > 0 {
		parts = append(parts, tile{Name: "code", Bytes: d.CodeBytes, Kind: "io"})
	}
	slices.SortStableFunc(parts, func(a, b tile) int { return cmp.Compare(b.Bytes, a.Bytes) })
	divide(parts, 0, 0, 100, 100)
	return parts
}

func divide(parts []tile, x, y, w, h float64) {
	if len(parts) == 0 {
		return
	}
	if len(parts) == 1 {
		parts[0].X, parts[0].Y, parts[0].W, parts[0].H = x, y, w, h
		return
	}
	total, first, cut := 0, parts[0].Bytes, 1
	for _, p := range parts {
		total += p.Bytes
	}
	for cut < len(parts)-1 && first+parts[cut].Bytes <= total/2 {
		first += parts[cut].Bytes
		cut++
	}
	share := float64(first) / float64(total)
	if w >= h {
		divide(parts[:cut], x, y, w*share, h)
		divide(parts[cut:], x+w*share, y, w*(1-share), h)
		return
	}
	divide(parts[:cut], x, y, w, h*share)
	divide(parts[cut:], x, y+h*share, w, h*(1-share))
}
