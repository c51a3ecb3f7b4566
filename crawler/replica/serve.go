package replica

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Request is a line of a site's log.
type Request struct {
	Time   time.Time // when the request arrived
	Done   time.Time // when the answer was whole and went to the client; never later than the client has it
	Method string
	URI    string      // path and query as they were sent
	Header http.Header // User-Agent, If-None-Match, If-Modified-Since and Referer, those that were sent
	Status int
}

// kept are the request headers worth a look in a test.
var kept = []string{"User-Agent", "If-None-Match", "If-Modified-Since", "Referer"}

// Requests returns a copy of the log, in the order of the answers. A request is in it before its client has the answer.
func (s *Site) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log) // headers are shared; nobody writes to them after they are logged
}

// serve answers one request. The whole answer is made before a byte is sent, so that the log is ahead of the client.
func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	p := s.answer(r)
	for name, values := range p.header {
		w.Header()[name] = values
	}
	status, body := p.status, p.body
	if s.validate(w.Header(), p) && unchanged(r.Header, w.Header()) {
		status, body = http.StatusNotModified, nil
		w.Header().Del("Content-Type")
	} else {
		body = s.compress(w.Header(), r, body)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	s.record(r, began, status)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body) // the client may be gone
	}
}

// answer finds what the site shows for a request.
func (s *Site) answer(r *http.Request) *page {
	jsp := s.manifest.JPage
	if jsp != nil && r.URL.Path == jsp.Path {
		r.ParseForm() // what cannot be parsed was not asked
		s.mu.Lock()
		defer s.mu.Unlock()
		if all := s.pages[jsp.Path]; all != nil {
			return jsp.answer(all, r.Form)
		}
		return failure(http.StatusNotFound)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return failure(http.StatusMethodNotAllowed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pages[key(r.URL)]; p != nil {
		return p
	}
	if last := s.manifest.Last; s.manifest.PastEnd == "repeat" && r.URL.Query().Has("page") && strings.HasPrefix(last, r.URL.Path+"?") {
		if p := s.page(last); p != nil {
			return p
		}
	}
	return failure(http.StatusNotFound)
}

// failure is what an nginx says when it has nothing.
func failure(status int) *page {
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	body := "<html>\r\n<head><title>" + text + "</title></head>\r\n<body>\r\n<center><h1>" + text + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	return &page{status: status, header: http.Header{"Content-Type": {"text/html"}, "Server": {"nginx"}}, body: []byte(body)}
}

// validate sets the validators the site is known for, and says whether it has any for this page. Pages made on request
// have no date, and failures no validators.
func (s *Site) validate(h http.Header, p *page) bool {
	if p.status != http.StatusOK || p.modified.IsZero() {
		return false
	}
	switch s.manifest.Validators {
	case "etag":
		h.Set("Etag", p.etag(s.manifest.Weak))
	case "last-modified":
		h.Set("Last-Modified", p.modified.Format(http.TimeFormat))
	default:
		return false
	}
	return true
}

// unchanged says whether the client already has what the answer's validators name. As RFC 9110 wants it, If-None-Match
// alone decides where it was sent, and compares weakly.
func unchanged(request, answer http.Header) bool {
	if tags := request.Values("If-None-Match"); len(tags) > 0 {
		have := strings.TrimPrefix(answer.Get("Etag"), "W/")
		for tag := range strings.SplitSeq(strings.Join(tags, ","), ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if have != "" && (tag == have || tag == "*") {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(request.Get("If-Modified-Since"))
	if err != nil {
		return false
	}
	changed, err := http.ParseTime(answer.Get("Last-Modified"))
	return err == nil && !changed.After(since)
}

// compress returns body as it goes over the line.
func (s *Site) compress(h http.Header, r *http.Request, body []byte) []byte {
	if !s.manifest.Gzip || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return body
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(body) // into memory: neither this nor Close can fail
	z.Close()
	h.Set("Content-Encoding", "gzip")
	return b.Bytes()
}

func (s *Site) record(r *http.Request, began time.Time, status int) {
	h := http.Header{}
	for _, name := range kept {
		if v := r.Header.Values(name); len(v) > 0 {
			h[name] = slices.Clone(v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, Request{Time: began, Done: time.Now(), Method: r.Method, URI: r.RequestURI, Header: h, Status: status})
}
