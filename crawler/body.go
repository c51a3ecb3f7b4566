package crawler

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

var (
	// errTooLarge means that a body has more bytes than the limit, as sent or as unpacked.
	errTooLarge = errors.New("larger than the limit")
	// errBomb means that a body unpacks to so much more than was sent that it was made to.
	errBomb = errors.New("unpacks to too much")
	// errIdle means that a server stopped in the middle of a body.
	errIdle = errors.New("the body stops halfway, nothing more has come for too long")
)

// A body that unpacks to more than this much, and to more than so many times what was sent, is a bomb. Pages full of
// Word's markup reach 60 times.
const (
	freeSize  = 4 << 20
	mostRatio = 200
)

// readBody reads a body to its end and undoes its content coding, or refuses it; it never cuts it. Not more than limit
// bytes are taken from the wire, nor unpacked.
func readBody(res *http.Response, limit int64, watch *idle) ([]byte, error) {
	defer res.Body.Close()
	if res.ContentLength > limit {
		return nil, fmt.Errorf("%w of %d bytes", errTooLarge, limit)
	}
	sent := &wire{r: res.Body, watch: watch, limit: limit}
	watch.start()
	defer watch.end()
	r, err := unpacked(bufio.NewReaderSize(sent, 4<<10), res.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if res.ContentLength > 0 {
		body.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	for {
		_, err := io.CopyN(&body, r, 256<<10)
		switch n := int64(body.Len()); {
		case n > limit:
			return nil, fmt.Errorf("%w of %d bytes", errTooLarge, limit)
		case n > freeSize && n > mostRatio*sent.n:
			return nil, fmt.Errorf("%w: %d bytes came as %d", errBomb, n, sent.n)
		case err == io.EOF:
			return body.Bytes(), nil
		case err != nil:
			return nil, err
		}
	}
}

// unpacked undoes a content coding. Servers say gzip of what is not packed at all, and send deflate without the frame
// that it should have (RFC 9110, 8.4.1.2): the bytes decide.
func unpacked(r *bufio.Reader, coding string) (io.Reader, error) {
	head, err := r.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		if string(head) == "\x1f\x8b" {
			return gzip.NewReader(r)
		}
		return r, nil
	case "deflate": // nobody asked for it, some send it all the same
		if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(r)
		}
		return flate.NewReader(r), nil
	}
	return nil, fmt.Errorf("content coding %q was not asked for", coding)
}

// A wire counts what a server sends, and takes no more than limit bytes of it.
type wire struct {
	r        io.Reader
	watch    *idle
	n, limit int64
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.n += int64(n)
	if w.n > w.limit {
		return 0, fmt.Errorf("%w of %d bytes", errTooLarge, w.limit)
	}
	if n > 0 {
		w.watch.start()
	}
	return n, err
}

// An idle stops a request when nothing has come for a while.
type idle struct {
	d     time.Duration
	stop  func()
	timer *time.Timer
}

// start begins to wait for the next byte.
func (i *idle) start() {
	if i.timer == nil {
		i.timer = time.AfterFunc(i.d, i.stop)
		return
	}
	i.timer.Reset(i.d)
}

func (i *idle) end() { i.timer.Stop() }
