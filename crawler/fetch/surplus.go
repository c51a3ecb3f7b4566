package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// The length that a server announces may be too small. What comes behind it net/http drops without a word, and browsers do
// as well; of a robots.txt it may be the line that forbids everything. So the bytes of that answer are written down as they
// come by on the connection, and read a second time: what is left over then shows that the file is not whole.

// errSurplus means that a server has sent more than it announced.
var errSurplus = errors.New("more was sent than the length or the last chunk announces")

// mostHeard is how many bytes of an answer are written down. More rules than come in so many are not read in any case.
const mostHeard = 1 << 20

// lastWord is how long bytes behind an announced end are waited for: less than the delay before the next request.
const lastWord = time.Second

// A witness writes down what a server sends by a connection, while it is asked to.
type witness struct {
	mu    sync.Mutex
	text  []byte
	ctx   context.Context // of the request whose answer is written down; nil: of none
	ended chan struct{}   // closed when nothing more can come
	over  bool            // it is closed
}

// attend begins to write down the answer to a request with this context.
func (w *witness) attend(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text, w.ctx, w.ended, w.over = nil, ctx, make(chan struct{}), false
}

// dismiss ends the writing.
func (w *witness) dismiss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text, w.ctx = nil, nil
}

// note is called with what was read.
func (w *witness) note(b []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx == nil {
		return
	}
	w.text = append(w.text, b[:min(len(b), mostHeard-len(w.text))]...)
	if err != nil || len(w.text) == mostHeard {
		w.end()
	}
}

// end notes that nothing more can come. The caller holds mu.
func (w *witness) end() {
	if w.ctx != nil && !w.over {
		w.over = true
		close(w.ended)
	}
}

// linger waits for what is still on its way by a connection that is about to be closed: net/http closes one that is not
// kept as soon as it has had the announced end. For a request that was given up it does not wait.
func (w *witness) linger(c net.Conn) {
	w.mu.Lock()
	attending := w.ctx != nil && !w.over && w.ctx.Err() == nil
	w.mu.Unlock()
	if !attending {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(lastWord)) // on a dead connection Read says so as well
	_, _ = io.Copy(io.Discard, io.LimitReader(c, mostHeard))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
}

// surplus reports whether more came than the answer to a request announces; it waits for that, lastWord at most.
func (w *witness) surplus(req *http.Request) bool {
	w.mu.Lock()
	ended := w.ended
	w.mu.Unlock()
	timer := time.NewTimer(lastWord)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	case <-req.Context().Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return leftOver(w.text, req)
}

// leftOver reports whether bytes that a server sent are more than one answer to a request, and those before it that are
// none yet (status 100 to 199). Blanks and NULs hold no rules.
func leftOver(sent []byte, req *http.Request) bool {
	r := bufio.NewReader(bytes.NewReader(sent))
	for interim := true; interim; {
		res, err := http.ReadResponse(r, req)
		if err != nil {
			return false // the caller has read it, or knows why not
		}
		interim = res.StatusCode < 200
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return false
		}
	}
	rest, _ := io.ReadAll(r) // of memory
	return len(bytes.Trim(rest, " \t\r\n\x00")) > 0
}
