package warc

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// ErrTooLarge means that a body has more bytes than the limit, as stored or as decoded.
var ErrTooLarge = errors.New("larger than the limit")

// A message is an HTTP message as a WARC block holds it.
type message struct {
	first  string // its first line
	header Fields
	body   []byte   // after transfer and content coding, as far as it goes
	err    error    // why that is not the whole body
	stages [][]byte // the body as it was before each coding was undone
}

// readMessage reads an HTTP message. The error says that the block is none; that its body cannot be had whole is in the
// message.
func readMessage(block io.Reader, limit int64) (m message, err error) {
	b := bufio.NewReader(block)
	lines, err := readLines(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return m, fmt.Errorf("HTTP header: %w", err)
	}
	m.first, m.header = lines[0], parseFields(lines[1:])
	m.body, m.err = readAll(b, limit)
	return m, nil
}

// readAll reads to the end, or as far as it goes; nothing of what is too large.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w of %d bytes", ErrTooLarge, limit)
	}
	return body, err
}

// status reads the first line of an answer: "HTTP/1.1 200 OK", or "HTTP/2 200".
func (m *message) status() (int, error) {
	words := strings.Fields(m.first)
	if len(words) >= 2 && (strings.HasPrefix(words[0], "HTTP/") || words[0] == "ICY") {
		if code, err := strconv.Atoi(words[1]); err == nil && code >= 100 && code <= 999 {
			return code, nil
		}
	}
	return 0, fmt.Errorf("no HTTP answer: %.40q", m.first)
}

// values returns the header as net/http has it.
func (m *message) values() http.Header {
	h := http.Header{}
	for _, f := range m.header {
		h.Add(f.Name, f.Value)
	}
	return h
}

// decode undoes the transfer and content coding of the body. Many tools keep bodies decoded and leave the header as it
// was, so a body that does not begin as its coding does is taken for decoded; one that begins so and then breaks off, or
// is shorter than its Content-Length, is not whole. A coding that nobody knows is undone by nobody: browsers show the
// body as it is.
func (m *message) decode(limit int64) {
	if m.err != nil {
		return
	}
	coded := false
	for _, coding := range codings(m.header.All("Transfer-Encoding")) {
		if coded = true; coding == "chunked" {
			m.undo(func(body []byte) ([]byte, error) { return unchunk(body, limit) })
		}
	}
	for _, coding := range codings(m.header.All("Content-Encoding")) {
		if coded = true; len(m.body) > 0 {
			m.undo(func(body []byte) ([]byte, error) { return uncode(body, coding, limit) })
		}
	}
	length, err := strconv.ParseInt(m.header.Get("Content-Length"), 10, 64)
	if m.err == nil && !coded && err == nil && int64(len(m.body)) < length {
		m.err = fmt.Errorf("cut short: %d of %d bytes: %w", len(m.body), length, io.ErrUnexpectedEOF)
	}
}

// undo undoes one coding, of a body that may have broken off before too.
func (m *message) undo(coding func([]byte) ([]byte, error)) {
	m.stages = append(m.stages, m.body)
	var err error
	if m.body, err = coding(m.body); m.err == nil || errors.Is(err, ErrTooLarge) {
		m.err = err
	}
}

// mostCodings bounds how often one body may be packed.
const mostCodings = 4

// codings lists codings in the order in which they are to be undone.
func codings(values []string) (list []string) {
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if name != "" && name != "identity" && len(list) < mostCodings {
				list = append([]string{name}, list...)
			}
		}
	}
	return list
}

// unchunk undoes chunked coding. The trailer is dropped.
func unchunk(body []byte, limit int64) ([]byte, error) {
	line, _, _ := bytes.Cut(body[:min(len(body), 64)], []byte("\n"))
	size, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
	if _, err := strconv.ParseUint(strings.TrimSpace(size), 16, 63); err != nil {
		return body, nil // it was decoded before
	}
	plain, err := readAll(httputil.NewChunkedReader(bytes.NewReader(body)), limit)
	if err != nil && len(plain) == 0 && looksWhole(body) {
		return body, nil
	}
	if err != nil {
		return plain, fmt.Errorf("chunked coding: %w", err)
	}
	return plain, nil
}

// looksWhole reports whether a body that may or may not be chunked is rather a page: no chunk begins with markup.
func looksWhole(body []byte) bool {
	text := bytes.TrimLeft(body, " \t\r\n\ufeff")
	return len(text) > 0 && (text[0] == '<' || text[0] == '{' || text[0] == '%')
}

// uncode undoes one content coding.
func uncode(body []byte, coding string, limit int64) ([]byte, error) {
	var r io.Reader
	var err error
	switch coding {
	case "gzip", "x-gzip":
		if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
			return body, nil
		}
		r, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(body)); err != nil { // as some servers have it
			r, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	case "br":
		r = brotli.NewReader(bytes.NewReader(body))
	case "zstd":
		if !bytes.HasPrefix(body, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
			return body, nil
		}
		var z *zstd.Decoder
		if z, err = zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(limit)+1<<20)); err == nil {
			defer z.Close()
			r = z
		}
	default:
		if http.DetectContentType(body) == "application/octet-stream" {
			return body, fmt.Errorf("content coding %q is not known", coding)
		}
		return body, nil // servers name a charset there, or nothing that means anything
	}
	if err != nil {
		return nil, fmt.Errorf("content coding %s: %w", coding, err)
	}
	first := bufio.NewReader(r)
	if _, err := first.Peek(1); err != nil && err != io.EOF && (coding == "br" || coding == "deflate") {
		return body, nil // these have no mark: it was decoded before
	}
	plain, err := readAll(first, limit)
	if err != nil {
		return plain, fmt.Errorf("content coding %s: %w", coding, err)
	}
	return plain, nil
}
