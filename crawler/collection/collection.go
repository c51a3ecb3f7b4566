// Package collection takes what others have collected into the archive: WARC files, as if their pages had been crawled at
// the time. It finds out what each page was to a crawl, by the rules of package visit. It asks nobody for anything, and reads
// no reports: that is for package reading, afterwards.
package collection

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gongkai/crawler/fetch"
	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
	"gongkai/store/warc"
)

// An Import takes collections of WARC files that others have made into the archive, as if their pages had been crawled
// at the time. Nobody is asked for anything.
//
// Answers of the hosts that a crawl may visit become captures with the time at which they were made, whatever they are:
// *.gov.cn, the hosts of the catalogue, and those allowed by hand. Copies of government pages on other hosts stay out.
// What a page was to a crawl is found out as a crawl would: links in listings that claim to be reports lead to reports,
// and carry the titles that tell agency and year. A page that no listing leads to is a report too when it calls itself
// one and reads as one. Files that an archive of gongkai has exported bring all that with them.
type Import struct {
	Portals    []seeds.Portal
	AllowHosts []string // beyond *.gov.cn and the hosts of Portals: "host" or "host:port"
	Store      *store.Store
	Budget     *reading.Budget // of memory; nil: there are no bounds
	Log        *slog.Logger
	Watch      func(done, total int) // called for each answer; nil: nobody watches

	hosts map[string]bool
}

// A Summary counts what became of a collection.
type Summary struct {
	warc.Count
	New      int            `json:"new"`                // captures archived
	Held     int            `json:"held"`               // captures that the archive had already
	Kinds    map[string]int `json:"kinds"`              // of the new ones
	NotTaken int            `json:"not_taken"`          // answers that could not be, or not as a whole; with the faults of the files
	Problems []warc.Problem `json:"problems,omitempty"` // the first hundred of both
	From     uint64         `json:"-"`                  // the first capture that the collection brought, now or before; 0 for none
}

// Run imports a collection. It reads it twice: first for what leads to what, then to archive it in the order of the
// captures' times. It can be stopped and repeated: what is archived is not archived again. An answer that is older than
// one that the archive holds of the same page is not taken, as the archive would believe it to be newer; such a collection
// belongs into an archive of its own.
func (i *Import) Run(ctx context.Context, c *warc.Collection) (Summary, error) {
	if i.Log == nil {
		i.Log = slog.New(slog.DiscardHandler)
	}
	i.hosts = visit.Allowed(i.Portals, i.AllowHosts)
	c.Want = i.wants
	m := importing{Import: i, stop: ctx.Err, collection: c, roles: newRoles(i.Portals), portals: map[string]seeds.Portal{},
		wanted: map[string]bool{}, bodies: map[string]string{}, parts: map[string]visit.Target{}, sum: Summary{Kinds: map[string]int{}}}
	for _, p := range i.Portals {
		m.portals[p.ID] = p
	}
	err := errors.Join(c.Survey(ctx, m.survey), m.look())
	if err == nil {
		m.roles.settle()
		err = m.archive(ctx)
	}
	m.sum.Count = c.Count
	m.sum.NotTaken += c.Count.Faults
	m.sum.Problems = slices.Concat(c.Problems, m.sum.Problems)
	return m.sum, err
}

// wants reports whether answers from an address may enter the archive. Addresses that are too long for it are told later.
func (i *Import) wants(u *url.URL) bool {
	host := visit.Scope{Site: weburl.Site(u), Hosts: i.hosts}.Deny(&url.URL{Scheme: u.Scheme, Host: u.Host})
	return host == ""
}

// An importing is one collection on its way in.
type importing struct {
	*Import
	stop       func() error // asked between two pages
	collection *warc.Collection
	roles      *roles
	portals    map[string]seeds.Portal
	wanted     map[string]bool         // digests that revisits name
	bodies     map[string]string       // digest as the files name it -> SHA-256 of the body that was archived
	parts      map[string]visit.Target // what belongs to reports that have been archived, by key
	pages      []surveyed              // that are to be looked at
	waiting    int                     // bytes of these
	sum        Summary
}

// survey looks at an answer in the first pass.
func (m *importing) survey(a *warc.Answer) error {
	u, err := url.Parse(a.URL)
	if err != nil {
		return nil // told when it is to be archived
	}
	if a.Revisit != nil && a.Digest != "" {
		m.wanted[a.Digest] = true
	}
	switch {
	case a.Err != nil || a.Revisit != nil || u.Path == "/robots.txt":
	case a.Status > 300 && a.Status < 400:
		if to := a.Header.Get("Location"); to != "" {
			m.roles.move(u, to)
		}
	case a.Status == http.StatusOK && len(a.Body) > 0 && !noPage(a.Header):
		m.pages = append(m.pages, surveyed{capture: store.Capture{URL: address(a), Header: a.Header}, body: a.Body, portal: m.portals[m.roles.portal(u)]})
		if m.waiting += len(a.Body); len(m.pages) >= lookedAt*runtime.GOMAXPROCS(0) || m.waiting >= lookedBytes {
			return m.look()
		}
	}
	return nil
}

// A surveyed page is one that may be a listing, and what it lists.
type surveyed struct {
	capture store.Capture
	body    []byte
	portal  seeds.Portal
	links   *pageLinks
}

// lookedAt bounds what is in memory for each goroutine, lookedBytes the bodies for all of them.
const (
	lookedAt    = 16
	lookedBytes = 32 << 20
)

// look looks at pages, several at a time, and adds them in their order.
func (m *importing) look() error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range m.pages {
		g.Go(func() error {
			if err := m.stop(); err != nil {
				return err
			}
			p := &m.pages[i] // each goroutine owns one element
			l := reading.NewLease(m.Budget)
			defer l.Release()
			if err := l.Take(context.Background(), extract.Cost(p.body, int64(len(p.body)))); err != nil {
				return err
			}
			p.links = m.roles.look(p.capture, p.body, p.portal)
			return nil
		})
	}
	err := g.Wait()
	for _, p := range m.pages {
		if p.links != nil {
			m.roles.add(p.links)
		}
	}
	clear(m.pages) // the bodies are of no use any more
	m.pages, m.waiting = m.pages[:0], 0
	return err
}

// noPage reports whether an answer is certainly no page, by what the server calls it.
func noPage(h http.Header) bool {
	kind := h.Get("Content-Type")
	return strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "text/css") || strings.HasPrefix(kind, "font/") ||
		strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "audio/")
}

// address returns the URL under which an answer is archived: a POST has its parameters in it.
func address(a *warc.Answer) string {
	if a.Method == http.MethodPost && !strings.Contains(a.URL, "__wb_method=") {
		return portal.Request{Method: a.Method, URL: a.URL, Body: a.Posted}.Key()
	}
	return a.URL
}

// archive is the second pass.
func (m *importing) archive(ctx context.Context) error {
	done := 0
	for a, err := range m.collection.Answers(ctx) {
		if err != nil {
			return err
		}
		if done++; m.Watch != nil {
			m.Watch(done, m.collection.Count.Answers)
		}
		if a.Method != http.MethodGet && a.Method != http.MethodPost {
			m.collection.Count.Skipped["of other methods"]++
			continue
		}
		if err := m.take(a); err != nil {
			return err
		}
	}
	return nil
}

// refuse notes an answer that cannot be taken.
func (m *importing) refuse(a *warc.Answer, why string) {
	m.sum.NotTaken++
	m.Log.Debug("not taken", "url", a.URL, "file", a.File, "record", a.ID, "why", why)
	if len(m.sum.Problems) < 100 {
		m.sum.Problems = append(m.sum.Problems, warc.Problem{File: a.File, URL: a.URL, Why: why})
	}
}

// take archives one answer, unless it is held. Its error means that the import cannot go on.
func (m *importing) take(a *warc.Answer) error {
	p, done, err := m.again(a)
	if err != nil || done {
		return err
	}
	var why string
	if a.Known != nil {
		p, why, err = m.restored(a)
	} else {
		p, why, err = m.judged(a)
	}
	if err != nil {
		return err
	}
	if why != "" {
		m.refuse(a, why)
		return nil
	}
	held, older, err := m.held(&p)
	switch {
	case err != nil:
		return err
	case held != 0:
		m.sum.Held++
		m.note(held)
	case older != 0:
		m.refuse(a, fmt.Sprintf("the archive holds a later capture of this page, number %d; import the collection into an archive of its own, and merge the two", older))
		return nil
	default:
		if err := m.Store.AddCapture(&p.Capture, p.Body, nil); err != nil {
			if errors.Is(err, store.ErrDamaged) || p.ID != 0 || !unfit(&p) {
				return err
			}
			m.refuse(a, err.Error())
			return nil
		}
		m.sum.New++
		m.sum.Kinds[p.Kind]++
		m.note(p.ID)
	}
	return m.settle(a, &p)
}

// again counts an answer that is held with its body: nothing must be found out about it.
func (m *importing) again(a *warc.Answer) (p visit.Page, done bool, err error) {
	if len(a.Body) == 0 || a.Err != nil || a.Known != nil || a.Status != http.StatusOK {
		return p, false, nil
	}
	p = visit.Page{Capture: store.Capture{URL: address(a), Time: a.Time, Status: a.Status}, Body: a.Body}
	id, _, err := m.held(&p)
	if err != nil || id == 0 {
		return p, false, err
	}
	if p.Capture, _, err = m.Store.Capture(id); err != nil {
		return p, false, err
	}
	m.sum.Held++
	m.note(id)
	return p, true, m.settle(a, &p)
}

// settle remembers what later answers need to know of one that is in the archive.
func (m *importing) settle(a *warc.Answer, p *visit.Page) error {
	switch {
	case a.Known != nil: // our own files tell what there was
	case a.Err != nil:
		m.refuse(a, "there is no body: "+a.Err.Error())
	case a.Cut != "":
		m.refuse(a, "taken as far as it goes: "+a.Cut)
	case a.Doubt != "":
		m.refuse(a, "taken as it is: "+a.Doubt)
	}
	if m.wanted[a.Digest] && p.SHA256 != "" {
		m.bodies[a.Digest] = p.SHA256
	}
	return m.expect(p)
}

// unfit reports whether it is the capture's own fault that the archive does not take it.
func unfit(p *visit.Page) bool {
	u, err := url.Parse(p.URL)
	return err != nil || len(p.URL) > weburl.Longest || strings.ContainsRune(u.String(), 0) || p.Time.Year() < 1971 || p.Time.Year() > 2200
}

func (m *importing) note(id uint64) {
	if m.sum.From == 0 || id < m.sum.From {
		m.sum.From = id
	}
}

// held returns the capture that is this one, or else one of the same page that is later; 0 for none.
func (m *importing) held(p *visit.Page) (same, later uint64, err error) {
	if p.Body != nil {
		sum := sha256.Sum256(p.Body)
		p.SHA256 = hex.EncodeToString(sum[:])
	}
	last, ok, err := m.Store.LastCapture(p.URL)
	if err != nil || !ok || last.Time.Before(p.Time) {
		return 0, 0, err
	}
	for c, err := range m.Store.CapturesOf(p.URL) {
		switch {
		case err != nil:
			return 0, 0, err
		case c.Time.Equal(p.Time.UTC().Round(0)) && c.SHA256 == p.SHA256 && c.Status == p.Status && c.Error == p.Error:
			return c.ID, 0, nil
		case c.Time.After(p.Time):
			later = c.ID
		}
	}
	return 0, later, nil
}

// What metadata records may say.
var (
	importable = []string{store.KindListing, store.KindReport, store.KindPart, store.KindAttachment, store.KindRobots, store.KindOther}
	outcomes   = []string{store.StateOK, store.StateUnchanged, store.StateRedirect, store.StateGone, store.StateFailed, store.StateRefused, store.StateBlocked}
)

// restored returns the capture that an archive of gongkai has exported, as it was.
func (m *importing) restored(a *warc.Answer) (p visit.Page, why string, err error) {
	p = visit.Page{Capture: *a.Known}
	_, digest := hex.DecodeString(p.SHA256)
	hasBody := p.State == store.StateOK || p.State == store.StateUnchanged
	switch {
	case !slices.Contains(importable, p.Kind), !slices.Contains(outcomes, p.State), hasBody && p.SHA256 == "",
		p.SHA256 != "" && (digest != nil || len(p.SHA256) != 2*sha256.Size):
		return p, "its metadata record is none of gongkai's", nil
	case p.SHA256 == "":
		return p, "", nil
	case a.Revisit == nil:
		p.Body = a.Body
		if sum := sha256.Sum256(a.Body); hex.EncodeToString(sum[:]) != p.SHA256 {
			return p, "the body is not the one that its metadata record names", nil
		}
	default:
		body, err := m.body(p.SHA256)
		if err != nil || body == nil {
			return p, "the body that it names is not in the archive", err
		}
		if p.Status != http.StatusNotModified {
			p.Body = body
		}
	}
	if p.State == store.StateUnchanged && p.Body != nil {
		p.State = store.StateOK // the archive will tell
	}
	return p, "", nil
}

// body returns a body of the archive; nil when it is not there.
func (m *importing) body(sum string) ([]byte, error) {
	body, err := m.Store.Body(sum)
	if store.IsLost(err) {
		return nil, nil
	}
	return body, err
}

// judged returns an answer of a collection of others as a crawl would have archived it.
func (m *importing) judged(a *warc.Answer) (p visit.Page, why string, err error) {
	u, err := url.Parse(address(a))
	if err != nil {
		return p, "a malformed address", nil
	}
	t := m.role(u)
	t.URL = address(a)
	got := fetch.Answer{Start: a.Time, Status: a.Status, Header: a.Header, Remote: a.Remote, Body: a.Body, Err: a.Err}
	if got.Body == nil {
		got.Body = []byte{} // an empty page is one
	}
	if a.Status == http.StatusNotModified && a.Revisit == nil {
		a.Revisit = &warc.Revisit{NotModified: true} // of what the page was last
	}
	var original store.Capture
	if a.Revisit != nil && maySayUnchanged(a.Status) {
		if original, got.Body, why, err = m.revisited(a, t.URL); err != nil || why != "" {
			return p, why, err
		}
		if got.Header == nil {
			got.Header = original.Header
		}
	}
	p = visit.Judge(t, got, original.SHA256)
	p.Truncated = a.Cut
	if errors.Is(a.Err, warc.ErrTooLarge) {
		p.State = store.StateRefused
	}
	if p.State == store.StateUnchanged {
		p.Body = nil
	}
	p.Robots = store.Robots{Allowed: true, Reason: fmt.Sprintf("not known: imported from %s, record %s", a.Name(), a.ID)}
	front, err := m.front(u, len(p.Body))
	if err != nil {
		return p, "", err
	}
	p.Missed(u, front)
	if t.Kind == store.KindOther || m.roles.guesses[weburl.Key(u)] {
		m.recognise(&p, original)
	}
	return p, "", nil
}

// maySayUnchanged reports whether a revisit of an answer with a status stands for a page.
func maySayUnchanged(status int) bool {
	return status == http.StatusNotModified || status == http.StatusOK || status == http.StatusNonAuthoritativeInfo
}

// revisited returns the capture that a revisit repeats, and its body; or why it cannot be taken.
func (m *importing) revisited(a *warc.Answer, address string) (original store.Capture, body []byte, why string, err error) {
	if original, err = m.original(a, address); err != nil {
		return original, nil, "", err
	}
	if original.SHA256 == "" {
		return original, nil, "a revisit of an answer that is neither in the collection nor in the archive", nil
	}
	if body, err = m.body(original.SHA256); err == nil && body == nil {
		why = "a revisit of an answer whose body the archive has damaged"
	}
	return original, body, why, err
}

// recognise tells by itself what a page is that nothing leads to: what it was when it was captured first, or a report.
func (m *importing) recognise(p *visit.Page, original store.Capture) {
	switch {
	case original.URL == p.URL && original.Kind != "" && p.State == store.StateUnchanged:
		p.Kind = original.Kind
	case p.State == store.StateOK && m.standsAlone(p):
		p.Kind = store.KindReport
	}
}

// role says what a page is to a crawl.
func (m *importing) role(u *url.URL) visit.Target {
	t, known := m.roles.of[weburl.Key(u)]
	if part, ok := m.parts[weburl.Key(u)]; ok && (!known || t.Kind != store.KindReport) {
		t, known = part, true
	}
	if !known {
		t = visit.Target{Kind: store.KindOther, Portal: m.roles.portal(u)}
	}
	if u.Path == "/robots.txt" {
		return visit.Target{Kind: store.KindRobots, Portal: m.roles.portal(u)}
	}
	if t.Portal == "" {
		t.Portal = m.roles.portal(u)
	}
	return t
}

// original finds the capture whose body a revisit repeats; that of a body of which nothing else is known has its SHA-256 alone.
func (m *importing) original(a *warc.Answer, url string) (store.Capture, error) {
	about := cmp.Or(a.Revisit.URL, url)
	if c, ok, err := m.capturedAt(about, a.Revisit.Time); ok || err != nil {
		return c, err
	}
	sum := cmp.Or(m.bodies[a.Digest], sha256In(a.Digest))
	c, ok, err := m.Store.LastBody(about)
	switch {
	case err != nil:
		return c, err
	case ok && (sum == "" || c.SHA256 == sum) && (a.Revisit.NotModified || sum != ""):
		return c, nil
	case sum != "":
		return store.Capture{SHA256: sum, Header: http.Header{}}, nil
	}
	return store.Capture{}, nil
}

// capturedAt returns the capture with a body that a page has of a moment, to the second.
func (m *importing) capturedAt(address string, at time.Time) (c store.Capture, ok bool, err error) {
	if at.IsZero() {
		return c, false, nil
	}
	for c, err := range m.Store.CapturesOf(address) {
		if err != nil {
			return c, false, err
		}
		if c.SHA256 != "" && c.Time.Truncate(time.Second).Equal(at.Truncate(time.Second)) {
			return c, true, nil
		}
	}
	return c, false, nil
}

// sha256In returns the SHA-256 that a digest is; "" for any other.
func sha256In(digest string) string {
	named, ok := strings.CutPrefix(strings.ToLower(digest), "sha256:")
	if b, err := hex.DecodeString(named); !ok || err != nil || len(b) != sha256.Size {
		return ""
	}
	return named
}

// front returns the home page of a URL's authority if a page of so many bytes might be the same; nil when the archive has
// none.
func (m *importing) front(u *url.URL, size int) ([]byte, error) {
	c, ok, err := m.Store.LastBody(weburl.Authority(u) + "/")
	if err != nil || !ok || u.Path == "/" || max(c.Size, int64(size)) > min(c.Size, int64(size))*5/4 {
		return nil, err
	}
	return m.body(c.SHA256)
}

// standsAlone reports whether a page that no listing leads to is a report: it calls itself one, and reads as one.
func (m *importing) standsAlone(p *visit.Page) (ok bool) {
	if kind := http.DetectContentType(p.Body); noPage(p.Header) || !strings.HasPrefix(kind, "text/") {
		return false
	}
	doc, err := reading.Parse(m.Budget, p.Capture, p.Body)
	if err != nil {
		return false
	}
	defer func() {
		if recover() != nil { // a hostile page must not end an import
			ok = false
		}
	}()
	if !doc.TitledReport() {
		return false
	}
	home := m.portals[p.Portal]
	_, err = extract.ReadReport(doc, extract.Hints{Agency: home.Agency, Division: home.Division})
	return err == nil
}

// expect notes what belongs to a report that has been archived: its parts follow.
func (m *importing) expect(p *visit.Page) error {
	if p.Kind == store.KindReport && (p.State == store.StateOK || p.State == store.StateUnchanged) && p.Body != nil {
		m.addParts(p.URL, p.Capture, p.Body)
	}
	if t, ok := m.parts[weburl.KeyOf(p.URL)]; ok && p.Kind == store.KindPart && p.Body != nil {
		m.addParts(t.From, p.Capture, p.Body) // a frame has the attachments of the article
	}
	if t, ok := m.parts[weburl.KeyOf(p.URL)]; ok && p.State == store.StateRedirect {
		m.movePart(t, p)
	}
	return nil
}

// addParts notes the parts of a document that belongs to a report.
func (m *importing) addParts(report string, c store.Capture, body []byte) {
	doc, err := reading.Parse(m.Budget, c, body)
	if err != nil {
		return // reading it will tell
	}
	for n, part := range reading.PartsOf(doc) {
		if n == reading.MostAttachments {
			return
		}
		t := visit.Target{URL: part.URL, Kind: store.KindPart, Portal: c.Portal, From: report, Title: part.Name}
		if part.Kind == extract.PartAttachment {
			t.Kind = store.KindAttachment
		}
		if k := weburl.KeyOf(part.URL); k != weburl.KeyOf(report) {
			m.parts[k] = t
		}
	}
}

// movePart notes where a part has moved to.
func (m *importing) movePart(t visit.Target, p *visit.Page) {
	base, err := url.Parse(p.URL)
	if err != nil {
		return
	}
	if to, err := markup.Relocated(base, p.Destination()); err == nil && weburl.Key(to) != weburl.Key(base) {
		m.parts[weburl.Key(to)] = t
	}
}
