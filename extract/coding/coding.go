// Package coding undoes content codings (RFC 9110, 8.4) as servers really use them: names that are none, packed twice or
// not at all, with rubbish behind the end or without their trailer. It judges by the bytes more than by the header.
package coding

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"gongkai/extract/filetype"
)

var (
	// ErrTooLarge means that a body has more bytes than the limit, as sent or as unpacked.
	ErrTooLarge = errors.New("larger than the limit")
	// ErrBomb means that a body unpacks to so much more than was sent that it was made to.
	ErrBomb = errors.New("unpacks to too much")
	// ErrUnknown means that a coding cannot be undone.
	ErrUnknown = errors.New("cannot be undone")
	// ErrCut means that a packed body ends before its end, or is damaged on the way there.
	ErrCut = errors.New("breaks off")

	errSum    = errors.New("the checksum is of other bytes")
	errBehind = errors.New("something follows its end")
)

// A body that unpacks to more than FreeSize bytes, and to more than mostRatio times what was sent, is a bomb. Pages full
// of Word's markup reach 60 times.
const (
	FreeSize  = 4 << 20
	mostRatio = 200
)

// mostLayers bounds how often one body may be packed.
const mostLayers = 4

// Undo returns a body of at most limit bytes as it was before it was packed as its header says. What was not packed as
// the header says is returned as it is. With an error of ErrCut come the bytes that could be had, with any other none.
func Undo(body []byte, h http.Header, limit int64) ([]byte, error) {
	return (&undoing{sent: int64(len(body)), limit: limit, kind: h.Get("Content-Type")}).undo(body, h)
}

// UndoStrictly is Undo for what must be whole: with ErrCut comes also what lacks a trailer or goes on behind its end, and
// with ErrUnknown what is not in the coding that its header names, unless that is a word which stands for none.
func UndoStrictly(body []byte, h http.Header, limit int64) ([]byte, error) {
	return (&undoing{sent: int64(len(body)), limit: limit, kind: h.Get("Content-Type"), strict: true}).undo(body, h)
}

func (u *undoing) undo(body []byte, h http.Header) ([]byte, error) {
	names := list(h.Values("Content-Encoding"))
	for i := len(names) - 1; i >= 0; i-- { // the last one was applied last
		var err error
		if body, err = u.layer(body, names[i]); err != nil {
			return u.had(body, err)
		}
	}
	for range mostLayers {
		if !u.packedText(body) {
			break
		}
		plain, err := u.gunzip(body)
		if err != nil {
			return u.had(plain, err)
		}
		body = plain
	}
	return body, nil
}

type undoing struct {
	sent, limit int64
	kind        string // Content-Type
	strict      bool
}

// behind returns an error when something follows the end of packed data that must be whole. Some files are filled up with
// NULs.
func (u *undoing) behind(name string, r *bytes.Reader) error {
	rest, _ := io.ReadAll(r) // of memory
	if u.strict && len(bytes.Trim(rest, "\x00\r\n")) > 0 {
		return broken(name, errBehind)
	}
	return nil
}

// short returns an error when the trailer is missing of what must be whole.
func (u *undoing) short(name string) error {
	if u.strict {
		return broken(name, io.ErrUnexpectedEOF)
	}
	return nil
}

func (u *undoing) had(body []byte, err error) ([]byte, error) {
	if errors.Is(err, ErrCut) {
		return body, err
	}
	return nil, err
}

// list returns the names of codings in the order in which they were applied, without parameters.
func list(values []string) (names []string) {
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name, _, _ = strings.Cut(name, ";")
			name = strings.ToLower(strings.Trim(name, " \t\"'"))
			if name != "" && len(names) < mostLayers {
				names = append(names, name)
			}
		}
	}
	return names
}

// layer undoes one coding. A name that stands for none leaves the body as it is: servers write the charset, the media
// type, "none" or "binary" there.
func (u *undoing) layer(body []byte, name string) ([]byte, error) {
	switch name {
	case "gzip", "x-gzip", "deflate", "br", "zstd":
		return u.packed(body, name)
	case "compress", "x-compress", "exi", "sdch", "xz", "lzma", "bzip2", "dcb", "dcz", "aes128gcm", "pack200-gzip":
		if u.strict || !u.readable(body) {
			return nil, unknown(name)
		}
	}
	if u.strict && !none.MatchString(name) {
		return nil, unknown(name)
	}
	return body, nil
}

// none are names that stand for no coding, with the charsets that are found there.
var none = regexp.MustCompile(`^(?:identity|none|null|no|off|plain|text|binary|ascii|us-ascii|[78]bit|chunked|unicode|utf-?(?:8|16).*|gb.*|iso-?8859.*|windows-125.|big5|[a-z]+/[-.+a-z0-9]+)$`)

func unknown(name string) error { return fmt.Errorf("content coding %q %w", name, ErrUnknown) }

// packed undoes one of the codings that are known, whichever of them the bytes are in. Only gzip and zstd have a mark that
// nothing else begins with; the others are believed if they come to their end, or if nothing else explains the bytes.
func (u *undoing) packed(body []byte, name string) ([]byte, error) {
	switch {
	case isGzip(body):
		return u.gunzip(body)
	case bytes.HasPrefix(body, []byte("\x28\xb5\x2f\xfd")):
		return u.unzstd(body)
	}
	ways := map[string]func([]byte) ([]byte, error){"deflate": u.inflate, "br": u.unbrotli}
	tries := []func([]byte) ([]byte, error){ways[name]}
	if isZlib(body) {
		tries = []func([]byte) ([]byte, error){u.unzlib, ways[name]}
	}
	for _, try := range tries {
		if try == nil {
			continue
		}
		plain, err := try(body)
		cut := errors.Is(err, io.ErrUnexpectedEOF) && len(plain) > 0 && !u.readable(body)
		if err == nil || cut || errors.Is(err, errSum) || !errors.Is(err, ErrCut) {
			return plain, err
		}
	}
	if u.strict {
		return nil, unknown(name)
	}
	return body, nil
}

// readable reports whether bytes are a document of a kind that is known.
func (u *undoing) readable(body []byte) bool {
	return filetype.Detect(body, u.kind, "") != filetype.Unknown
}

// packedText reports whether what is called a text is in fact packed: once more than the header says, or by a server in
// front that has dropped the header. Other types may be archives, and stay as they are.
func (u *undoing) packedText(body []byte) bool {
	kind, _, _ := strings.Cut(strings.ToLower(u.kind), ";")
	switch strings.TrimSpace(kind) {
	case "text/html", "text/plain", "application/xhtml+xml", "application/json", "application/javascript", "text/javascript":
		return isGzip(body)
	}
	return false
}

func isGzip(body []byte) bool { return bytes.HasPrefix(body, []byte("\x1f\x8b\x08")) }

// isZlib tests the check of a zlib header (RFC 1950, 2.2), which other bytes pass by chance once in 500 times.
func isZlib(body []byte) bool {
	return len(body) >= 2 && body[0]&0x0f == 8 && body[0]>>4 <= 7 && binary.BigEndian.Uint16(body)%31 == 0
}

// gunzip unpacks the members of a gzip file (RFC 1952). What follows the first one and is none is left out, as browsers
// do, and a trailer may be missing: the packed data tell their own end.
func (u *undoing) gunzip(body []byte) ([]byte, error) {
	var out bytes.Buffer
	r := bytes.NewReader(body) // an io.ByteReader, so nothing is read beyond an end
	for first := true; ; first = false {
		tail := bytes.NewReader(body[len(body)-r.Len():])
		if _, err := gzip.NewReader(r); err != nil {
			switch {
			case !first:
				return out.Bytes(), u.behind("gzip", tail)
			case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
				return nil, fmt.Errorf("gzip %w: %w", ErrCut, io.ErrUnexpectedEOF)
			case u.strict:
				return nil, unknown("gzip")
			}
			return body, nil
		}
		start := out.Len()
		if err := u.drain(flate.NewReader(r), &out); err != nil {
			return out.Bytes(), broken("gzip", err)
		}
		var trailer [8]byte
		if n, _ := io.ReadFull(r, trailer[:]); n < len(trailer) {
			return out.Bytes(), u.short("gzip")
		}
		member := out.Bytes()[start:]
		if binary.LittleEndian.Uint32(trailer[:]) != crc32.ChecksumIEEE(member) || binary.LittleEndian.Uint32(trailer[4:]) != uint32(len(member)) {
			return out.Bytes(), broken("gzip", errSum)
		}
	}
}

// unzlib unpacks the zlib format (RFC 1950).
func (u *undoing) unzlib(body []byte) ([]byte, error) {
	var out bytes.Buffer
	r := bytes.NewReader(body[2:])
	if err := u.drain(flate.NewReader(r), &out); err != nil {
		return out.Bytes(), broken("deflate", err)
	}
	var sum [4]byte
	switch n, _ := io.ReadFull(r, sum[:]); {
	case n < len(sum):
		return out.Bytes(), u.short("deflate")
	case binary.BigEndian.Uint32(sum[:]) != adler32.Checksum(out.Bytes()):
		return out.Bytes(), broken("deflate", errSum)
	}
	return out.Bytes(), u.behind("deflate", r)
}

// inflate unpacks data without the frame that RFC 9110, 8.4.1.2 wants around them.
func (u *undoing) inflate(body []byte) ([]byte, error) {
	var out bytes.Buffer
	r := bytes.NewReader(body)
	if err := u.drain(flate.NewReader(r), &out); err != nil {
		return out.Bytes(), broken("deflate", err)
	}
	return out.Bytes(), u.behind("deflate", r)
}

func (u *undoing) unbrotli(body []byte) ([]byte, error) {
	var out bytes.Buffer
	err := u.drain(brotli.NewReader(bytes.NewReader(body)), &out)
	return out.Bytes(), broken("br", err)
}

func (u *undoing) unzstd(body []byte) ([]byte, error) {
	z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(u.limit)+1<<20))
	if err != nil {
		return nil, fmt.Errorf("zstd %w: %w", ErrCut, err)
	}
	defer z.Close()
	var out bytes.Buffer
	err = u.drain(z, &out)
	if out.Len() > 0 && errors.Is(err, zstd.ErrMagicMismatch) {
		if err = nil; u.strict { // rubbish behind the first frame
			err = errBehind
		}
	}
	return out.Bytes(), broken("zstd", err)
}

// broken names the coding that an error befell. The package's own errors stay as they are.
func broken(name string, err error) error {
	if err == nil || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrBomb) {
		return err
	}
	return fmt.Errorf("%s %w: %w", name, ErrCut, err)
}

// drain reads to the end, as long as it is not too much.
func (u *undoing) drain(r io.Reader, out *bytes.Buffer) error {
	for {
		_, err := io.CopyN(out, r, 256<<10)
		switch n := int64(out.Len()); {
		case n > u.limit:
			return fmt.Errorf("%w of %d bytes", ErrTooLarge, u.limit)
		case n > FreeSize && n > mostRatio*u.sent:
			return fmt.Errorf("%w: %d bytes came as %d", ErrBomb, n, u.sent)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
