package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"gongkai/crawler"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
)

func newExtract(e *env) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "extract",
		Short: "read the archive again with today's extractor; no network",
		Long: `Extract reads archived report pages that have no record of today's extractor yet, and keeps what it reads.
Crawling reads what it archives; this is for after an update of the program. A record that comes out otherwise
is no revision of the report: its captures stay the same.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.extract(cmd.Context(), all) },
	}
	cmd.Flags().BoolVar(&all, "all", false, "read every page, also those that today's extractor has read")
	return cmd
}

// extractCount is what reading again did.
type extractCount struct {
	Read     int `json:"read"`
	Changed  int `json:"changed"`
	Rejected int `json:"rejected"`
	Failed   int `json:"failed"`
	Left     int `json:"left_alone"`
}

func (n extractCount) String() string {
	return fmt.Sprintf("%d pages read (%d came out otherwise, %d are no reports, %d failed), %d left alone",
		n.Read, n.Changed, n.Rejected, n.Failed, n.Left)
}

func (e *env) extract(ctx context.Context, all bool) error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	log, err := e.logger()
	if err != nil {
		return err
	}
	portals, err := c.portals(nil)
	if err != nil {
		return err
	}
	byID := map[string]seeds.Portal{}
	for _, p := range portals {
		byID[p.ID] = p
	}
	s, err := openExisting(c.Archive.Path)
	if err != nil {
		return err
	}
	defer s.Close()
	var n extractCount
	for capture, err := range s.Captures(0) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return partialError{"stopped before the end: " + n.String()}
		}
		if capture.Kind != store.KindReport || capture.State != store.StateOK {
			continue
		}
		if err := reread(s, capture, byID[capture.Portal], all, &n); err != nil {
			n.Failed++
			log.Warn("cannot read", "capture", capture.ID, "url", capture.URL, "err", err)
		}
	}
	if e.asJSON {
		err = e.printJSON(n)
	} else {
		_, err = fmt.Fprintln(e.stdout, "extract:", n)
	}
	if err == nil && n.Failed > 0 {
		return partialError{fmt.Sprintf("%d pages could not be read", n.Failed)}
	}
	return err
}

// reread reads one archived page again, unless today's extractor has read it and all is false.
func reread(s *store.Store, capture store.Capture, p seeds.Portal, all bool, n *extractCount) error {
	old, have, err := s.Record(capture.ID)
	if err != nil {
		return err
	}
	if have && old.Version == extract.Version && !all {
		n.Left++
		return nil
	}
	body, err := s.Body(capture.SHA256)
	if err != nil {
		return err
	}
	record := crawler.ReadBody(capture, body, p)
	if err := s.PutRecord(&record); err != nil {
		return err
	}
	n.Read++
	if record.Rejected != "" {
		n.Rejected++
	}
	if !have || old.Text != record.Text || old.Fields != record.Fields || old.Rejected != record.Rejected {
		n.Changed++
	}
	return nil
}
