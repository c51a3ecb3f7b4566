package reading

import (
	"errors"
	"fmt"
	"strings"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

// Read reads what has been gathered as the record of the page that c captured. It uses the documents up. Its error is that
// of memory.
func (g *Gathering) Read(c store.Capture, by Publisher) (rec store.Record, err error) {
	rec = store.Record{Capture: c.ID, URL: c.URL, Time: c.Time, Portal: c.Portal, Home: by.Division, SHA256: c.SHA256, Version: extract.Version}
	defer func() {
		rec.Parts = g.Parts()
		if r := recover(); r != nil { // one hostile page must not end a night's crawl
			rec.Report, rec.Rejected = nil, fmt.Sprintf("reading panicked: %v", r)
		}
	}()
	if g.doc == nil {
		rec.Rejected = g.why
		return rec, nil
	}
	done, err := g.budget.begin(c.SHA256, stageReport)
	if err != nil {
		rec.Rejected = err.Error()
		return rec, nil
	}
	defer done()
	report, err := g.report(extract.Hints{Agency: by.Agency, Division: by.Division, LinkTitle: c.Title, LinkDate: c.Date, Seen: c.Time})
	if errors.Is(err, errMoreMemory) {
		return rec, err
	}
	if err != nil {
		rec.Rejected = err.Error()
		return rec, nil
	}
	g.doubt(report)
	rec.Report = report
	return rec, nil
}

// report reads the page with its further pages and frames. Where these are not the whole report, it goes on with the
// attachments, in order, until they are: the same report is often attached in several formats.
func (g *Gathering) report(h extract.Hints) (*extract.Report, error) {
	for i := range g.parts {
		if p := &g.parts[i]; p.doc != nil {
			g.append(p, p.doc)
		}
	}
	report, err := extract.ReadReport(g.doc, h)
	if !g.doc.NeedsParts() {
		return report, err
	}
	for i := range g.parts {
		p := &g.parts[i]
		if p.Kind != extract.PartAttachment || p.Capture == 0 {
			continue
		}
		if err == nil && whole(report) {
			break
		}
		doc, failed := g.open(p)
		if failed != nil {
			return nil, failed
		}
		if doc != nil && g.append(p, doc) {
			report, err = extract.ReadReport(g.doc, h)
		}
	}
	return report, err
}

// append adds a part to the page, and reports whether it could.
func (g *Gathering) append(p *part, doc *extract.Document) bool {
	if err := g.doc.Append(doc, p.Name); err != nil {
		p.Unread = err.Error()
		return false
	}
	p.Read = true
	return true
}

// whole reports whether a report has most of its six sections, and figures.
func whole(r *extract.Report) bool {
	sections := map[int]bool{}
	for _, s := range r.Sections {
		sections[s.Number] = s.Number > 0
	}
	delete(sections, 0)
	return len(sections) >= 4 && len(r.Figures) > 0
}

// doubt adds to a report what is known of its parts only.
func (g *Gathering) doubt(r *extract.Report) {
	add := func(kind, where, detail string) {
		r.Problems = append(r.Problems, form.Problem{Kind: kind, Where: where, Detail: detail})
		if r.Quality == extract.QualityClean {
			r.Quality = extract.QualityNoted
		}
	}
	if g.cut != "" {
		add("part", "page 1", "the page may not be whole: "+g.cut)
		if !g.whole {
			r.Quality = lower(r.Quality)
		}
	}
	for _, p := range g.parts {
		what := strings.TrimSpace(p.Title + " " + p.URL)
		kind := "part"
		if p.Kind == extract.PartAttachment && p.Missing == "" {
			kind = "attachment"
		}
		switch {
		case p.Missing != "":
			add(kind, p.Name, what+": "+p.Missing)
		case p.Unread != "":
			add(kind, p.Name, what+": "+p.Unread)
		case p.capture.Truncated != "":
			add("part", p.Name, what+" may not be whole: "+p.capture.Truncated)
			if p.Read && p.Pending {
				r.Quality = lower(r.Quality)
			}
			continue
		default:
			continue
		}
		if p.Kind != extract.PartAttachment {
			r.Quality = lower(r.Quality) // a piece of the article itself is missing
		}
	}
	if g.over > 0 {
		add("part", "", fmt.Sprintf("%d attachments more than the %d that are asked for", g.over, MostAttachments))
	}
}

// lower returns the quality of a report of which a piece is missing.
func lower(quality string) string {
	if quality == extract.QualityNoted {
		return extract.QualityDoubtful
	}
	return quality
}
