package export

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"

	"gongkai/extract"
	"gongkai/store"
)

// A dataPackage is an export being written.
type dataPackage struct {
	options Options
	past    *store.Snapshot
	lost    func(sha256 string) (why string, err error)
	sum     Summary
	out     *folder
	formats []format
	sheets  []anySheet // in the order of datapackage.json

	reports  *sheet[*report]
	figures  *sheet[figure]
	panel    *sheet[*report]
	problems *sheet[problem]
	captures *sheet[store.Capture]

	rivals   store.Rivals // of the key being read
	layout   *layout
	before   map[string]*report // the last report of the agency being read, by scope
	pages    map[[16]byte]bool  // digests of the URLs that claim a report exported, and of its parts; nil when all are wanted
	versions map[int]bool       // of the extractors that read the reports exported
	coverage *coverage
	cells    []figure // used again for each block
	cuts     []string // where texts of the workbook were cut
}

// An anySheet is a sheet, whatever its rows are.
type anySheet interface {
	shape() shape
	close() error
	abandon()
	describe() [][]dataResource
}

func newPackage(ctx context.Context, s *store.Store, dir string, o Options) (*dataPackage, error) {
	p := &dataPackage{options: o, lost: s.Lost, versions: map[int]bool{}, layout: newLayout()}
	var err error
	if p.past, err = o.past(s); err != nil {
		return nil, err
	}
	p.sum.AsOf, p.sum.Log = p.past.Moment().Capture, p.past.Moment().Log
	newest, _, err := s.Capture(p.sum.AsOf)
	if err != nil {
		return nil, err
	}
	link, err := s.LinkOf(p.sum.AsOf)
	if err != nil {
		return nil, err
	}
	p.sum.Time, p.sum.Commit = newest.Time, link.Hash
	if o.filtered() {
		p.pages = map[[16]byte]bool{}
	}
	if p.out, err = openFolder(ctx, dir); err != nil {
		return nil, err
	}
	return p, p.begin()
}

// abandon lets go of what is open, when the export has failed.
func (p *dataPackage) abandon() {
	for _, s := range p.sheets {
		s.abandon()
	}
	for _, f := range p.formats {
		f.abandon()
	}
	if p.coverage != nil {
		_ = p.coverage.close()
	}
}

// begin makes the files.
func (p *dataPackage) begin() (err error) {
	for _, name := range p.options.formats() {
		f, err := p.newFormat(name)
		if err != nil {
			return err
		}
		p.formats = append(p.formats, f)
	}
	if p.coverage, err = newCoverage(p.out); err != nil {
		return err
	}
	return errors.Join(
		addSheet(p, &p.reports, reportTable),
		addSheet(p, &p.figures, figureTable),
		addSheet(p, &p.panel, panelTable(p.layout)),
		addSheet(p, &p.problems, problemTable),
		addSheet(p, &p.captures, captureTable),
	)
}

func addSheet[R any](p *dataPackage, s **sheet[R], t table[R], also ...format) (err error) {
	if *s, err = newSheet(append(slices.Clone(p.formats), also...), t); err == nil {
		p.sheets = append(p.sheets, *s)
	}
	return err
}

// write fills the files: one pass over the records, in the order of their keys, then the rejected pages, then the
// captures.
func (p *dataPackage) write(ctx context.Context, s *store.Store) error {
	for _, step := range []func(context.Context, *store.Store) error{p.writeRecords, p.writeRejected, p.writeCaptures} {
		if err := step(ctx, s); err != nil {
			return err
		}
	}
	if err := p.writeCoverage(ctx); err != nil {
		return err
	}
	if err := p.writeCodebook(); err != nil {
		return err
	}
	return p.describe(ctx)
}

// writeCoverage sets what is expected against what was written.
func (p *dataPackage) writeCoverage(ctx context.Context) error {
	var rows *sheet[*agencyYear]
	if err := errors.Join(p.coverage.end(), addSheet(p, &rows, coverageTable)); err != nil {
		return err
	}
	expected := p.options.Expected
	if expected == nil {
		expected = p.coverage.known()
	}
	wanted := func(yield func(Expected, error) bool) {
		for e, err := range expected {
			if err = errors.Join(ctx.Err(), err); (err != nil || p.options.wantsExpected(&e)) && !yield(e, err) {
				return
			}
		}
	}
	return errors.Join(merge(wanted, p.coverage.held(), rows.write), p.coverage.close())
}

func (p *dataPackage) writeRecords(ctx context.Context, s *store.Store) error {
	var key extract.Key
	unplaced := newest{write: func(r *store.Record) error { return p.problems.write(unplaced(r)) }}
	doubted := newest{write: p.writeSuspicious}
	for r, err := range p.past.RecordsAhead() {
		if err := errors.Join(ctx.Err(), err); err != nil {
			return err
		}
		wanted := p.options.wants(r.Report)
		if !wanted && !p.options.remembers(r.Report) {
			continue
		}
		if wanted {
			if err := doubted.add(r); err != nil {
				return err
			}
		}
		if p.pages != nil && wanted {
			if err := p.mark(s, &r); err != nil {
				return err
			}
		}
		if next := r.Report.Key(); next != key {
			if err := errors.Join(unplaced.end(), p.writeChosen()); err != nil {
				return err
			}
			if next.Agency != key.Agency {
				p.before = map[string]*report{}
			}
			key = next
		}
		if key.Agency != "" && key.Year != 0 {
			p.rivals.Add(r)
			continue
		}
		if !wanted {
			continue
		}
		if err := unplaced.add(r); err != nil {
			return err
		}
	}
	err := errors.Join(unplaced.end(), doubted.end(), p.writeChosen())
	if err == nil { // what these keep in memory, captures need
		err = errors.Join(p.reports.close(), p.figures.close(), p.panel.close())
	}
	return err
}

// mark notes the pages whose captures belong to a report.
func (p *dataPackage) mark(s *store.Store, r *store.Record) error {
	p.pages[pageKey(r.URL)] = true
	for _, part := range r.Parts {
		p.pages[pageKey(part.URL)] = true
		if part.Capture == 0 {
			continue
		}
		c, _, err := s.Capture(part.Capture)
		if err != nil {
			return err
		}
		p.pages[pageKey(c.URL)] = true // a redirect may have led elsewhere
	}
	return nil
}

// writeChosen writes the reports of the key that has been read, and remembers them for the year after.
func (p *dataPackage) writeChosen() error {
	for _, c := range p.rivals.Choices() {
		r := p.layout.newReport(c, p.before[c.Report.Scope])
		p.before[c.Report.Scope] = r
		if !p.options.wants(c.Report) {
			continue
		}
		if err := p.writeReport(r); err != nil {
			return err
		}
	}
	return nil
}

func (p *dataPackage) writeReport(r *report) error {
	p.versions[r.Version] = true
	err := errors.Join(p.reports.write(r), p.panel.write(r), p.coverage.add(&r.Choice))
	for n := 0; n < len(r.Figures); n += len(p.cells) {
		p.cells = r.cellsFrom(n, p.cells)
		if err := p.figures.writeBlock(p.cells); err != nil {
			return err
		}
	}
	for _, d := range r.problems {
		err = errors.Join(err, p.problems.write(d))
	}
	if len(r.Others) > 0 {
		err = errors.Join(err, p.problems.write(rival(r.Choice)))
	}
	return errors.Join(err, p.writeLost(&r.Record))
}

// writeRejected leaves a trace of each page that was asked for as a report and is none: of its newest version.
// Whose report it is not cannot be known, so a filter leaves them all out.
func (p *dataPackage) writeRejected(ctx context.Context, _ *store.Store) error {
	if p.options.filtered() {
		return nil
	}
	rejected := newest{write: func(r *store.Record) error { return p.problems.write(rejected(r)) }}
	for r, err := range p.past.Rejected() {
		if err := errors.Join(ctx.Err(), err); err != nil {
			return err
		}
		if err := rejected.add(r); err != nil {
			return err
		}
	}
	return rejected.end()
}

// writeSuspicious leaves a trace of the newest version of a page when an earlier one stands instead.
func (p *dataPackage) writeSuspicious(r *store.Record) error {
	if r.Suspicious == "" {
		return nil
	}
	return p.problems.write(newProblem(r, "suspicious", "", "", "the newest version is not believed yet, and the one before it stands: "+r.Suspicious))
}

// A newest passes on the last record of each URL, of records in the order of URLs, key by key.
type newest struct {
	last  *store.Record
	write func(*store.Record) error
}

func (n *newest) add(r store.Record) error {
	last := n.last
	n.last = &r
	if last == nil || last.URL == r.URL && (r.Report == nil || r.Report.Key() == last.Report.Key()) {
		return nil
	}
	return n.write(last)
}

func (n *newest) end() error {
	last := n.last
	n.last = nil
	if last == nil {
		return nil
	}
	return n.write(last)
}

func (p *dataPackage) writeCaptures(ctx context.Context, s *store.Store) error {
	for c, err := range s.Captures(0) {
		if err := errors.Join(ctx.Err(), err); err != nil {
			return err
		}
		if c.ID > p.sum.AsOf {
			return nil
		}
		if p.pages != nil && !p.pages[pageKey(c.URL)] {
			continue
		}
		if err := p.captures.write(c); err != nil {
			return err
		}
	}
	return nil
}

// pageKey stands for a URL in a set of very many.
func pageKey(url string) [16]byte {
	sum := sha256.Sum256([]byte(url))
	return [16]byte(sum[:16])
}

// describe closes the sheets and writes README.md and datapackage.json, which tell what they became: the tables of one
// format after those of another.
func (p *dataPackage) describe(ctx context.Context) error {
	for _, s := range p.sheets {
		if err := s.close(); err != nil {
			return err
		}
	}
	for _, f := range p.formats {
		if err := f.finish(ctx); err != nil {
			return err
		}
		if x, ok := f.(*xlsxFormat); ok {
			p.sum.Cut, p.cuts = x.cut, x.where
		}
	}
	p.sum.Formats = p.options.formats()
	p.sum.Reports, p.sum.Figures = p.reports.rows, p.figures.rows
	p.sum.Problems, p.sum.Captures = p.problems.rows, p.captures.rows
	readme := p.out.create(readmeName)
	if _, err := readme.Write(p.readme()); err != nil {
		return err
	}
	text, err := descriptor(p, append(p.resources(), readme.readmeResource()))
	if err != nil {
		return err
	}
	return p.out.put(descriptorName, text)
}

func (p *dataPackage) resources() (list []dataResource) {
	for format := range len(p.formats) + 1 { // one more for the codebook, which always is in CSV too
		for _, s := range p.sheets {
			if made := s.describe(); format < len(made) {
				list = append(list, made[format]...)
			}
		}
	}
	return list
}

func (p *dataPackage) extractors() []int { return slices.Sorted(maps.Keys(p.versions)) }
