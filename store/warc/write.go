package warc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gongkai/store"
)

// Options say what to write, and how. The zero value writes all there is as WARC files of about a gigabyte.
type Options struct {
	AsOf     uint64                   // the moment, a capture id: later captures are left out; 0 is now
	Want     func(store.Capture) bool // nil: every capture
	WACZ     bool                     // one WACZ file instead of a folder of WARC files
	FileSize int64                    // a file that has reached it is followed by another; 0: 1 GiB
	Tool     string                   // name and version of the program
	About    string                   // what was left out, in words; "" for nothing
}

const defaultFileSize = 1 << 30

// A Summary counts what was written.
type Summary struct {
	AsOf       uint64    `json:"as_of"`
	Time       time.Time `json:"time"` // of the newest capture within it
	Captures   int       `json:"captures"`
	Responses  int       `json:"responses"`
	Revisits   int       `json:"revisits"`
	Unanswered int       `json:"unanswered"`     // captures without an answer: a metadata record alone
	Files      int       `json:"files"`          // WARC files
	Bytes      int64     `json:"bytes"`          // of these
	Lost       []string  `json:"lost,omitempty"` // URLs whose body the archive has damaged, each once a capture
}

func (s Summary) String() string {
	text := fmt.Sprintf("%d captures (%d answers, %d revisits, %d without an answer) in %d WARC files of %d bytes, as of capture %d",
		s.Captures, s.Responses, s.Revisits, s.Unanswered, s.Files, s.Bytes, s.AsOf)
	if len(s.Lost) > 0 {
		text += fmt.Sprintf("; %d bodies are damaged in the archive and left out", len(s.Lost))
	}
	return text
}

// Write writes captures into the folder dir, which is made if need be: WARC files, index.cdxj and manifest-sha256.txt, or
// gongkai.wacz. A folder that holds anything but an earlier export is refused. Two exports of one moment are byte for
// byte the same. Memory does not grow with the number of captures.
//
// Each capture is a group of records: the answer as a response, or as a revisit when the archive has the same body of the
// same URL from before; the request; and what else is known as metadata. The archive keeps bodies decoded, and
// neither the bodies of error pages nor requests, so: the HTTP header of a response is true of the body as it is kept,
// what was served otherwise stands under X-Archive-Orig-; an answer without its body, or with a part of it, is marked with
// WARC-Truncated; and
// a request has its first line and Host only. An answer to a POST stands under the address that web archives look it up
// by, with __wb_method=POST in its query, without a request.
//
// When ctx is cancelled, Write ends with its error, and the folder is as it was.
func Write(ctx context.Context, s *store.Store, dir string, o Options) (Summary, error) {
	sum, err := write(ctx, s, dir, o)
	if err != nil {
		return sum, fmt.Errorf("export to %s: %w", dir, err)
	}
	return sum, nil
}

func write(ctx context.Context, s *store.Store, dir string, o Options) (sum Summary, err error) {
	last, err := s.LastID()
	if err == nil && o.AsOf > last {
		err = fmt.Errorf("as of capture %d: the newest in the archive is %d", o.AsOf, last)
	}
	if err != nil {
		return sum, err
	}
	if o.AsOf == 0 {
		o.AsOf = last
	}
	newest, _, err := s.Capture(o.AsOf)
	if err != nil {
		return sum, err
	}
	if newest.Time.IsZero() {
		newest.Time = time.Unix(0, 0).UTC() // of an empty archive
	}
	if o.FileSize <= 0 {
		o.FileSize = defaultFileSize
	}
	f, err := openFolder(dir)
	if err != nil {
		return sum, err
	}
	w := &writer{store: s, options: o, folder: f, sum: Summary{AsOf: o.AsOf, Time: newest.Time}}
	w.index.dir = f.partial()
	if o.WACZ {
		w.wacz = new(wacz)
	}
	err = w.run(ctx)
	w.out.drop()
	w.wacz.drop()
	return w.sum, f.finish(err)
}

// A writer writes one export.
type writer struct {
	store   *store.Store
	options Options
	folder  *folder
	out     output
	index   index
	wacz    *wacz  // nil for plain WARC files
	info    string // id of the warcinfo record of the file being written
	sum     Summary
}

func (w *writer) run(ctx context.Context) error {
	w.out = output{dir: w.folder.partial(), limit: w.options.FileSize, info: w.warcinfo, ended: w.ended}
	if w.wacz != nil {
		if err := w.wacz.create(filepath.Join(w.folder.partial(), waczName), w.sum.Time); err != nil {
			return err
		}
	}
	for c, err := range w.store.Captures(0) {
		if err := errors.Join(ctx.Err(), err); err != nil {
			return err
		}
		if c.ID > w.options.AsOf {
			break
		}
		if w.options.Want != nil && !w.options.Want(c) {
			continue
		}
		if err := w.capture(c); err != nil {
			return fmt.Errorf("capture %d, %s: %w", c.ID, c.URL, err)
		}
	}
	if w.out.n == 0 { // an export of nothing says so
		if err := w.out.begin(); err != nil {
			return err
		}
	}
	if err := w.out.end(); err != nil {
		return err
	}
	if w.wacz != nil {
		return w.wacz.finish(w)
	}
	return w.folder.put(indexName, w.index.writeTo)
}

// ended notes a file that is whole.
func (w *writer) ended(f *outFile) error {
	w.sum.Files++
	w.sum.Bytes += f.bytes
	if err := w.index.flush(); err != nil {
		return err
	}
	if w.wacz == nil {
		w.folder.note(f.name, f.sum)
		return nil
	}
	path := filepath.Join(w.folder.partial(), f.name)
	if err := w.wacz.addFile("archive/"+f.name, path); err != nil {
		return err
	}
	return os.Remove(path)
}

// warcinfo returns the record that begins a file.
func (w *writer) warcinfo(name string) (Fields, []byte) {
	w.info = recordID(typeInfo, name, strconv.FormatUint(w.sum.AsOf, 10), formatTime(w.sum.Time), w.options.About)
	var f Fields
	f.add("software", w.options.Tool)
	f.add("format", "WARC File Format 1.1")
	f.add("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/")
	f.add("isPartOf", "gongkai, as of capture "+strconv.FormatUint(w.sum.AsOf, 10))
	f.add("description", "Annual reports on government information disclosure (政府信息公开工作年度报告) and what led to them. "+
		"Bodies are as served after transfer and content coding; what the HTTP header said of the coding stands under X-Archive-Orig-. "+
		"Requests were not kept: their records are made from the address. "+w.options.About)
	f.add("robots", "obey")
	h := header(typeInfo, w.info, "", w.sum.Time)
	h.add("WARC-Filename", name)
	h.add("Content-Type", "application/warc-fields")
	return h, []byte(f.String())
}

// capture writes the records of one capture.
func (w *writer) capture(c store.Capture) error {
	if err := w.out.begin(); err != nil {
		return err
	}
	w.sum.Captures++
	asked := c
	c.URL = asciiURL(c.URL)
	id := func(kind string) string {
		return recordID(kind, c.URL, formatTime(c.Time), strconv.Itoa(c.Status), c.State, c.SHA256, c.Error)
	}
	var added []string
	answer := ""
	if c.Status != 0 {
		answer = id("answer")
		var err error
		if added, err = w.answer(c, asked, answer); err != nil {
			return err
		}
		if err := w.request(c, id(typeRequest), answer); err != nil {
			return err
		}
	} else {
		w.sum.Unanswered++
	}
	h := header(typeMetadata, id(typeMetadata), c.URL, c.Time)
	h.add("WARC-Warcinfo-ID", w.info)
	h.add("WARC-Concurrent-To", answer)
	h.add("WARC-Refers-To", answer)
	h.add("Content-Type", "application/warc-fields")
	_, err := w.out.write(h, []byte(metaOf(asked, added).String()))
	return err
}

// answer writes what a server answered. It returns the fields of the HTTP header that were not served.
func (w *writer) answer(c, asked store.Capture, id string) (added []string, err error) {
	before, revisit, err := w.before(asked)
	before.URL = c.URL
	if err != nil {
		return nil, err
	}
	var body []byte
	size, truncated := int64(-1), ""
	switch {
	case revisit && c.Status == 304, c.SHA256 == "" && bodiless(c):
	case revisit:
		size = c.Size
	case c.SHA256 == "":
		size, truncated = 0, "unspecified"
		if c.State == store.StateRefused {
			truncated = "length"
		}
	default:
		body, err = w.store.Body(c.SHA256)
		if store.IsLost(err) {
			w.sum.Lost = append(w.sum.Lost, c.URL)
			body, truncated, err = nil, "unspecified", nil
		}
		if err != nil {
			return nil, err
		}
		size = int64(len(body))
		if c.Truncated != "" {
			truncated = "unspecified" // what is known of it stands in the metadata
		}
	}
	kind := typeResponse
	if revisit {
		kind = typeRevisit
	}
	h := header(kind, id, c.URL, c.Time)
	h.add("WARC-Warcinfo-ID", w.info)
	h.add("WARC-IP-Address", ipOf(c.Remote))
	digest := ""
	if revisit {
		w.sum.Revisits++
		h.add("WARC-Profile", profileSame)
		if c.Status == 304 {
			h[len(h)-1].Value = profileNotModified
		}
		h.add("WARC-Refers-To", recordID("answer", before.URL, formatTime(before.Time), strconv.Itoa(before.Status), before.State, before.SHA256, before.Error))
		h.add("WARC-Refers-To-Target-URI", before.URL)
		h.add("WARC-Refers-To-Date", formatTime(before.Time))
		h.add("WARC-Truncated", map[bool]string{true: "length"}[c.Status != 304]) // as the standard wants it of a header alone
		digest = "sha256:" + c.SHA256
	} else {
		w.sum.Responses++
		h.add("WARC-Truncated", truncated)
		digest = sha256Field(body)
	}
	h.add("WARC-Payload-Digest", digest)
	h.add("Content-Type", "application/http; msgtype=response")
	text, added := httpHeader(c, size)
	p, err := w.out.write(h, []byte(text), body)
	if err != nil {
		return nil, err
	}
	return added, w.index.add(cdxLine(c, kind, digest, p))
}

// bodiless reports whether an answer without a body is whole as it is.
func bodiless(c store.Capture) bool {
	return c.Status < 200 || c.Status == 204 || c.Status == 304 || c.Header.Get("Content-Length") == "0"
}

// before returns the capture that brought the body which an unchanged one names; false when the body is to be written.
func (w *writer) before(c store.Capture) (before store.Capture, ok bool, err error) {
	if c.State != store.StateUnchanged {
		return before, false, nil
	}
	for id := c.ID; ; id = before.ID {
		before, ok, err = w.store.LastBefore(c.URL, id, store.StateOK)
		if err != nil || !ok || before.SHA256 == c.SHA256 {
			return before, ok, err
		}
	}
}

// request writes a request as far as it is known.
func (w *writer) request(c store.Capture, id, answer string) error {
	u, err := url.Parse(c.URL)
	if err != nil || strings.Contains(u.RawQuery, "__wb_method=") {
		return nil
	}
	h := header(typeRequest, id, c.URL, c.Time)
	h.add("WARC-Warcinfo-ID", w.info)
	h.add("WARC-Concurrent-To", answer)
	h.add("Content-Type", "application/http; msgtype=request")
	text := "GET " + lineEnds.Replace(u.RequestURI()) + " HTTP/1.1\r\nHost: " + lineEnds.Replace(u.Host) + "\r\n\r\n"
	_, err = w.out.write(h, []byte(text))
	return err
}

// isOurs reports whether a name in a folder is that of a file that Write writes.
func isOurs(name string) bool {
	return slices.Contains([]string{indexName, waczName, manifestName, partialName}, name) ||
		strings.HasPrefix(name, "gongkai-") && strings.HasSuffix(name, ".warc.gz")
}
