package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"

	"gongkai/extract"
)

// maxURL is the longest address the archive takes; browsers and servers stop at about the same.
const maxURL = 2000

// maxAgency is more than any name of an agency needs, and leaves the key within bbolt's limit.
const maxAgency = 1000

// idKey is the key of a capture, and of all that was read from it.
func idKey(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// number reads the id at the end of a key.
func number(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// urlPrefix begins the keys of one address, and of no other: a zero byte stands in none.
func urlPrefix(url string) []byte { return append([]byte(url), 0) }

func urlKey(url string, id uint64) []byte { return append(urlPrefix(url), idKey(id)...) }

// What nanoseconds since 1970 in 64 bits can say, whole years.
var (
	firstTime = time.Unix(0, 0).UTC()
	lastTime  = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

func timeKey(t time.Time, id uint64) []byte {
	return append(idKey(uint64(t.UnixNano())), idKey(id)...)
}

func keyPrefix(k extract.Key) []byte {
	b := append([]byte(k.Agency), 0)
	return binary.BigEndian.AppendUint16(b, uint16(k.Year))
}

// indexKey is where a record stands among all: reports by agency, year and address, the rest by address.
func indexKey(r *Record) (bucket, key []byte) {
	if r.Rejected != "" {
		return rejectedBucket, urlKey(r.URL, r.Capture)
	}
	return keyBucket, append(keyPrefix(r.Report.Key()), urlKey(r.URL, r.Capture)...)
}

func checkURL(url string) error {
	switch {
	case url == "":
		return errors.New("there is no URL")
	case len(url) > maxURL:
		return fmt.Errorf("the URL has %d bytes, the limit is %d", len(url), maxURL)
	case strings.Contains(url, "\x00") || !utf8.ValidString(url):
		return errors.New("the URL contains a zero byte, or is not UTF-8")
	}
	return nil
}

func checkKey(k extract.Key) error {
	switch {
	case len(k.Agency) > maxAgency:
		return fmt.Errorf("the agency's key has %d bytes, the limit is %d", len(k.Agency), maxAgency)
	case strings.Contains(string(k.Agency), "\x00") || !utf8.ValidString(string(k.Agency)):
		return errors.New("the agency's key contains a zero byte, or is not UTF-8")
	case k.Year < 0 || k.Year > math.MaxUint16:
		return fmt.Errorf("%d is no year", k.Year)
	}
	return nil
}

// How full bbolt leaves the pages of a bucket that it splits, by the order in which its keys come.
const (
	inOrder     = 1   // keys only ever grow: nothing will be put between what is there
	almostOrder = 0.9 // they grow, but for those that are on their way at the same time
	inRuns      = 0.7 // what one portal has comes one after the other, between what others have
)

// ascending returns a bucket whose keys only ever grow.
func ascending(tx *bolt.Tx, name []byte) *bolt.Bucket { return filled(tx, name, inOrder) }

func filled(tx *bolt.Tx, name []byte, percent float64) *bolt.Bucket {
	b := tx.Bucket(name)
	b.FillPercent = percent
	return b
}
