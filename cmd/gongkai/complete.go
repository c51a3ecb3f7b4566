package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/crawler/coverage"
	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/export"
)

// complete gives the commands what shells ask for: portals of the catalogue, agencies and years of the archive, and
// the words that flags take. What cannot be read offers nothing.
func (e *env) complete(root *cobra.Command) {
	words := map[string]func() []string{
		"portal":     e.portalWords,
		"agency":     e.agencyWords,
		"division":   e.divisionWords,
		"year":       e.yearWords,
		"years":      e.yearWords,
		"level":      func() []string { return []string{"central", "province", "prefecture", "county", "township"} },
		"log-format": func() []string { return []string{"text", "json"} },
		"log-level":  func() []string { return []string{"debug", "info", "warn", "error"} },
	}
	for _, cmd := range allCommands(root) {
		for name, list := range words {
			if cmd.LocalFlags().Lookup(name) != nil && cmd.Flags().Lookup(name) != nil {
				cmd.RegisterFlagCompletionFunc(name, offer(list)) // fails for a flag that is not there, or is registered
			}
		}
		switch cmd.Name() {
		case "coverage":
			cmd.RegisterFlagCompletionFunc("format", offer(func() []string { return []string{"table", "csv", "html"} }))
			cmd.RegisterFlagCompletionFunc("by", offer(func() []string { return []string{"province", "level", "year", "reason"} }))
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		case "export":
			cmd.RegisterFlagCompletionFunc("format", offerFormats)
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		case "show":
			cmd.ValidArgsFunction = offerFirst(e.keyWords)
		case "report":
			cmd.ValidArgsFunction = offerFirst(e.runWords)
		case "service":
		default:
			if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil {
				cmd.ValidArgsFunction = cobra.NoFileCompletions
			}
		}
	}
}

func allCommands(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		list = append(list, allCommands(c)...)
	}
	return list
}

func offer(list func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var fit []string
		for _, word := range list() {
			if strings.HasPrefix(word, begun) {
				fit = append(fit, word)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp
	}
}

// offerFormats offers what -format of export takes: tables in several, with commas between them, or records of captures
// alone.
func offerFormats(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before, last := "", begun
	if i := strings.LastIndexByte(begun, ','); i >= 0 {
		before, last = begun[:i+1], begun[i+1:]
	}
	words := export.Formats()
	if before == "" {
		words = append(words, "warc", "wacz")
	}
	var fit []string
	for _, word := range words {
		if strings.HasPrefix(word, last) && !slices.Contains(strings.Split(before, ","), word) {
			fit = append(fit, before+word)
		}
	}
	return fit, cobra.ShellCompDirectiveNoFileComp
}

func offerFirst(list func() []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(list)(cmd, args, begun)
	}
}

func (e *env) portalWords() (words []string) {
	if c, err := e.loadConfig(); err == nil {
		portals, _ := c.Portals(nil)
		for _, p := range portals {
			words = append(words, cobra.CompletionWithDesc(p.ID, p.Agency))
		}
	}
	return words
}

func (e *env) divisionWords() (words []string) {
	if c, err := e.loadConfig(); err == nil {
		portals, _ := c.Portals(nil)
		for _, p := range portals {
			words = append(words, p.Division)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// held lists what the archive holds; nothing when it cannot be opened.
func (e *env) held() (all []coverage.Holding) {
	e.view(func(_ config.Config, s *store.Store) (err error) {
		all, err = coverage.Holdings(s)
		return err
	})
	return all
}

func (e *env) agencyWords() (words []string) {
	for _, h := range e.held() {
		words = append(words, cobra.CompletionWithDesc(string(h.Key), h.Name))
	}
	return words
}

func (e *env) yearWords() (words []string) {
	for _, h := range e.held() {
		for year := range h.Years {
			words = append(words, strconv.Itoa(year))
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func (e *env) keyWords() (words []string) {
	for _, h := range e.held() {
		for year := range h.Years {
			words = append(words, extract.Key{Agency: h.Key, Year: year}.String())
		}
	}
	slices.Sort(words)
	return words
}

func (e *env) runWords() []string {
	c, err := e.loadConfig()
	if err != nil {
		return nil
	}
	names, _ := reportFolder(&c).Runs()
	return names
}

// oneDash lets flags be completed as they are begun: a word with one dash is offered words with one.
func oneDash(args []string) bool {
	if len(args) < 2 || args[0] != cobra.ShellCompRequestCmd && args[0] != cobra.ShellCompNoDescRequestCmd {
		return false
	}
	last := args[len(args)-1]
	return strings.HasPrefix(last, "-") && !strings.HasPrefix(last, "--")
}

// A shortener takes one of two dashes from the beginning of each line.
type shortener struct{ env *env }

func (s shortener) Write(p []byte) (int, error) {
	lines := strings.SplitAfter(string(p), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "--") {
			lines[i] = line[1:]
		}
	}
	if _, err := fmt.Fprint(s.env.stdout, strings.Join(lines, "")); err != nil {
		return 0, err
	}
	return len(p), nil
}
