package item

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

	// The rest is under Templatets.mu.
	dict   Position
	known  bool    // there is a dictionary
	ratio  float64 // of the dictionary's own packed and plain length
	misses int     // items in a row that it was of little use for
	taken  bool    // somebody is making the next one
	tried  int     // dictionaries that were of little use
}

// Templates knows the templates that were used last. Several goroutines may use it.
type Templates struct {
	mu     sync.Mutex
	byName map[string]*lru.Element
	order  *lru.List // of *template, last used first
}

const mostTemplates = 8192

// NewTemplates returns what knows of no template yet.
func NewTemplates() *Templates {
	return &Templates{byName: make(map[string]*lru.Element), order: lru.New()}
}

// template returns what is known of a template. Of one that was not used for long, look tells the dictionary and its ratio,
// if there is one.
func (ts *Templates) template(name string, look func() (dict Position, ratio float64, known bool)) *template {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if e := ts.byName[name]; e != nil {
		ts.order.MoveToFront(e)
		return e.Value.(*template)
	}
	tpl := &template{name: name}
	tpl.dict, tpl.ratio, tpl.known = look()
	ts.byName[name] = ts.order.PushFront(tpl)
	if ts.order.Len() > mostTemplates {
		delete(ts.byName, ts.order.Remove(ts.order.Back()).(*template).name)
	}
	return tpl
}

// Plan begins a plan, of no templates and without a dictionary.
func (ts *Templates) Plan() Plan { return Plan{templates: ts} }

// A Plan is how an item is to be packed, and which templates it is to be the dictionary of, once it is in the archive. The zero
// one is that of an item that there is not, and may be settled.
type Plan struct {
	Dict *Dictionary // nil: none

	templates *Templates
	own       *template
	makes     []*template
}

// mostMisses is how many items in a row a dictionary may be of little use for, and mostTried how many dictionaries
// are tried before a template is left as it is: its pages have nothing in common.
const (
	mostMisses = 3
	mostTried  = 4
)

// Claim adds a template to the plan, the item's own first. It returns the dictionary of the template, and promises to make one
// where there is none, or it is of no use. Of a template that was
// not used for long, look tells the dictionary and its ratio of packed and plain bytes, if there is one.
func (p *Plan) Claim(name string, look func() (dict Position, ratio float64, known bool)) (at Position, known bool) {
	tpl := p.templates.template(name, look)
	if p.own == nil {
		p.own = tpl
	}
	p.templates.mu.Lock()
	defer p.templates.mu.Unlock()
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

// Judge notes whether the dictionary was of use.
func (p *Plan) Judge(it *Item) {
	p.templates.mu.Lock()
	defer p.templates.mu.Unlock()
	if p.own == nil || !p.own.known || p.own.dict != it.Dict || it.Codec < CodecDict && it.Codec != CodecPlain {
		return
	}
	if float64(it.Size) > p.own.ratio*float64(it.Plain)*0.6+16 {
		p.own.misses++
	} else {
		p.own.misses = 0
	}
}

// Making returns the names of the templates that the item is to be the dictionary of.
func (p *Plan) Making() (names []string) {
	for _, tpl := range p.makes {
		names = append(names, tpl.name)
	}
	return names
}

// MakesAny reports whether the item is to be a dictionary.
func (p *Plan) MakesAny() bool { return len(p.makes) > 0 }

// Settle tells the templates what has become of an item: it is in the archive, at a place, or it is not. Every plan is to be
// settled; to settle it again does nothing.
func (p *Plan) Settle(it *Item, at Position, kept bool) {
	if len(p.makes) == 0 {
		return
	}
	p.templates.mu.Lock()
	defer p.templates.mu.Unlock()
	for _, tpl := range p.makes {
		if tpl.taken = false; !kept {
			continue
		}
		if tpl.known {
			tpl.tried++
		}
		tpl.dict, tpl.known, tpl.misses = at, true, 0
		tpl.ratio = float64(it.Size) / float64(max(it.Plain, 1))
	}
	p.makes = nil
}

// Dictionary makes one of a body that was packed as planned. It keeps a copy of the body.
func (p *Plan) Dictionary(at Position, body []byte) *Dictionary {
	return p.Borrowed(at, bytes.Clone(body))
}

// Borrowed is Dictionary without the copy: the body stays the caller's.
func (p *Plan) Borrowed(at Position, body []byte) *Dictionary {
	d := &Dictionary{At: at, Plain: body}
	if p.Dict != nil {
		d.Depth = p.Dict.Depth + 1
	}
	return d
}

// Textual reports whether bytes look like text, in whatever encoding.
func Textual(body []byte) bool {
	return strings.HasPrefix(http.DetectContentType(body), "text/") && !bytes.HasPrefix(body, []byte("%PDF"))
}

// ShapeOf is what the addresses of one template's pages have in common: digits become #, long hexadecimal words @.
func ShapeOf(address string) string {
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
