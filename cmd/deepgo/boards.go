package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/deepgo/deepgo"
	"github.com/deepgo/deepgo/targets"
	"github.com/spf13/cobra"
)

type boardsFlags struct {
	load loadFlags
	fit  string
	io   string
	json bool
}

func newBoards() *cobra.Command {
	var f boardsFlags
	c := &cobra.Command{
		Use:     "boards",
		Short:   "List the boards that deepgo makes firmware for, and which a model fits",
		Example: "  deepgo boards\n  deepgo boards --fit model.onnx",
		Args:    exactArgs(),
		RunE:    f.run,
	}
	f.load.add(c)
	c.Flags().StringVar(&f.fit, "fit", "", "say which boards this `model` fits")
	ioFlag(c, &f.io)
	c.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	return c
}

// boardFit is a board, and whether a model fits it.
type boardFit struct {
	*targets.Board
	FlashBytes int    `json:"flash_bytes,omitempty"` // 0: not limited
	RAMBytes   int    `json:"ram_bytes,omitempty"`
	Fits       *bool  `json:"fits,omitempty"`
	Needs      string `json:"needs,omitempty"` // what the model takes, or why it does not fit
}

func (f *boardsFlags) run(c *cobra.Command, _ []string) error {
	var m *deepgo.Model
	if f.fit != "" {
		var err error
		if m, err = f.load.load(c, f.fit); err != nil {
			return err
		}
	}
	var all []boardFit
	for _, name := range targets.Boards() {
		b, t, err := targets.LoadBoard(name)
		if err != nil {
			return err
		}
		fit := boardFit{Board: b, FlashBytes: t.FlashBytes, RAMBytes: t.RAMBytes}
		if m != nil {
			fit.try(m, f.io)
		}
		all = append(all, fit)
	}
	if f.json {
		return printJSON(c.OutOrStdout(), all)
	}
	return printBoards(c.OutOrStdout(), all)
}

// try compiles the model for the board. Code and stack come on top of what is compared here.
func (b *boardFit) try(m *deepgo.Model, io string) {
	p, err := m.Compile(deepgo.CompileOptions{Board: b.Name, IO: io})
	fits := err == nil && p.Fit() == nil
	b.Fits = &fits
	if err != nil {
		b.Needs = "more than its processor can address"
		return
	}
	flash, ram := p.Report.ConstBytes, p.Report.ArenaBytes+p.Report.IOBytes
	b.Needs = fmt.Sprintf("%s of constants, %s of arena and buffers", bytesText(flash), bytesText(ram))
	if !fits {
		b.Needs += b.remedy(m, io, flash, ram)
	}
}

// remedy says what would make a model fit.
func (b *boardFit) remedy(m *deepgo.Model, io string, flash, ram int) string {
	if q, err := m.Compile(deepgo.CompileOptions{Board: b.Name, IO: "quantized"}); io != "quantized" && err == nil && q.Fit() == nil {
		return "; fits with --io quantized"
	}
	text := ""
	if b.FlashBytes > 0 && flash > b.FlashBytes {
		text += fmt.Sprintf("; %s of flash too little", bytesText(flash-b.FlashBytes))
	}
	if b.RAMBytes > 0 && ram > b.RAMBytes {
		text += fmt.Sprintf("; %s of RAM too little", bytesText(ram-b.RAMBytes))
	}
	return text
}

func printBoards(out io.Writer, all []boardFit) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fit := all[0].Fits != nil
	if fit {
		fmt.Fprintln(w, "BOARD\tFITS\tFLASH\tRAM\tTHE MODEL TAKES")
	} else {
		fmt.Fprintln(w, "BOARD\tTARGET\tFLASH\tRAM\tCHECKED BY\tWHAT")
	}
	for _, b := range all {
		if !fit {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", b.Name, b.Target, limitText(b.FlashBytes), limitText(b.RAMBytes), b.Checked, b.Doc)
			continue
		}
		verdict := "no"
		if *b.Fits {
			verdict = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", b.Name, verdict, limitText(b.FlashBytes), limitText(b.RAMBytes), b.Needs)
	}
	return w.Flush()
}
