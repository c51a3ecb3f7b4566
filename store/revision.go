package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"

	"gongkai/extract"
)

// A version of a report is a record, not rejected, of its URL. A challenge page or an error page between two
// versions is none, and so never becomes a revision.

// versionBefore returns the version of a URL before a capture, or nil.
func versionBefore(tx *bolt.Tx, z codec, url string, id uint64) (*Record, error) {
	for id := range backwards(tx, url, urlKey(url, id)) {
		if isVersion(tx, url, id) {
			r, _, err := recordOf(tx, z, id)
			return &r, err
		}
	}
	return nil, nil
}

// versionAfter returns the version of a URL after a capture, or nil.
func versionAfter(tx *bolt.Tx, z codec, url string, id uint64) (*Record, error) {
	prefix := urlPrefix(url)
	c := tx.Bucket(urlBucket).Cursor()
	for k, _ := c.Seek(urlKey(url, id+1)); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if id := number(k); isVersion(tx, url, id) {
			r, _, err := recordOf(tx, z, id)
			return &r, err
		}
	}
	return nil, nil
}

// isVersion asks the keys only: a page visited every night has hundreds of captures between two versions.
func isVersion(tx *bolt.Tx, url string, id uint64) bool {
	if k, _ := tx.Bucket(recordBucket).Cursor().Seek(idKey(id)); !bytes.Equal(k, idKey(id)) {
		return false
	}
	key := urlKey(url, id)
	k, _ := tx.Bucket(rejectedBucket).Cursor().Seek(key)
	return !bytes.Equal(k, key)
}

// change says how a version differs from the one before it, nil when there is none.
func change(before, r *Record) string {
	switch {
	case r.Rejected != "":
		return ""
	case before == nil:
		return ChangeFirst
	case before.SHA256 == r.SHA256:
		return ChangeNone
	case before.Fields != r.Fields:
		return ChangeFigures
	case before.Text != r.Text:
		return ChangeText
	}
	return ChangeCosmetic
}

// sum checks a record and computes its digests.
func (r *Record) sum() error {
	r.Text, r.Fields = "", ""
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
	claims, err := json.Marshal(claimsOf(r.Report))
	r.Fields = hexSum(claims)
	return err
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Claims are what a report says, without how it was printed, where it stood, and what we think of it: its JSON is
// digested to tell whether two versions say the same. The shape of this type is part of the digest.
type claims struct {
	Title   string            `json:"title"`
	Agency  extract.AgencyKey `json:"agency"`
	Year    int               `json:"year"`
	Scope   string            `json:"scope"`
	Day     string            `json:"published"`
	Fields  [][2]string       `json:"fields"`  // name and value, sorted
	Figures [][6]string       `json:"figures"` // table, row, column, value or raw cell, blank, unit; sorted
}

func claimsOf(r *extract.Report) claims {
	c := claims{Title: r.Title, Agency: r.Agency.Key, Year: r.Year, Scope: r.Scope, Day: r.Published}
	for _, f := range r.Fields {
		if f.Name == "views" || f.Name == "download" { // counters: another number at every visit
			continue
		}
		c.Fields = append(c.Fields, [2]string{f.Name, f.Value})
	}
	for _, f := range r.Figures {
		value := f.Value
		if value == "" && f.Blank == "" {
			value = "raw " + f.Raw // unreadable: what is printed is all there is to compare
		}
		c.Figures = append(c.Figures, [6]string{f.Table, f.Row, f.Column, value, f.Blank, f.Unit})
	}
	slices.SortFunc(c.Fields, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	slices.SortFunc(c.Figures, func(a, b [6]string) int { return slices.Compare(a[:], b[:]) })
	return c
}
