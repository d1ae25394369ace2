package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/deepgo/deepgo/targets"
	"github.com/spf13/cobra"
)

func newTargets() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "targets [NAME]",
		Short:   "List the machines that deepgo compiles for",
		Example: "  deepgo targets\n  deepgo targets cortex-m4",
		Args:    optionalArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				t, err := targets.Load(args[0])
				if err != nil {
					return &usageError{c.Name(), err}
				}
				return printJSON(c.OutOrStdout(), t)
			}
			return listTargets(c, asJSON)
		},
		ValidArgs: targets.Names(),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print every target's description as JSON")
	return c
}

func listTargets(c *cobra.Command, asJSON bool) error {
	var all []*targets.Target
	for _, name := range targets.Names() {
		t, err := targets.Load(name)
		if err != nil {
			return err
		}
		all = append(all, t)
	}
	if asJSON {
		return printJSON(c.OutOrStdout(), all)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tFLASH\tRAM\tCOMPILER\tWHAT")
	for _, t := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Name, limitText(t.FlashBytes), limitText(t.RAMBytes), t.CC, t.Doc)
	}
	return w.Flush()
}

// limitText shows a part's memory, which comes in powers of two; "-" is no limit.
func limitText(n int) string {
	switch {
	case n == 0:
		return "-"
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
