package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/store"
)

// Exit codes are documented in the README; scripts depend on them.
const (
	exitDone    = 0
	exitFailed  = 1 // could not do it
	exitUsage   = 2 // wrong flags or configuration
	exitPartial = 3 // done, but some items failed
	exitLocked  = 4 // another process holds the archive
)

// usagef makes an error of the caller's: flags, arguments.
func usagef(format string, args ...any) error { return config.Usagef(format, args...) }

// A partialError says that the work was done except for some items; the summary has been printed.
type partialError struct{ what string }

func (e partialError) Error() string { return e.what }

// run is the program: it carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out, errs := term.NewWriter(stdout), term.NewWriter(stderr)
	defer out.Flush()
	defer errs.Flush()
	e := &env{stdout: out, stderr: errs}
	root := newRoot(e)
	root.SetArgs(doubleDashes(args))
	root.SetOut(out)
	if oneDash(args) {
		root.SetOut(shortener{e})
	}
	root.SetErr(errs)
	return exitCode(root.ExecuteContext(ctx), errs)
}

// exitCode says what went wrong in one sentence and returns the code that stands for it.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(stderr, "gongkai: %v%s\n", err, advice(err))
	return codeOf(err)
}

// codeOf returns the exit code that an error stands for.
func codeOf(err error) int {
	var usage config.UsageError
	var partial partialError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &partial):
		return exitPartial
	case errors.Is(err, store.ErrLocked):
		return exitLocked
	}
	return exitFailed
}

// doubleDashes lets flags be written with one dash, as in the documentation: -portal becomes --portal. There are no
// one-letter flags to be mistaken for.
func doubleDashes(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		if len(a) > 2 && a[0] == '-' && a[1] != '-' && (a[1] < '0' || a[1] > '9') {
			a = "-" + a
		}
		out[i] = a
	}
	return out
}

// env is what every command needs: the streams, and what the global flags say.
type env struct {
	stdout, stderr io.Writer // text for people: of package term
	configFile     string
	archive        string
	logFormat      string
	logLevel       string
	asJSON         bool
	readOnly       bool

	lending  sync.Mutex
	memories map[string]memory // by archive

	concluding sync.Mutex // held by the run that writes its report

	free func(dir string) (int64, error) // nil: what the system says; tests fill disks with it
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "gongkai",
		Short: "crawl, archive and export annual reports on government information disclosure",
		Long: `gongkai (公开) visits the portals on which Chinese government bodies publish their annual reports on information
disclosure (政府信息公开工作年度报告), archives every answer as served, reads the statutory figures, and exports them.

Try it without a network:   gongkai demo

Exit codes: 0 done · 1 could not · 2 usage or configuration · 3 done, but some items failed · 4 another process
holds the archive`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q%s; gongkai help lists them", args[0], similar(args[0], commandNames(cmd)))
			}
			return cmd.Help()
		},
	}
	root.PersistentPreRunE = e.refuseChanges
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w%s; see %s -help", err, unknownFlag(cmd, err), cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVar(&e.configFile, "config", "", "configuration `FILE` (default ./config.toml, then built-in defaults)")
	flags.StringVar(&e.archive, "archive", "", "archive `DIR`, instead of the configured one")
	flags.StringVar(&e.logFormat, "log-format", "text", "logs on stderr as text or json")
	flags.StringVar(&e.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.BoolVar(&e.asJSON, "json", false, "machine-readable output where a person would otherwise parse text")
	flags.BoolVar(&e.readOnly, "read-only", false, "change nothing in the archive: a command that would is refused")
	root.AddCommand(newCrawl(e), newBackfill(e), newDaemon(e), newReport(e), newCoverage(e), newService(e), newMan(e), newExtract(e), newExport(e), newImport(e), newShow(e), newVerify(e), newBackup(e), newCompact(e), newMerge(e), newStatus(e), newWhy(e), newSeeds(e), newDemo(e), newVersion(e))
	e.complete(root)
	return root
}

// exact returns stdout for what programs read: it is passed on as it is.
func (e *env) exact() io.Writer { return term.Bare(e.stdout) }

// newEncoder returns what writes JSON to stdout, with Chinese as it is.
func (e *env) newEncoder() *json.Encoder { return term.NewEncoder(e.stdout) }

// printJSON writes v to stdout, indented, with Chinese as it is.
func (e *env) printJSON(v any) error { return term.WriteJSON(e.stdout, v) }

// newTable starts a plain table on stdout.
func (e *env) newTable(head ...any) table.Writer { return term.NewTable(e.stdout, head...) }

// logger writes to stderr as the flags say.
func (e *env) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(e.logLevel)); err != nil {
		return nil, usagef("-log-level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	switch e.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(e.stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(e.stderr, options)), nil
	}
	return nil, usagef("-log-format is text or json, not %q", e.logFormat)
}

// noArgs refuses arguments, as a mistake in usage.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}
