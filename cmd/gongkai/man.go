package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(*env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "write man pages, one a command, into a folder",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("man takes one DIR, such as /usr/local/share/man/man1")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // the date would make two builds differ
			for _, c := range allCommands(root) {
				c.Long = listsApart(c.Long)
			}
			err := doc.GenManTree(root, &doc.GenManHeader{Title: "GONGKAI", Section: "1", Source: "gongkai " + version(), Manual: "gongkai 公开"}, args[0])
			if err != nil {
				return err
			}
			return plainFlags(args[0])
		},
	}
}

// listsApart indents lists so far that a page of Markdown, of which man pages are made, keeps their lines.
func listsApart(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}

var manFlag = regexp.MustCompile(`\\fB-(-[a-z-]+)\\fP(=""|\[=false\])?`)

// plainFlags writes the flags in man pages as the documentation has them: with one dash, and without defaults that are
// none.
func plainFlags(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "gongkai*.1"))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, manFlag.ReplaceAll(text, []byte(`\fB$1\fP`)), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return err
}
