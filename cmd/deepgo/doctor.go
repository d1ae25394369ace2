package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/spf13/cobra"
)

func newDoctor() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "doctor",
		Short:   "Show which compilers and emulators are there, and how to get the rest",
		Example: "  deepgo doctor\n  deepgo doctor --json",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := diagnose()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), d)
			}
			return d.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

// diagnosis is what doctor finds on this machine.
type diagnosis struct {
	Targets  []targetHealth `json:"targets"`
	Packages []string       `json:"packages"` // of Debian, that bring what is missing
}

type targetHealth struct {
	Target   string   `json:"target"`
	Compiler string   `json:"compiler"`
	Missing  []string `json:"missing"` // programs that are not on the PATH
}

func diagnose() (*diagnosis, error) {
	d := &diagnosis{Packages: []string{}}
	for _, name := range targets.Names() {
		t, err := targets.Load(name)
		if err != nil {
			return nil, err
		}
		h := targetHealth{name, t.CC, append([]string{}, toolchain.Missing(t)...)}
		d.Targets = append(d.Targets, h)
		for _, p := range t.Packages {
			if len(h.Missing) > 0 && !slices.Contains(d.Packages, p) {
				d.Packages = append(d.Packages, p)
			}
		}
	}
	return d, nil
}

func (d *diagnosis) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, h := range d.Targets {
		if len(h.Missing) == 0 {
			fmt.Fprintf(w, "ok\t%s\t%s\n", h.Target, h.Compiler)
		} else {
			fmt.Fprintf(w, "missing\t%s\t%s\n", h.Target, strings.Join(h.Missing, ", "))
		}
	}
	if err := w.Flush(); err != nil || len(d.Packages) == 0 {
		return err
	}
	_, err := fmt.Fprintf(out, "\nTo get the rest (Debian, Ubuntu):\n  sudo apt-get install -y %s\n", strings.Join(d.Packages, " "))
	return err
}
