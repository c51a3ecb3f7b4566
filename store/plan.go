package store

import "gongkai/store/internal/item"

// plan chooses the dictionary of an item among those of its templates, its own first.
func (s *Store) plan(names ...string) (p item.Plan, err error) {
	p = s.templates.Plan()
	err = s.view(func(t *txn) error {
		for _, name := range names {
			at, known := p.Claim(name, func() (item.Position, float64, bool) { return t.template(name) })
			if known && p.Dict == nil {
				if d, err := t.dictionary(at, t.base, 0); err == nil { // a damaged one is for verify to tell: what comes now must not need it
					p.Dict = d
				}
			}
		}
		return nil
	})
	if p.Dict != nil && p.Dict.Depth >= item.MaxDepth {
		p.Dict = nil
	}
	return p, err
}

// template reads what the archive says of a template's dictionary, and of that one's own packed and plain length.
func (t *txn) template(name string) (dict item.Position, ratio float64, known bool) {
	v := t.Bucket(templateBucket).Get([]byte(name))
	if len(v) != 8 {
		return 0, 1, false
	}
	dict = item.Position(number(v))
	it, err := t.head(dict)
	if err != nil || it.Plain == 0 {
		return dict, 1, err == nil // verify tells; new items do without it
	}
	return dict, float64(it.Size) / float64(it.Plain), true
}

// putTemplates makes an item the dictionary of the templates that want one, in the transaction that appends it.
func (t *txn) putTemplates(p *item.Plan, at item.Position) error {
	for _, name := range p.Making() {
		if err := t.Bucket(templateBucket).Put([]byte(name), at.Key()); err != nil {
			return err
		}
	}
	return nil
}

// bodyTemplates names the templates of a body; none when it is not worth a dictionary.
func bodyTemplates(c *Capture, body []byte) []string {
	if len(body) < 1024 || len(body) > item.MaxDictionary || !item.Textual(body) {
		return nil
	}
	return []string{
		"body\x00" + c.Portal + "\x00" + c.Kind + "\x00" + item.ShapeOf(c.URL),
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
