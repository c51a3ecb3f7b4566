package warc

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// namespace is that of our record ids: they are UUIDs of version 5, made from what the record is about, so that one
// moment of an archive has one export. It is itself the one of https://gongkai/warc in the namespace of URLs.
var namespace = nameUUID([16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}, "https://gongkai/warc")

// nameUUID returns the UUID of version 5 (RFC 9562, 5.5) of a name in a namespace.
func nameUUID(space [16]byte, name string) (id [16]byte) {
	sum := sha1.Sum(append(space[:], name...))
	copy(id[:], sum[:])
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	return id
}

func recordID(parts ...string) string {
	id := nameUUID(namespace, strings.Join(parts, "\x00"))
	return fmt.Sprintf("<urn:uuid:%x-%x-%x-%x-%x>", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func sha256Field(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// A place is where a record was written.
type place struct {
	file           string
	offset, length int64
}

// An output is a series of WARC files, a member of gzip for each record. A file that has reached the limit is followed by
// another.
type output struct {
	dir   string
	limit int64
	info  func(name string) (header Fields, block []byte) // the record that begins each file
	ended func(f *outFile) error                          // called with each file when it is whole

	file *outFile
	n    int
	gz   *gzip.Writer
}

// An outFile is one file, and its digest.
type outFile struct {
	name  string
	out   *os.File
	sum   hash.Hash
	bytes int64
}

func (f *outFile) Write(p []byte) (int, error) {
	n, err := f.out.Write(p)
	f.sum.Write(p[:n])
	f.bytes += int64(n)
	return n, err
}

// begin makes room for the records of one capture: they stand together.
func (o *output) begin() error {
	if o.file != nil && o.file.bytes < o.limit {
		return nil
	}
	if err := o.end(); err != nil {
		return err
	}
	name := fmt.Sprintf("gongkai-%05d.warc.gz", o.n)
	o.n++
	out, err := os.Create(filepath.Join(o.dir, name))
	if err != nil {
		return err
	}
	o.file = &outFile{name: name, out: out, sum: sha256.New()}
	header, block := o.info(name)
	_, err = o.write(header, block)
	return err
}

// write writes a record. Content-Length and the block's digest are added.
func (o *output) write(header Fields, block ...[]byte) (place, error) {
	p := place{file: o.file.name, offset: o.file.bytes}
	if o.gz == nil {
		o.gz, _ = gzip.NewWriterLevel(o.file, gzip.DefaultCompression)
	}
	o.gz.Reset(o.file)
	o.gz.OS = 255 // unknown, on every system; there is neither name nor time in the header
	size, sum := 0, sha256.New()
	for _, b := range block {
		size += len(b)
		sum.Write(b)
	}
	header.add("WARC-Block-Digest", "sha256:"+hex.EncodeToString(sum.Sum(nil)))
	header.add("Content-Length", strconv.Itoa(size))
	_, err := io.WriteString(o.gz, "WARC/1.1\r\n"+header.String()+"\r\n")
	for _, b := range append(block, []byte("\r\n\r\n")) {
		if err == nil {
			_, err = o.gz.Write(b)
		}
	}
	if err == nil {
		err = o.gz.Close()
	}
	p.length = o.file.bytes - p.offset
	return p, err
}

// end closes the file that is being written.
func (o *output) end() error {
	f := o.file
	if f == nil {
		return nil
	}
	o.file = nil
	err := f.out.Sync()
	if closed := f.out.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = o.ended(f)
	}
	return err
}

// drop closes the file after an error.
func (o *output) drop() {
	if o.file != nil {
		o.file.out.Close()
		o.file = nil
	}
}

// header begins the fields of a record.
func header(kind, id, uri string, at time.Time) Fields {
	f := Fields{{"WARC-Type", kind}, {"WARC-Record-ID", id}}
	f.add("WARC-Target-URI", uri)
	f.add("WARC-Date", formatTime(at))
	return f
}
