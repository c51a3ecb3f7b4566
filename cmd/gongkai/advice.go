package main

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gongkai/cmd/gongkai/disk"
	"gongkai/crawler"
	"gongkai/store"
)

// advice says what to do next about an error, "" when the error says it itself.
func advice(err error) string {
	var path *os.PathError
	switch {
	case errors.Is(err, errNotAll):
		return "; gongkai report and gongkai status tell more"
	case errors.Is(err, errNoAnswer):
		return "; gongkai report and gongkai why tell what came instead"
	case errors.Is(err, crawler.ErrNoNetwork):
		return "; nothing was learnt from that, the next run goes on"
	case errors.Is(err, store.ErrLocked):
		return "; wait until that ends (gongkai daemon lets go of the archive between its runs), or use another -archive"
	case disk.IsFull(err) && !errors.Is(err, disk.ErrFull):
		return "; make room on the disk and run it again, nothing that was archived is lost"
	case damaged(err):
		return " (gongkai verify lists all, gongkai verify -repair mends what can be mended)"
	case errors.As(err, &path) && errors.Is(err, os.ErrPermission):
		return "; check who owns it"
	}
	return ""
}

// damaged reports whether an error tells of damage in an archive.
func damaged(err error) bool {
	return errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNotArchive) && strings.Contains(err.Error(), "first pages are damaged")
}

// similar returns the names that may have been meant by a word, for an error to end with: `; did you mean "crawl"?`.
func similar(word string, names []string) string {
	// cobra compares words as it does commands.
	root := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range names {
		root.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	found := root.SuggestionsFor(word)
	if len(found) == 0 {
		return ""
	}
	for i, name := range found {
		found[i] = strconv.Quote(name)
	}
	return "; did you mean " + strings.Join(found, " or ") + "?"
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// unknownFlag says which flags may have been meant.
func unknownFlag(cmd *cobra.Command, err error) string {
	_, word, unknown := strings.Cut(err.Error(), "unknown flag: --")
	if !unknown {
		return ""
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return strings.ReplaceAll(similar(word, names), ` "`, ` "-`)
}
