package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo/ir/op"
	"github.com/spf13/cobra"
)

type opJSON struct {
	Name   string `json:"name"`
	Domain string `json:"domain,omitempty"`
	Since  []int  `json:"since"`
	C      bool   `json:"c"`
}

func newOps() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ops",
		Short: "List the ONNX operators that deepgo supports",
		Long: `List the ONNX operators that deepgo supports, with the opset versions that changed them.
An operator without C runs in the interpreter, and in C where the compiler can fold it away.`,
		Example: "  deepgo ops\n  deepgo ops --json",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return listOps(c, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

func listOps(c *cobra.Command, asJSON bool) error {
	var all []opJSON
	for _, d := range op.Table() {
		if !d.IsKernel() && d.Since != nil {
			all = append(all, opJSON{d.ONNX(), d.Domain, d.Since, d.Lower != nil})
		}
	}
	if asJSON {
		return printJSON(c.OutOrStdout(), all)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATOR\tDOMAIN\tOPSETS\tC")
	for _, d := range all {
		in := "yes"
		if !d.C {
			in = "folded only"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Name, d.Domain, strings.Trim(strings.ReplaceAll(fmt.Sprint(d.Since), " ", ","), "[]"), in)
	}
	return w.Flush()
}
