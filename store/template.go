package store

import (
	"bytes"
	lru "container/list"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
)

// A template is what the pages of one kind of one portal are made from. Each has a dictionary: an earlier of its pages,
// or rows. Of 99 KB pages, 2.6 KB are left then; zstd alone leaves 7.7, and dictionaries trained on many pages no less.
type template struct {
	name string

	// Under shop.mu.
	dict   position
	known  bool    // there is a dictionary
	ratio  float64 // of the dictionary's own packed and plain length
	misses int     // items in a row that it was of little use for
	taken  bool    // somebody is making the next one
	tried  int     // dictionaries that were of little use
}

// A shop knows the templates that were used last. Several goroutines may use it.
type shop struct {
	mu     sync.Mutex
	byName map[string]*lru.Element
	order  *lru.List // of *template, last used first
}

const mostTemplates = 8192

func newShop() *shop { return &shop{byName: make(map[string]*lru.Element), order: lru.New()} }

// template returns what is known of a template, reading it from the archive when it was not used for long.
func (t *txn) template(name string) (*template, error) {
	s := t.store.shop
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byName[name]; e != nil {
		s.order.MoveToFront(e)
		return e.Value.(*template), nil
	}
	tpl := &template{name: name, ratio: 1}
	if v := t.Bucket(templateBucket).Get([]byte(name)); len(v) == 8 {
		tpl.dict, tpl.known = position(number(v)), true
		if it, err := t.head(tpl.dict); err == nil && it.plain > 0 {
			tpl.ratio = float64(it.size) / float64(it.plain)
		} else if err != nil {
			tpl.known = false // verify tells; new items do without it
		}
	}
	s.byName[name] = s.order.PushFront(tpl)
	if s.order.Len() > mostTemplates {
		delete(s.byName, s.order.Remove(s.order.Back()).(*template).name)
	}
	return tpl, nil
}

// A plan is how an item is to be packed, and which templates it is to be the dictionary of, once it is in the archive.
type plan struct {
	shop  *shop
	dict  *dictionary
	own   *template
	makes []*template
	plain int
}

// mostMisses is how many items in a row a dictionary may be of little use for, and mostTried how many dictionaries
// are tried before a template is left as it is: its pages have nothing in common.
const (
	mostMisses = 3
	mostTried  = 4
)

// plan chooses the dictionary of an item among those of its templates, its own first.
func (s *Store) plan(names ...string) (p plan, err error) {
	p.shop = s.shop
	err = s.view(func(t *txn) error {
		for _, name := range names {
			tpl, err := t.template(name)
			if err != nil {
				return err
			}
			if p.own == nil {
				p.own = tpl
			}
			at, known := p.claim(tpl)
			if known && p.dict == nil {
				if p.dict, err = t.dictionary(at, t.base, 0); err != nil {
					p.dict = nil // it is damaged, and verify tells: what comes now must not need it
				}
			}
		}
		return nil
	})
	if p.dict != nil && p.dict.depth >= maxDepth {
		p.dict = nil
	}
	return p, err
}

// claim returns the dictionary of a template, and promises to make one where there is none, or it is of no use.
func (p *plan) claim(tpl *template) (at position, known bool) {
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	switch {
	case tpl.known && tpl.misses < mostMisses:
		return tpl.dict, true
	case !tpl.taken && tpl.tried < mostTried:
		tpl.taken = true
		p.makes = append(p.makes, tpl)
		return tpl.dict, tpl.known && tpl != p.own
	}
	return tpl.dict, tpl.known
}

// judge notes whether the dictionary was of use.
func (p *plan) judge(it *item) {
	p.plain = it.plain
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	if p.own == nil || !p.own.known || p.own.dict != it.dict || it.codec < codecDict && it.codec != codecPlain {
		return
	}
	if float64(it.size) > p.own.ratio*float64(it.plain)*0.6+16 {
		p.own.misses++
	} else {
		p.own.misses = 0
	}
}

// put makes an item the dictionary of the templates that want one, in the transaction that appends it.
func (p *plan) put(t *txn, at position) error {
	for _, tpl := range p.makes {
		if err := t.Bucket(templateBucket).Put([]byte(tpl.name), at.key()); err != nil {
			return err
		}
	}
	return nil
}

// settle tells the templates what has become of an item: it is in the archive, at a place, or it is not.
func (p *plan) settle(it *item, at position, kept bool) {
	if len(p.makes) == 0 {
		return
	}
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	for _, tpl := range p.makes {
		if tpl.taken = false; !kept {
			continue
		}
		if tpl.known {
			tpl.tried++
		}
		tpl.dict, tpl.known, tpl.misses = at, true, 0
		tpl.ratio = float64(it.size) / float64(max(it.plain, 1))
	}
	p.makes = nil
}

// dictionary makes one of a body that was packed as planned.
func (p *plan) dictionary(at position, body []byte) *dictionary {
	return p.borrowed(at, bytes.Clone(body))
}

// borrowed makes one of a body that is the caller's.
func (p *plan) borrowed(at position, body []byte) *dictionary {
	d := &dictionary{at: at, plain: body}
	if p.dict != nil {
		d.depth = p.dict.depth + 1
	}
	return d
}

// bodyTemplates names the templates of a body; none when it is not worth a dictionary.
func bodyTemplates(c *Capture, body []byte) []string {
	if len(body) < 1024 || len(body) > maxDictionary || !textual(body) {
		return nil
	}
	return []string{
		"body\x00" + c.Portal + "\x00" + c.Kind + "\x00" + shapeOf(c.URL),
		"body\x00" + c.Portal,
	}
}

func rowTemplates(c *Capture) []string {
	return []string{"capture\x00" + c.Portal + "\x00" + c.Kind, "capture\x00" + c.Portal, "capture\x00"}
}

func recordTemplates(r *Record) []string {
	if r.Report == nil {
		return []string{"rejected\x00" + r.Portal, "rejected\x00"}
	}
	return []string{"record\x00" + r.Portal + "\x00" + formOf(r), "record\x00" + formOf(r), "record\x00"}
}

// formOf tells records apart that have other tables.
func formOf(r *Record) string {
	return r.Report.Form + "\x00" + r.Report.Forms["t2"] + "\x00" + r.Report.Forms["t3"]
}

// textual reports whether bytes look like text, in whatever encoding.
func textual(body []byte) bool {
	return strings.HasPrefix(http.DetectContentType(body), "text/") && !bytes.HasPrefix(body, []byte("%PDF"))
}

// shapeOf is what the addresses of one template's pages have in common: digits become #, long hexadecimal words @.
func shapeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(u.Host)
	for segment := range strings.SplitSeq(strings.TrimSuffix(u.Path, path.Ext(u.Path)), "/") {
		b.WriteByte('/')
		shapeWord(&b, segment)
	}
	b.WriteString(path.Ext(u.Path))
	for i, pair := range strings.Split(u.RawQuery, "&") {
		if name, value, _ := strings.Cut(pair, "="); name != "" && i < 8 {
			b.WriteByte('&')
			shapeWord(&b, name)
			b.WriteByte('=')
			shapeWord(&b, value)
		}
	}
	return b.String()[:min(b.Len(), 200)]
}

// shapeWord writes a word of an address. Words without a vowel of meaning to us, names of columns say, stay as they are.
func shapeWord(b *strings.Builder, word string) {
	if len(word) >= 12 && strings.Trim(word, "0123456789abcdefABCDEF-") == "" {
		b.WriteByte('@')
		return
	}
	digits := false
	for _, r := range word {
		if r >= '0' && r <= '9' {
			if !digits {
				b.WriteByte('#')
			}
			digits = true
			continue
		}
		digits = false
		b.WriteRune(r)
	}
}
