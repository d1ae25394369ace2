package main

import (
	"fmt"
	"runtime"

	"github.com/deepgo/deepgo"
	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print deepgo's version",
		Example: "  deepgo version",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "deepgo %s (%s, %s/%s)\n", deepgo.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
