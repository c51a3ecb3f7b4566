package main

import (
	"context"
	"fmt"
	"strings"

	"gongkai/cmd/gongkai/config"
	"gongkai/store"
	"gongkai/store/export"
	"gongkai/store/warc"
)

// exportWARC writes the captures that the options let through as WARC files, or as one WACZ file.
func (e *env) exportWARC(ctx context.Context, out, asOf string, o export.Options, wacz bool) error {
	if o.BOM {
		return usagef("-bom is for CSV files")
	}
	return e.view(func(_ config.Config, s *store.Store) error {
		m, err := moment(s, asOf)
		if err != nil {
			return err
		}
		o.AsOf, o.Log = m.Capture, m.Log
		want, err := export.Pages(ctx, s, o)
		if err != nil {
			return err
		}
		sum, err := warc.Write(ctx, s, out, warc.Options{AsOf: o.AsOf, Want: want, WACZ: wacz, Tool: o.Tool, About: filterWords(o)})
		if err != nil && ctx.Err() != nil {
			return partialError{"stopped before the end; " + out + " is as it was"}
		}
		if err != nil {
			return err
		}
		if e.asJSON {
			err = e.printJSON(sum)
		} else {
			_, err = fmt.Fprintf(e.stdout, "export: %s, in %s\n", sum, out)
		}
		if err == nil && len(sum.Lost) > 0 {
			return partialError{"damaged in the archive: " + strings.Join(sum.Lost, " ")}
		}
		return err
	})
}

// filterWords says what an export is limited to, for those who find it without the command that made it.
func filterWords(o export.Options) string {
	var words []string
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+" "+value)
		}
	}
	add("agency", string(o.Agency))
	add("division", o.Division)
	add("level", o.Level)
	if o.Years != (export.Years{}) {
		add("years", fmt.Sprintf("%d-%d", o.Years.From, o.Years.To))
	}
	if len(words) == 0 {
		return ""
	}
	return "Only captures of reports with " + strings.Join(words, ", ") + ", and of their parts."
}
