package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/deepgo/deepgo/targets"
	"github.com/deepgo/deepgo/targets/toolchain"
	"github.com/spf13/cobra"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Show which compilers and emulators are there, and how to get the rest",
		Args:  exactArgs(),
		RunE:  runDoctor,
	}
}

func runDoctor(c *cobra.Command, _ []string) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	var packages []string
	for _, name := range targets.Names() {
		t, err := targets.Load(name)
		if err != nil {
			return err
		}
		missing := toolchain.Missing(t)
		if len(missing) == 0 {
			fmt.Fprintf(w, "ok\t%s\t%s\n", name, t.CC)
			continue
		}
		fmt.Fprintf(w, "missing\t%s\t%s\n", name, strings.Join(missing, ", "))
		for _, p := range t.Packages {
			if !slices.Contains(packages, p) {
				packages = append(packages, p)
			}
		}
	}
	if err := w.Flush(); err != nil || len(packages) == 0 {
		return err
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "\nTo get the rest (Debian, Ubuntu):\n  sudo apt-get install -y %s\n", strings.Join(packages, " "))
	return err
}
