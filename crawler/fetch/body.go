package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"gongkai/extract/coding"
	"gongkai/extract/filetype"
)

// errIdle means that a server stopped in the middle of a body.
var errIdle = errors.New("the body stops halfway, nothing more has come for too long")

// readBody takes a body off the wire, or refuses it. Not more than limit bytes are taken. strict lets nothing
// pass in the end but what is certainly whole.
func readBody(to *spool, res *http.Response, limit int64, watch *idle, strict bool) (*Arrival, error) {
	defer res.Body.Close()
	if res.ContentLength > limit && !isHTML(res.Header) {
		return nil, fmt.Errorf("%w of %d bytes", coding.ErrTooLarge, limit)
	}
	fault := receive(to, res, limit, watch)
	if errors.Is(fault, coding.ErrTooLarge) || errors.Is(fault, ErrSpool) || errors.Is(fault, errCrowded) {
		to.Discard()
		return nil, fault
	}
	strict = strict && (to.n > 0 || res.StatusCode == http.StatusOK) // a 304 names the coding of what it does not send
	return &Arrival{spool: to, header: res.Header.Clone(), length: res.ContentLength, fault: fault, Limit: limit, strict: strict}, nil
}

// An Arrival is a body as it was sent, or what has come of one that broke off. Whoever has it calls Discard.
type Arrival struct {
	*spool
	header http.Header
	length int64 // as announced; -1 when it was not
	fault  error // why it broke off; nil when it came to its end
	Limit  int64 // of bytes, as sent or as unpacked
	strict bool  // only what is certainly whole will do

	mending *mending // what was wrong with the head before it; nil for nothing
}

// usualRatio is what pages unpack to, at most, nearly always.
const usualRatio = 10

// Size returns how many bytes the body has in all likelihood when its content coding is undone.
func (a *Arrival) Size() int64 {
	if a.header.Get("Content-Encoding") == "" && !bytes.HasPrefix(a.Head(), []byte("\x1f\x8b")) {
		return a.n
	}
	return min(a.Limit, usualRatio*a.n+spoolFree)
}

// Undo undoes the content coding of a body, or refuses one that has more than limit bytes. With a *CutError comes what
// there is of a body that broke off.
func (a *Arrival) Undo(limit int64) ([]byte, error) {
	sent, err := a.bytes()
	if err != nil {
		return nil, err
	}
	undo := coding.Undo
	if a.strict {
		undo = coding.UndoStrictly
	}
	body, err := undo(sent, a.header, limit)
	switch {
	case err != nil && !errors.Is(err, coding.ErrCut):
		return nil, err
	case err == nil && a.fault == nil:
		if len(body) == len(sent) && a.mending.doubts(body) {
			return body, &CutError{errors.New(a.mending.unsure), place(a.length, body, 0)}
		}
		return body, unasked(a.header.Get("Content-Range"), a.strict)
	case err == nil && len(body) != len(sent) && !a.strict:
		return body, nil // the packed data have come to their own end, whatever length was announced
	}
	if a.fault == nil {
		return body, &CutError{err, place(a.length, body, 0)}
	}
	return body, &CutError{a.fault, place(a.length, body, a.length-int64(len(sent)))}
}

// unasked returns an error when a Content-Range (RFC 9110, 14.4) says that a part of a document was sent, for which nobody
// has asked; if strict, also when it does not say that all of it was.
func unasked(contentRange string, strict bool) error {
	var first, last, size int64
	n, _ := fmt.Sscanf(strings.TrimSpace(contentRange), "bytes %d-%d/%d", &first, &last, &size)
	all := first == 0 && n == 3 && last+1 == size
	if contentRange == "" || all || !strict && (n == 0 || first == 0 && n < 3) {
		return nil
	}
	return &CutError{errors.New("only a part was sent"), ": " + contentRange}
}

// isHTML reports whether an answer calls itself a page. No page has tens of megabytes: if its length says so that is wrong.
func isHTML(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/html")
}

// receive takes a body off the wire. With an error there is what came before it.
func receive(to *spool, res *http.Response, limit int64, watch *idle) error {
	watch.start(false)
	defer watch.end()
	from := &wire{r: res.Body, watch: watch, limit: limit, first: make([]byte, 0, len("%PDF-"))}
	piece := make([]byte, 8<<10)
	for {
		n, err := from.Read(piece)
		if _, failed := to.Write(piece[:n]); failed != nil {
			return failed
		}
		if err == io.EOF {
			return nil
		}
		if op := new(net.OpError); errors.As(err, &op) {
			return op.Err // without the port of this end, which is another one each time
		}
		if err != nil {
			return err
		}
	}
}

// A CutError says that a body breaks off, and where. Its words are the same when the same body breaks off at the same
// place for the same reason again: then it is the server's way to end it, and no accident.
type CutError struct {
	Err   error
	Place string // where; begins with what stands between the two
}

func (e *CutError) Error() string { return e.Err.Error() + e.Place }
func (e *CutError) Unwrap() error { return e.Err }

// place says where a body breaks off. What is generated for each request has not the same length each time, but the same
// number of bytes too few, or its own end.
func place(length int64, body []byte, missing int64) string {
	switch {
	case len(body) == 0:
		return ": nothing of the body has come"
	case length > 0 && missing > 0:
		return fmt.Sprintf(": %d bytes fewer than its Content-Length says", missing)
	case filetype.Ended(body):
		return ": behind the end of the document"
	}
	return fmt.Sprintf(": after %d bytes", len(body))
}

// A wire counts what a server sends, and takes no more than limit bytes of it.
type wire struct {
	r        io.Reader
	watch    *idle
	n, limit int64
	first    []byte // bytes of the body, as many as tell what it is; full to its capacity once they have come
	last     []byte // bytes of it so far, filetype.EndWithin at most
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.n += int64(n)
	if w.n > w.limit {
		return 0, fmt.Errorf("%w of %d bytes", coding.ErrTooLarge, w.limit)
	}
	if n > 0 {
		w.first = append(w.first, b[:min(n, cap(w.first)-len(w.first))]...)
		last := append(w.last, b[max(0, n-filetype.EndWithin):n]...)
		w.last = append(w.last[:0], last[max(0, len(last)-filetype.EndWithin):]...)
		w.watch.start(filetype.Ended(slices.Concat(w.first, w.last)))
	}
	return n, err
}

// An idle stops a request when nothing has come for a while.
type idle struct {
	d     time.Duration
	stop  func()
	timer *time.Timer
}

// lull is how long more is waited for behind the end of a document, on a connection that stays open.
const lull = 5 * time.Second

// start begins to wait for the next byte.
func (i *idle) start(ended bool) {
	d := i.d
	if ended {
		d = min(d, lull)
	}
	if i.timer == nil {
		i.timer = time.AfterFunc(d, i.stop)
		return
	}
	i.timer.Reset(d)
}

func (i *idle) end() { i.timer.Stop() }
