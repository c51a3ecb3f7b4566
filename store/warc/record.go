package warc

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"
)

// A Record is one record of a WARC file. Its block is read through Read, once and from front to back; Close then tells
// whether the record was whole.
type Record struct {
	Header Fields
	Offset int64 // in the file, of the record or of the member of gzip that holds it
	Length int64 // of its block, as it says

	reader *Reader
	block  io.LimitedReader
	sum    hash.Hash // of the block; nil when the record names no digest that we know
	want   []byte
	closed error
	done   bool
}

// Type returns the type of the record in lower case.
func (r *Record) Type() string { return strings.ToLower(r.Header.Get("WARC-Type")) }

// ID returns the record's own id without brackets.
func (r *Record) ID() string { return bare(r.Header.Get("WARC-Record-ID")) }

// URI returns what the record is about, or "".
func (r *Record) URI() string { return bare(r.Header.Get("WARC-Target-URI")) }

// Time returns when the record was made; false when it does not say.
func (r *Record) Time() (time.Time, bool) { return parseTime(r.Header.Get("WARC-Date")) }

// mediaType returns the type of the block without parameters, in lower case.
func (r *Record) mediaType() string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// Read reads the block. It returns io.ErrUnexpectedEOF where the file ends before the block does.
func (r *Record) Read(p []byte) (int, error) {
	n, err := r.block.Read(p)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	if err == io.EOF && r.block.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close reads the record to its end, and says what is wrong with it: it is cut short, its length or its digest is not
// that of the block. After an error nothing that was read of the block is to be believed.
func (r *Record) Close() error {
	if r.done {
		return r.closed
	}
	r.done = true
	_, err := io.Copy(io.Discard, r)
	r.closed = r.reader.finish(r, err)
	return r.closed
}

// errDigest means that a block is not what it was.
var errDigest = errors.New("the block does not have the digest that its record names")

// proven compares the block with the digest that the record names.
func (r *Record) proven() error {
	if r.sum != nil && string(r.sum.Sum(nil)) != string(r.want) {
		return errDigest
	}
	return nil
}

// expect prepares for the digest of the block. One of an unknown kind proves nothing, and is no fault.
func (r *Record) expect() {
	r.sum, r.want = digestOf(r.Header.Get("WARC-Block-Digest"))
}

// digestOf reads a digest as records name it, "sha1:…"; nil when it is of a kind that we do not know.
func digestOf(field string) (sum hash.Hash, want []byte) {
	algorithm, value, _ := strings.Cut(field, ":")
	switch strings.ToLower(strings.TrimSpace(algorithm)) {
	case "sha1", "sha-1":
		sum = sha1.New()
	case "sha256", "sha-256":
		sum = sha256.New()
	case "md5":
		sum = md5.New()
	default:
		return nil, nil
	}
	if want = digestBytes(value, sum.Size()); want == nil {
		return nil, nil
	}
	return sum, want
}

// fits reports whether a digest of a payload is that of one of its readings. One that cannot be read fits.
func fits(digest string, readings ...[]byte) bool {
	sum, want := digestOf(digest)
	if sum == nil {
		return true
	}
	return slices.ContainsFunc(readings, func(b []byte) bool {
		sum.Reset()
		sum.Write(b)
		return bytes.Equal(sum.Sum(nil), want)
	})
}

// digestBytes reads a digest in hexadecimal or base 32; nil when it is neither.
func digestBytes(s string, size int) []byte {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	if b, err := hex.DecodeString(s); err == nil && len(b) == size {
		return b
	}
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(s))
	if err != nil || len(b) != size {
		return nil
	}
	return b
}

// Damage is a place in a file where there was no record, or none that is whole. Reading goes on behind it.
type Damage struct {
	Offset int64
	Why    error
}

func (d *Damage) Error() string { return fmt.Sprintf("at byte %d: %v", d.Offset, d.Why) }

func (d *Damage) Unwrap() error { return d.Why }
