package warc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// The limits of a reader. Real records are far below them.
const (
	mostHeader = 256 << 10 // bytes of a record's header, and of an HTTP header

	// A member of gzip may unpack to this much, or to this many times its length, whichever is more. What deflate can do
	// at most is a thousandfold; pages come to twenty.
	freeUnpack = 64 << 20
	mostUnpack = 300

	// A file with more damaged places than this is no collection that was damaged, but one that was made to keep us busy.
	mostDamages = 10_000
)

// A Reader reads the records of a WARC file, uncompressed or with a member of gzip for each record, one after the other
// or by their offset. What it cannot make sense of it reports, and goes on at the next place that looks like a record.
// It is not safe for concurrent use, and one Record is open at a time.
type Reader struct {
	src  io.ReaderAt
	size int64

	next int64         // where the next record should be
	from int64         // where buf began to read
	read *counter      // below buf
	buf  *bufio.Reader // of the file, as it is
	text *bufio.Reader // of the open record: buf, or member
	open *Record
	zip  bool // the open record is in a member of gzip

	gz     *gzip.Reader // of that member; these are used again and again
	over   *bounded
	member *bufio.Reader

	probe     *gzip.Reader // of resync
	probeText *bufio.Reader
	damages   int
}

// NewReader returns a reader of the first size bytes of src.
func NewReader(src io.ReaderAt, size int64) *Reader {
	return &Reader{src: src, size: size, from: -1}
}

// errSeveral means that one member of gzip holds several records, or one record several members: the file was compressed
// as a whole, and its records have no offset.
var errSeveral = errors.New("compressed as a whole")

// Next returns the next record, io.EOF behind the last. Any other error that is a *Damage tells of a place that was
// skipped: Next may be called again. The record before it is closed.
func (r *Reader) Next() (*Record, error) {
	if r.open != nil && !r.open.done {
		if err := r.open.Close(); err != nil {
			return nil, err
		}
	}
	at := r.next
	if at >= r.size {
		return nil, io.EOF
	}
	rec, err := r.record(at)
	switch {
	case err == nil:
		return rec, nil
	case errors.Is(err, io.EOF) && r.blank(at):
		r.next = r.size
		return nil, io.EOF // empty lines, or zeros, at the end of a file
	case errors.Is(err, errSeveral):
		return nil, err
	}
	return nil, r.damaged(at, err)
}

// At returns the record at an offset that an earlier one had.
func (r *Reader) At(offset int64) (*Record, error) {
	if r.open != nil {
		r.open.done = true // left alone
	}
	return r.record(offset)
}

// damaged finds the next place that looks like a record, and says what was wrong with this one.
func (r *Reader) damaged(at int64, why error) error {
	if errors.Is(why, io.EOF) {
		why = io.ErrUnexpectedEOF
	}
	r.from = -1
	if r.damages++; r.damages == mostDamages {
		r.next = r.size
		return &Damage{at, fmt.Errorf("%w; it is place number %d, and the rest of the file is not read", why, mostDamages)}
	}
	r.next = r.resync(at + 1)
	return &Damage{at, why}
}

// seek makes buf read at an offset.
func (r *Reader) seek(at int64) {
	if r.from >= 0 && r.position() == at {
		return
	}
	r.from = at
	r.read = &counter{r: io.NewSectionReader(r.src, at, r.size-at)}
	if r.buf == nil {
		r.buf = bufio.NewReaderSize(r.read, 64<<10)
		return
	}
	r.buf.Reset(r.read)
}

// position returns the offset of what buf gives next.
func (r *Reader) position() int64 { return r.from + r.read.n - int64(r.buf.Buffered()) }

// record begins to read the record at an offset.
func (r *Reader) record(at int64) (*Record, error) {
	r.seek(at)
	if err := r.begin(); err != nil {
		r.from = -1
		return nil, err
	}
	lines, err := readLines(r.text)
	if err == io.EOF && r.goesOn() {
		err = errSeveral
	}
	if err != nil {
		r.from = -1
		return nil, err
	}
	rec := &Record{Offset: at, reader: r}
	if !strings.HasPrefix(lines[0], "WARC/") {
		return nil, fmt.Errorf("no record begins here: %.20q", lines[0])
	}
	rec.Header = parseFields(lines[1:])
	rec.Length, err = strconv.ParseInt(rec.Header.Get("Content-Length"), 10, 64)
	if err != nil || rec.Length < 0 {
		return nil, fmt.Errorf("the length of a record is %q", rec.Header.Get("Content-Length"))
	}
	if !r.zip { // it costs nothing to look before a long block is read
		if err := r.ends(r.position() + rec.Length); err != nil {
			return nil, err
		}
	}
	rec.expect()
	rec.block = io.LimitedReader{R: r.text, N: rec.Length}
	r.open = rec
	return rec, nil
}

// begin opens the member of gzip that begins here, if one does.
func (r *Reader) begin() error {
	magic, err := r.buf.Peek(2)
	if r.zip = err == nil && magic[0] == 0x1f && magic[1] == 0x8b; !r.zip {
		r.text = r.buf
		return skipBlank(r.text)
	}
	if r.gz == nil {
		r.gz = new(gzip.Reader)
	}
	if err := r.gz.Reset(r.buf); err != nil {
		return err
	}
	r.gz.Multistream(false)
	r.over = &bounded{r: r.gz, below: r.position}
	r.over.start = r.position()
	if r.member == nil {
		r.member = bufio.NewReaderSize(r.over, 16<<10)
	}
	r.member.Reset(r.over)
	r.text = r.member
	return skipBlank(r.text)
}

// finish ends a record whose block has been read, as far as it goes.
func (r *Reader) finish(rec *Record, err error) error {
	if r.open != rec || r.from < 0 {
		return err // another was opened since
	}
	switch {
	case err == nil:
		err = r.behind(rec)
	case errors.Is(err, io.ErrUnexpectedEOF) && r.goesOn():
		err = errSeveral
	}
	if err == nil {
		err = rec.proven()
		if err != nil { // its frame is whole
			r.next = r.position()
			return &Damage{rec.Offset, err}
		}
	}
	switch {
	case err == nil:
		r.next = r.position()
		return nil
	case errors.Is(err, errSeveral):
		return err
	}
	return r.damaged(rec.Offset, err)
}

// goesOn reports whether a member that has ended is followed by one that does not begin a record.
func (r *Reader) goesOn() bool {
	if !r.zip {
		return false
	}
	magic, err := r.buf.Peek(3)
	return err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b, 8}) && !r.memberBegins(r.position())
}

// behind reads what follows the block: two line ends, and the end of the member.
func (r *Reader) behind(rec *Record) error {
	switch err := skipBlank(r.text); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	case !r.zip:
		return nil // record has looked
	}
	rest, err := r.text.Peek(5)
	switch {
	case string(rest) == "WARC/":
		return errSeveral
	case err != nil && err != io.EOF:
		return err
	}
	return fmt.Errorf("the block is longer than the %d bytes of its record", rec.Length)
}

// ends reports as an error that a record of an uncompressed file does not end at an offset.
func (r *Reader) ends(at int64) error {
	if at > r.size || at < 0 {
		return fmt.Errorf("cut short: the record would end at byte %d of %d", at, r.size)
	}
	b := make([]byte, 5)
	n, err := r.src.ReadAt(b, at)
	if err != nil && err != io.EOF {
		return err
	}
	b = b[:n]
	if rest := bytes.TrimLeft(b, "\r\n"); len(rest) < n || n == 0 || bytes.Equal(b, []byte("WARC/")) {
		return nil
	}
	return errors.New("the block is longer than its record says")
}

// blank reports whether nothing but line ends and zeros stands from an offset on.
func (r *Reader) blank(at int64) bool {
	b := make([]byte, 4096)
	for at < r.size {
		n, err := r.src.ReadAt(b[:min(int64(len(b)), r.size-at)], at)
		if len(bytes.Trim(b[:n], "\r\n\x00")) > 0 || err != nil && err != io.EOF || n == 0 {
			return false
		}
		at += int64(n)
	}
	return true
}

// resync returns the first offset from one on where a record may begin, or the size of the file.
func (r *Reader) resync(from int64) int64 {
	const window = 64 << 10
	b := make([]byte, window)
	for at := from; at < r.size; {
		n, err := r.src.ReadAt(b[:min(window, r.size-at)], at)
		for i := range n {
			switch b[i] {
			case 'W':
				if bytes.HasPrefix(b[i:n], []byte("WARC/1.")) && r.lineBegins(at+int64(i)) {
					return at + int64(i)
				}
			case 0x1f:
				if bytes.HasPrefix(b[i:n], []byte{0x1f, 0x8b, 8}) && r.memberBegins(at+int64(i)) {
					return at + int64(i)
				}
			}
		}
		if n < window || err != nil {
			return r.size
		}
		at += int64(n) - 8 // what stands across the edge
	}
	return r.size
}

func (r *Reader) lineBegins(at int64) bool {
	var b [1]byte
	_, err := r.src.ReadAt(b[:], at-1)
	return err == nil && b[0] == '\n'
}

// memberBegins reports whether a member of gzip begins at an offset, and holds a record.
func (r *Reader) memberBegins(at int64) bool {
	section := io.NewSectionReader(r.src, at, r.size-at)
	if r.probe == nil {
		r.probe, r.probeText = new(gzip.Reader), bufio.NewReaderSize(section, 512)
	}
	r.probeText.Reset(section)
	if r.probe.Reset(r.probeText) != nil {
		return false
	}
	var b [5]byte
	_, err := io.ReadFull(r.probe, b[:])
	return err == nil && string(b[:]) == "WARC/"
}

// skipBlank skips line ends, and the mark that some editors put before a text.
func skipBlank(b *bufio.Reader) error {
	for {
		c, err := b.ReadByte()
		if err != nil {
			return err
		}
		if c == blanks[0] {
			if mark, _ := b.Peek(2); string(mark) == blanks[1:3] {
				b.Discard(2)
				continue
			}
		}
		if c != '\r' && c != '\n' {
			return b.UnreadByte()
		}
	}
}

var errHeader = fmt.Errorf("a header of more than %d bytes", mostHeader)

// readLines reads lines up to the first empty one, without their ends.
func readLines(b *bufio.Reader) ([]string, error) {
	var lines []string
	var line []byte
	for total := 0; ; {
		piece, err := b.ReadSlice('\n')
		if total += len(piece); total > mostHeader {
			return nil, errHeader
		}
		line = append(line, piece...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if len(lines) > 0 && strings.HasPrefix(text, "WARC/1.") {
			return nil, errors.New("a header without an end") // the next record begins in it
		}
		if line = line[:0]; text != "" {
			lines = append(lines, text)
			continue
		}
		if len(lines) == 0 {
			return nil, errors.New("an empty header")
		}
		return lines, nil
	}
}

// A counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// A bounded stops a member that unpacks to much more than it is long.
type bounded struct {
	r     io.Reader
	n     int64
	start int64
	below func() int64 // the position in the file
}

var errBomb = fmt.Errorf("unpacks to more than %d times its length", mostUnpack)

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.n += int64(n); b.n > freeUnpack && b.n > mostUnpack*(b.below()-b.start) {
		return n, errBomb
	}
	return n, err
}
