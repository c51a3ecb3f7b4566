package replica

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"sync"
	"time"
)

// A Site is the replica of one portal. All its methods may be called while it serves.
type Site struct {
	ID     string // as in its site.json
	Host   string // the portal's real host
	URL    string // where the replica answers: scheme, address and port, without a slash at the end
	Start  string // path of the page a crawl begins at
	Report string // path of the one report on the site

	manifest manifest
	server   *http.Server
	stopped  chan struct{} // closed when server has stopped

	mu    sync.Mutex
	pages map[string]*page // by canonical address; several addresses may show one page
	log   []Request
}

// manifest is site.json.
type manifest struct {
	ID         string            `json:"id"`
	Host       string            `json:"host"`
	Start      string            `json:"start"`
	Report     string            `json:"report"`
	PastEnd    string            `json:"past_end"`   // "404", or "repeat": the last page again
	Last       string            `json:"last"`       // with "repeat": the last page of the listing
	Validators string            `json:"validators"` // "etag", "last-modified" or "none"
	Weak       bool              `json:"weak"`       // entity tags are weak
	Gzip       bool              `json:"gzip"`       // compresses for clients that accept it
	JPage      *jpage            `json:"jpage"`      // a listing served in parts
	Pages      map[string]string `json:"pages"`      // address to file
}

// A page is what one or more addresses show. It is replaced, never changed: answers under way keep theirs.
type page struct {
	status   int
	header   http.Header
	body     []byte
	modified time.Time
}

func loadSite(fsys fs.FS, dir string) (*Site, error) {
	m, err := readManifest(fsys, path.Join(dir, "site.json"))
	if err != nil {
		return nil, err
	}
	s := &Site{ID: m.ID, Host: m.Host, Start: m.Start, Report: m.Report, manifest: m, pages: map[string]*page{}}
	files := map[string]*page{}
	for address, file := range m.Pages {
		if files[file] == nil {
			if files[file], err = readPage(fsys, path.Join(dir, file)); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		key, err := canonical(address)
		if err != nil {
			return nil, err
		}
		s.pages[key] = files[file]
	}
	return s, s.check()
}

func readManifest(fsys fs.FS, name string) (m manifest, err error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return m, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("site.json: %w", err)
	}
	return m, nil
}

// check reports what a manifest says and does not keep, so that a typing error is not taken for a portal's whim.
func (s *Site) check() error {
	m := s.manifest
	if !slices.Contains([]string{"etag", "last-modified", "none"}, m.Validators) {
		return fmt.Errorf("site.json: no validators %q", m.Validators)
	}
	if m.PastEnd != "404" && m.PastEnd != "repeat" {
		return fmt.Errorf("site.json: no past_end %q", m.PastEnd)
	}
	needed := []string{m.Start, m.Report}
	if m.PastEnd == "repeat" {
		needed = append(needed, m.Last)
	}
	if m.JPage != nil {
		if m.JPage.PerPage <= 0 || m.JPage.GroupSize <= 0 {
			return errors.New("site.json: jpage without per_page or group_size")
		}
		needed = append(needed, m.JPage.Path)
	}
	for _, address := range needed {
		if s.page(address) == nil {
			return fmt.Errorf("site.json: no page %q", address)
		}
	}
	return nil
}

// readPage reads a saved answer: a whole HTTP response, its body running to the end of the file.
func readPage(fsys fs.FS, name string) (*page, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	p := &page{status: resp.StatusCode, header: resp.Header, body: body, modified: modified(resp.Header)}
	// These belong to the day of saving or to the connection; the server says its own.
	for _, name := range []string{"Date", "Connection", "Content-Length", "Transfer-Encoding", "Content-Encoding", "Etag", "Last-Modified"} {
		p.header.Del(name)
	}
	return p, nil
}

// modified is when a saved answer says its page was changed, or else when it was served.
func modified(h http.Header) time.Time {
	for _, name := range []string{"Last-Modified", "Date"} {
		if t, err := http.ParseTime(h.Get(name)); err == nil {
			return t
		}
	}
	return time.Time{}
}

// canonical is the form of an address that does not depend on the order of its query.
func canonical(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	return key(u), nil
}

func key(u *url.URL) string {
	if q := u.Query().Encode(); q != "" { // Encode sorts
		return u.Path + "?" + q
	}
	return u.Path
}

// page returns the page at address, or nil. The caller holds s.mu or is alone with s.
func (s *Site) page(address string) *page {
	key, err := canonical(address)
	if err != nil {
		return nil
	}
	return s.pages[key]
}

// Edit changes the page at path (with its query, if any) from now on, as a quiet revision would: no new address, no new
// date in a listing, only other bytes and the validators that go with them. The change shows under every address of the
// page. What edit is given is its own copy.
func (s *Site) Edit(path string, edit func(body []byte) []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.page(path)
	if old == nil {
		return fmt.Errorf("replica %s: no page %s", s.ID, path)
	}
	p := *old
	p.body = edit(bytes.Clone(old.body))
	// HTTP dates count seconds: a second edit within one must still show.
	p.modified = old.modified.Add(time.Second)
	if now := time.Now().UTC().Truncate(time.Second); now.After(p.modified) {
		p.modified = now
	}
	for k, q := range s.pages {
		if q == old {
			s.pages[k] = &p
		}
	}
	return nil
}

// Remove withdraws the page at path under all its addresses: they answer 404 from now on. A path without a page is a
// no-op.
func (s *Site) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.page(path); old != nil {
		for k, q := range s.pages {
			if q == old {
				delete(s.pages, k)
			}
		}
	}
}

// etag is the entity tag of a page: the same bytes have the same one, as behind a CDN, however often they are rebuilt.
func (p *page) etag(weak bool) string {
	sum := sha256.Sum256(p.body)
	if weak {
		return fmt.Sprintf(`W/"%x"`, sum[:8])
	}
	return fmt.Sprintf(`"%x"`, sum[:8])
}
