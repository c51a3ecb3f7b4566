package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"gongkai/extract"
)

// release is the version in the CHANGELOG that this source leads to.
const release = "0.1.0"

// version is the release, with the commit when the binary was built from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "+" + s.Value[:12]
		}
	}
	return release
}

// program is what the program calls itself to portals and in its configuration.
func program() string { return "gongkai/" + version() }

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version of the program and of its extractor",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if e.asJSON {
				return e.printJSON(map[string]any{"gongkai": version(), "extractor": extract.Version})
			}
			fmt.Fprintf(e.stdout, "gongkai %s, extractor %d\n", version(), extract.Version)
			return nil
		},
	}
}
