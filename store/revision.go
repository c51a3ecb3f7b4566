package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"

	"gongkai/extract"
	"gongkai/store/internal/item"
)

// A version of a report is a record, not rejected, of its URL. A challenge page or an error page between two
// versions is none, and so never becomes a revision.

// versionBefore returns the version of a URL before a capture, 0 for any: its capture, and where its record is.
func (t *txn) versionBefore(url string, before uint64) (id uint64, at item.Position, ok bool) {
	captures := newestFirst(t.Tx, url)
	if before != 0 {
		captures = backwards(t.Tx, url, urlKey(url, before))
	}
	for id := range captures {
		if at, ok := t.version(url, id); ok {
			return id, at, true
		}
	}
	return 0, 0, false
}

// versionAfter returns the version of a URL after a capture, or nil.
func (t *txn) versionAfter(url string, id uint64) (*Record, error) {
	prefix := urlPrefix(url)
	c := t.Bucket(urlBucket).Cursor()
	for k, _ := c.Seek(urlKey(url, id+1)); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if id := number(k); t.isVersion(url, id) {
			r, _, err := t.record(id)
			return &r, err
		}
	}
	return nil, nil
}

func (t *txn) isVersion(url string, id uint64) bool {
	_, ok := t.version(url, id)
	return ok
}

// version returns where the record of a capture is, if it is a version. It asks the keys only: a page visited every
// night has hundreds of captures between two versions.
func (t *txn) version(url string, id uint64) (item.Position, bool) {
	at, ok := t.place(recordBucket, id)
	if !ok {
		return 0, false
	}
	return at, !has(t.Bucket(rejectedBucket), urlKey(url, id))
}

// has reports whether a bucket has a key whose value is empty. Of one that was put in the same transaction, Get says what
// it says of one that is not there.
func has(b *bolt.Bucket, key []byte) bool {
	k, _ := b.Cursor().Seek(key)
	return bytes.Equal(k, key)
}

// change says how a version differs from the one before it, nil when there is none.
func change(before, r *Record) string {
	switch {
	case r.Rejected != "":
		return ""
	case before == nil:
		return ChangeFirst
	case before.Same(r):
		return ChangeNone
	case before.SHA256 == r.SHA256 && agree(before.Parts, r.Parts):
		return ChangeParts // the page names the same parts; we have had others
	case before.Fields != r.Fields, reattached(before, r):
		return ChangeFigures
	case before.Text != r.Text:
		return ChangeText
	}
	return ChangeCosmetic
}

// sameParts reports whether two lists have the same bytes from the same places, in the same order.
func sameParts(a, b []Part) bool {
	return slices.EqualFunc(had(a), had(b), func(p, q Part) bool { return p.URL == q.URL && p.SHA256 == q.SHA256 })
}

// had returns the parts that there are bytes of.
func had(parts []Part) (list []Part) {
	for _, p := range parts {
		if p.SHA256 != "" {
			list = append(list, p)
		}
	}
	return list
}

// agree reports whether the parts that both lists have are the same bytes.
func agree(a, b []Part) bool {
	sums := make(map[string]string, len(a))
	for _, p := range had(a) {
		sums[p.URL] = p.SHA256
	}
	return !slices.ContainsFunc(had(b), func(p Part) bool { return sums[p.URL] != "" && sums[p.URL] != p.SHA256 })
}

// reattached reports whether what is attached to a report has changed: other bytes under one address, or bytes that
// the other version did not have under an address it did not name. An attachment that could not be had once is no
// change when it can be had later.
func reattached(before, r *Record) bool {
	if before.Attachments == r.Attachments {
		return false
	}
	return !agree(before.Parts, r.Parts) || attachesMore(before, r) || attachesMore(r, before)
}

// attachesMore reports whether b holds an attachment whose address a does not name.
func attachesMore(a, b *Record) bool {
	named := make(map[string]bool, len(a.Parts))
	for _, p := range a.Parts {
		named[p.URL] = true
	}
	return slices.ContainsFunc(had(b.Parts), func(p Part) bool { return p.Kind == extract.PartAttachment && !named[p.URL] })
}

// attachments digests what is attached, whatever its order.
func attachments(parts []Part) string {
	var sums []string
	for _, p := range had(parts) {
		if p.Kind == extract.PartAttachment {
			sums = append(sums, p.SHA256)
		}
	}
	if len(sums) == 0 {
		return ""
	}
	slices.Sort(sums)
	return hexSum([]byte(strings.Join(slices.Compact(sums), "\n")))
}

// sum checks a record and computes its digests.
func (r *Record) sum() error {
	r.Text, r.Fields, r.Attachments = "", "", attachments(r.Parts)
	if r.Report == nil {
		if r.Rejected == "" {
			return errors.New("neither a report nor a reason why there is none")
		}
		return nil
	}
	if err := checkKey(r.Report.Key()); err != nil {
		return err
	}
	r.Text = hexSum([]byte(r.Report.Text()))
	r.Fields = hexSum(claims(r.Report))
	return nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// claims are what a report says, without how it was printed, where it stood, and what we think of it, as JSON. They are
// digested to tell whether two versions say the same: every byte of this is part of the digest.
//
//	{"title":…,"agency":…,"year":…,"scope":…,"published":…,
//	 "fields":[[name, value], …],                                      sorted, null when there is none
//	 "figures":[[table, row, column, value or raw cell, blank, unit], …]}  sorted, null when there is none
func claims(r *extract.Report) []byte {
	b := append(make([]byte, 0, 1024+100*len(r.Figures)), `{"title":`...)
	b = appendText(b, r.Title, true)
	b = appendText(append(b, `,"agency":`...), string(r.Agency.Key), true)
	b = strconv.AppendInt(append(b, `,"year":`...), int64(r.Year), 10)
	b = appendText(append(b, `,"scope":`...), r.Scope, true)
	b = appendText(append(b, `,"published":`...), r.Published, true)
	b = appendClaims(append(b, `,"fields":`...), fieldClaims(r))
	b = appendClaims(append(b, `,"figures":`...), figureClaims(r))
	return append(b, '}')
}

func appendClaims(b []byte, claims [][]string) []byte {
	if len(claims) == 0 {
		return append(b, "null"...)
	}
	slices.SortFunc(claims, slices.Compare)
	b = append(b, '[')
	for i, c := range claims {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTexts(b, c, true)
	}
	return append(b, ']')
}

func fieldClaims(r *extract.Report) (claims [][]string) {
	for _, f := range r.Fields {
		if f.Name == "views" || f.Name == "download" { // counters: another number at every visit
			continue
		}
		claims = append(claims, []string{f.Name, f.Value})
	}
	return claims
}

func figureClaims(r *extract.Report) [][]string {
	texts := make([]string, 0, 6*len(r.Figures))
	claims := make([][]string, len(r.Figures))
	for i, f := range r.Figures {
		value := f.Value
		if value == "" && f.Blank == "" {
			value = "raw " + f.Raw // unreadable: what is printed is all there is to compare
		}
		texts = append(texts, f.Table, f.Row, f.Column, value, f.Blank, f.Unit)
		claims[i] = texts[6*i:]
	}
	return claims
}
