package main

import (
	"os"
	"time"

	"github.com/deepgo/deepgo"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan is for those who package deepgo.
func newMan() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "man",
		Short:   "Write the manual pages",
		Example: "  deepgo man --output /usr/local/share/man/man1",
		Args:    exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return err
			}
			date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // the same pages from every run
			return doc.GenManTree(c.Root(), &doc.GenManHeader{Title: "DEEPGO", Section: "1", Source: "deepgo " + deepgo.Version, Date: &date}, dir)
		},
	}
	c.Flags().StringVarP(&dir, "output", "o", "man", "`folder` to write into")
	return c
}
