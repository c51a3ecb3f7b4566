package fetch

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"gongkai/extract/filetype"
)

// The head of an answer that breaks the rules of RFC 9112 net/http refuses, with all that follows it; every browser shows
// the page. So a head is read here before net/http sees it, and what it could not understand is mended. What the server
// said is kept as it was; what was mended is told with the answer.

// A mending is what was wrong with a head.
type mending struct {
	faults  []string    // one for each thing that was mended
	said    http.Header // what the server said
	unsure  string      // why nobody knows how long the body is; "" when the head says it
	lengths []int64     // those that it may have
}

// String describes what was mended, in words that are the same for the same head.
func (m *mending) String() string {
	if m == nil {
		return ""
	}
	text := strings.Join(m.faults[:min(len(m.faults), mostFaults)], "; ")
	if more := len(m.faults) - mostFaults; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

const mostFaults = 5

// doubts reports whether a body that has come to the end of its connection may not be whole.
func (m *mending) doubts(body []byte) bool {
	return m != nil && m.unsure != "" && !filetype.Ended(body) && !slices.Contains(m.lengths, int64(len(body)))
}

// A HeadError says that the head of an answer cannot be understood: nothing that another try would change, and no fault of
// the site as a whole.
type HeadError struct{ why string }

func (e *HeadError) Error() string { return e.why }

// mostHead bounds the head of an answer, bytes. Browsers take 256 KiB.
const mostHead = 1 << 20

// heads reads what a server sends by a connection, and mends the heads of its answers on the way.
type heads struct {
	from io.Reader
	due  atomic.Bool             // the head of an answer comes next
	last atomic.Pointer[mending] // of the newest answer; nil when nothing was wrong with its head
	any  bool                    // there was an answer before
	in   []byte                  // what has come of a head
	out  []byte                  // what is to be handed on
	err  error                   // what comes behind it
}

// expect is called before bytes are sent. With a request it begins to wait for the head of the answer.
func (h *heads) expect(sent []byte) {
	if bytes.Contains(sent, []byte(" HTTP/1.1\r\n")) {
		h.last.Store(nil)
		h.due.Store(true)
	}
}

// Read implements io.Reader.
func (h *heads) Read(b []byte) (int, error) {
	if len(h.out) == 0 && h.err == nil {
		n, err := h.from.Read(b)
		if n == 0 || !h.due.Load() {
			return n, err
		}
		h.in, h.err = append(h.in, b[:n]...), err
		h.head()
	}
	n := copy(b, h.out)
	if h.out = h.out[n:]; n > 0 || len(b) == 0 {
		return n, nil
	}
	err := h.err
	h.err = nil
	return 0, err
}

// head reads on to the end of a head that has begun to come, and hands on what net/http understands.
func (h *heads) head() {
	end, why := endOfHead(h.in, h.any)
	for end == 0 {
		if why != "" {
			h.in, h.out, h.err = nil, nil, &HeadError{why}
			h.due.Store(false)
			return
		}
		if !h.more() {
			h.pass(h.in[:bytes.LastIndexByte(h.in, '\n')+1]) // of a line that breaks off net/http would say that it is malformed
			if h.err == io.EOF {
				h.err = io.ErrUnexpectedEOF
			}
			return
		}
		end, why = endOfHead(h.in, h.any)
	}
	if end < 0 { // no head at all
		h.last.Store(&mending{faults: []string{"no status line and no header"}, said: http.Header{}})
		h.pass(slices.Concat([]byte("HTTP/1.0 200 OK\r\n\r\n"), h.in))
		return
	}
	l := parseHead(h.in[:end])
	if l.status/100 == 1 && l.status != http.StatusSwitchingProtocols { // another one follows
		rest := h.in[end:]
		h.out, h.in = append(h.out, l.text(h.in[:end])...), rest
		if len(rest) > 0 {
			h.head()
		}
		return
	}
	if l.chunked && l.status != http.StatusNoContent && l.status != http.StatusNotModified {
		for !bytes.ContainsRune(h.in[end:], '\n') && len(h.in)-end < mostSizeLine && h.more() {
		}
		l.chunkedAsSaid(h.in[end:])
	}
	if m := l.mending(); m != nil {
		h.last.Store(m)
	}
	h.pass(slices.Concat(h.out, l.text(h.in[:end]), h.in[end:]))
}

// pass hands on bytes, and all that follow them.
func (h *heads) pass(b []byte) {
	h.in, h.out, h.any = nil, b, true
	h.due.Store(false)
}

// more reads on. It reports whether anything came.
func (h *heads) more() bool {
	if h.err != nil {
		return false
	}
	var b [4096]byte
	n, err := h.from.Read(b[:])
	h.in, h.err = append(h.in, b[:n]...), err
	return n > 0
}

// How much of what is no status line may stand before it, and how long the line with the size of a chunk may be.
const (
	mostBanner   = 1 << 10
	mostSizeLine = 1 << 8
)

// endOfHead returns where the blank line ends that ends a head, 0 while it is not there, and -1 for a page without a head;
// or why there will be none. Blank lines before it count for nothing. later means that it is not the first of its
// connection, where what stands before a status line may belong to the answer before it.
func endOfHead(b []byte, later bool) (end int, why string) {
	if start := bytes.TrimLeft(b, " \t\r\n\ufeff"); !later && len(start) > 0 && start[0] == '<' {
		return -1, ""
	}
	begun, first := false, ""
	for rest := b; ; {
		line, next, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			break
		}
		rest = next
		if blank := len(bytes.TrimRight(line, "\r")) == 0; begun && blank {
			return len(b) - len(rest), ""
		}
		line = bytes.TrimSpace(line)
		begun = begun || statusLine.Match(line)
		if first == "" {
			first = string(line)
		}
		if !begun && (len(b)-len(rest) > mostBanner || later && first != "") {
			return 0, malformedStatus(first)
		}
	}
	switch {
	case !begun && len(b) > mostBanner:
		if first == "" {
			first = string(bytes.TrimSpace(b))
		}
		return 0, malformedStatus(first)
	case len(b) >= mostHead:
		return 0, fmt.Sprintf("a head of more than %d bytes", mostHead)
	}
	return 0, ""
}

func malformedStatus(line string) string {
	return fmt.Sprintf("malformed status line %q", excerpt(line))
}

// excerpt cuts a line that is to be told.
func excerpt(line string) string { return line[:min(len(line), 80)] }

// statusLine is the first line of an answer, as servers write it.
var statusLine = regexp.MustCompile(`^(?i:(HTTP)/?([0-9]+\.[0-9]+)?|ICY)[ \t]*([0-9]{3})([^0-9].*)?$`)

// wellFormed is one that net/http takes.
var wellFormed = regexp.MustCompile(`^HTTP/[0-9]\.[0-9] +[0-9]{3}( .*)?$`)

// A headLines is a head in its parts.
type headLines struct {
	status  int
	first   string   // status line, as net/http takes it
	lines   []string // of the header, as net/http takes them, without those of the framing
	faults  []string
	said    http.Header
	chunked bool
	packed  []string // further transfer codings
	length  string   // Content-Length; "" when there is none
	unsure  string
	lengths []int64
}

// parseHead takes a head apart.
func parseHead(head []byte) *headLines {
	l := &headLines{said: http.Header{}}
	var fields []string
	for line := range strings.SplitSeq(strings.TrimRight(string(head), "\r\n"), "\n") {
		line = strings.TrimRight(line, "\r")
		switch folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); {
		case l.first == "":
			l.begin(line)
		case folded && len(fields) > 0:
			fields[len(fields)-1] += " " + strings.TrimSpace(line)
		case folded:
			l.fault("header begins with a folded line", line)
			fields = append(fields, strings.TrimSpace(line))
		default:
			fields = append(fields, line)
		}
	}
	for _, f := range fields {
		l.field(f)
	}
	l.frame()
	return l
}

func (l *headLines) fault(what, line string) {
	l.faults = append(l.faults, fmt.Sprintf("%s %q", what, excerpt(line)))
}

// begin reads the status line, or passes over what stands before it.
func (l *headLines) begin(line string) {
	trimmed := strings.TrimSpace(line)
	m := statusLine.FindStringSubmatch(trimmed)
	if m == nil {
		l.fault("line before the status line", trimmed)
		return
	}
	l.status, _ = strconv.Atoi(m[3]) // three digits
	if l.first = line; wellFormed.MatchString(line) {
		return
	}
	l.fault("malformed status line", line)
	version := m[2]
	if version != "1.1" {
		version = "1.0"
	}
	l.first = strings.TrimSpace(fmt.Sprintf("HTTP/%s %s %s", version, m[3], plain(strings.TrimSpace(m[4]))))
}

// field reads a line of the header.
func (l *headLines) field(line string) {
	name, value, ok := strings.Cut(line, ":")
	trimmed := strings.TrimSpace(name)
	switch {
	case !ok:
		l.fault("header line without a colon", line)
		return
	case trimmed == "" || strings.ContainsFunc(trimmed, func(r rune) bool { return !isNameRune(r) }):
		l.fault("malformed header line", line)
		return
	}
	key := textproto.CanonicalMIMEHeaderKey(trimmed)
	if matters := slices.Contains(looked, key); trimmed != name && (matters || strings.TrimRight(name, " ") != trimmed) {
		l.fault("blank before the colon of", line)
		name = trimmed
	}
	value = strings.Trim(value, " \t")
	if plain(value) != value {
		l.fault("control characters in", line)
	}
	if trimmed != name {
		key = name
	}
	l.said[key] = append(l.said[key], value)
	if key != "Content-Length" && key != "Transfer-Encoding" {
		l.lines = append(l.lines, name+": "+plain(value))
	}
}

// looked are the names of the fields that somebody here looks at: a blank before their colon must not hide them.
var looked = []string{"Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Etag", "Last-Modified",
	"Location", "Refresh", "Retry-After", "Set-Cookie", "Transfer-Encoding"}

// isNameRune reports whether net/http takes a character in the name of a field. Blanks it takes too.
func isNameRune(r rune) bool {
	return r < 0x80 && (r == ' ' || r > ' ' && r != 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r))
}

// plain returns a text without the control characters that net/http takes in no value.
func plain(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			b[i] = ' '
		}
	}
	return string(b)
}

// frame reads how long the body is (RFC 9112, 6.3).
func (l *headLines) frame() {
	l.transfer(l.said["Transfer-Encoding"])
	values := l.said["Content-Length"]
	if len(values) == 0 {
		return
	}
	var all []string
	for _, v := range values {
		all = append(all, strings.Split(v, ",")...)
	}
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
		if n, err := strconv.ParseUint(all[i], 10, 63); err == nil {
			l.lengths = append(l.lengths, int64(n))
		}
	}
	same := len(l.lengths) == len(all) && len(slices.Compact(slices.Clone(all))) == 1
	if same {
		l.length = all[0]
	}
	if same && !strings.Contains(strings.Join(values, ""), ",") {
		return // net/http takes it several times too
	}
	fault := fmt.Sprintf("Content-Length %q", excerpt(strings.Join(values, ", ")))
	if l.faults = append(l.faults, fault); !same {
		l.unsure = "the length is not known, " + fault
	}
}

// transfer reads the transfer codings.
func (l *headLines) transfer(values []string) {
	var others []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			switch name, _, _ = strings.Cut(strings.ToLower(name), ";"); strings.TrimSpace(name) {
			case "chunked":
				l.chunked = true
			case "identity", "":
			default:
				others = append(others, strings.TrimSpace(name))
			}
		}
	}
	if len(values) == 0 || len(values) == 1 && strings.EqualFold(values[0], "chunked") {
		return
	}
	l.packed = others
	l.fault("Transfer-Encoding", strings.Join(values, ", "))
}

// sizeLine begins a body in chunks.
var sizeLine = regexp.MustCompile(`^[0-9A-Fa-f]{1,16}[ \t]*(;[^\n]*)?\r?\n`)

// chunkedAsSaid looks whether a body is in chunks as the head says.
func (l *headLines) chunkedAsSaid(body []byte) {
	if len(body) == 0 {
		return
	}
	if sizeLine.Match(body) {
		if version, rest, _ := strings.Cut(l.first, " "); version == "HTTP/1.0" { // where chunks are none, for net/http
			l.fault("chunks in an answer of", version)
			l.first = "HTTP/1.1 " + rest
		}
		return
	}
	l.chunked = false
	l.faults = append(l.faults, "Transfer-Encoding \"chunked\" of a body without chunks")
	if l.length == "" {
		l.unsure = "the length is not known, it is not in chunks as said"
	}
}

// mending returns what was wrong, nil for nothing.
func (l *headLines) mending() *mending {
	if len(l.faults) == 0 {
		return nil
	}
	m := &mending{faults: l.faults, said: l.said, unsure: l.unsure, lengths: l.lengths}
	if l.chunked {
		m.unsure = ""
	}
	return m
}

// text returns a head for net/http: as it came, or mended, and then of a connection that ends with the answer.
func (l *headLines) text(head []byte) []byte {
	if len(l.faults) == 0 {
		return head
	}
	var b bytes.Buffer
	put := func(lines ...string) {
		for _, line := range lines {
			b.WriteString(line + "\r\n")
		}
	}
	put(l.first)
	for _, line := range l.lines {
		if !strings.HasPrefix(strings.ToLower(line), "connection:") {
			put(line)
		}
	}
	for _, coding := range l.packed {
		put("Content-Encoding: " + plain(coding))
	}
	switch {
	case l.chunked:
		put("Transfer-Encoding: chunked")
	case l.length != "":
		put("Content-Length: " + l.length)
	}
	put("Connection: close", "")
	return b.Bytes()
}
