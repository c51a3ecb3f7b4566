package crawler

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"gongkai/extract/coding"
)

// errIdle means that a server stopped in the middle of a body.
var errIdle = errors.New("the body stops halfway, nothing more has come for too long")

// readBody reads a body to its end and undoes its content coding, or refuses it. Not more than limit bytes are taken from
// the wire, nor unpacked. With a *cutError comes what there is of a body that breaks off.
func readBody(res *http.Response, limit int64, watch *idle) ([]byte, error) {
	defer res.Body.Close()
	if res.ContentLength > limit && !isHTML(res.Header) {
		return nil, fmt.Errorf("%w of %d bytes", coding.ErrTooLarge, limit)
	}
	sent, fault := receive(res, limit, watch)
	if fault != nil && errors.Is(fault, coding.ErrTooLarge) {
		return nil, fault
	}
	body, err := coding.Undo(sent, res.Header, limit)
	switch {
	case err != nil && !errors.Is(err, coding.ErrCut):
		return nil, err
	case err == nil && fault == nil:
		return body, unasked(res.Header.Get("Content-Range"))
	case err == nil && len(body) != len(sent):
		return body, nil // the packed data have come to their own end, whatever length was announced
	}
	if fault == nil {
		return body, &cutError{err, place(res, body, 0)}
	}
	return body, &cutError{fault, place(res, body, res.ContentLength-int64(len(sent)))}
}

// unasked returns an error when a Content-Range (RFC 9110, 14.4) says that a part of a document was sent, for which nobody
// has asked.
func unasked(contentRange string) error {
	var first, last, size int64
	n, _ := fmt.Sscanf(strings.TrimSpace(contentRange), "bytes %d-%d/%d", &first, &last, &size)
	if n == 0 || first == 0 && (n < 3 || last+1 == size) {
		return nil
	}
	return &cutError{errors.New("only a part was sent"), ": " + contentRange}
}

// isHTML reports whether an answer calls itself a page. No page has tens of megabytes: if its length says so that is wrong.
func isHTML(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/html")
}

// receive takes a body off the wire. With an error comes what there was before it.
func receive(res *http.Response, limit int64, watch *idle) ([]byte, error) {
	watch.start()
	defer watch.end()
	var body bytes.Buffer
	if res.ContentLength > 0 {
		body.Grow(int(min(res.ContentLength, 1<<20)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(&wire{r: res.Body, watch: watch, limit: limit})
	if op := new(net.OpError); errors.As(err, &op) {
		err = op.Err // without the port of this end, which is another one each time
	}
	return body.Bytes(), err
}

// A cutError says that a body breaks off, and where. Its words are the same when the same body breaks off at the same
// place for the same reason again: then it is the server's way to end it, and no accident.
type cutError struct {
	err   error
	place string
}

func (e *cutError) Error() string { return e.err.Error() + e.place }
func (e *cutError) Unwrap() error { return e.err }

// stopped gives an error that comes of stopping a request the reason for that.
func stopped(err, why error) error {
	var cut *cutError
	if errors.As(err, &cut) {
		return &cutError{why, cut.place}
	}
	return why
}

// place says where a body breaks off. What is generated for each request has not the same length each time, but the same
// number of bytes too few, or its own end.
func place(res *http.Response, body []byte, missing int64) string {
	switch {
	case len(body) == 0:
		return ": nothing of the body has come"
	case res.ContentLength > 0 && missing > 0:
		return fmt.Sprintf(": %d bytes fewer than its Content-Length says", missing)
	case ended(body):
		return ": behind the end of the document"
	}
	return fmt.Sprintf(": after %d bytes", len(body))
}

// ended reports whether a document has the end that its own format gives it, so that nothing of it can be missing.
func ended(body []byte) bool {
	tail := bytes.ToLower(bytes.TrimRight(body[max(0, len(body)-1024):], "\x00\t\n\f\r "))
	switch {
	case bytes.HasPrefix(body, []byte("%PDF-")):
		return bytes.Contains(tail, []byte("%%eof"))
	case bytes.HasPrefix(body, []byte("PK")):
		return bytes.Contains(tail, []byte("pk\x05\x06")) // the end of the directory
	}
	return bytes.HasSuffix(tail, []byte("</html>"))
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
		return 0, fmt.Errorf("%w of %d bytes", coding.ErrTooLarge, w.limit)
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
