package warc

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gongkai/store"
)

// An entry is what the index says of a record, as JSON behind key and time.
type entry struct {
	URL      string `json:"url"`
	Mime     string `json:"mime"`
	Status   string `json:"status,omitempty"`
	Digest   string `json:"digest,omitempty"` // of the payload
	Length   string `json:"length"`
	Offset   string `json:"offset"`
	Filename string `json:"filename"`
}

// cdxLine returns the line of the index for an answer of a capture: key, time in fourteen digits, JSON.
func cdxLine(c store.Capture, kind, digest string, p place) string {
	e := entry{c.URL, "warc/revisit", strconv.Itoa(c.Status), digest, strconv.FormatInt(p.length, 10), strconv.FormatInt(p.offset, 10), p.file}
	if kind == typeResponse {
		e.Mime = "unk"
		if media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err == nil {
			e.Mime = media
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic(err) // strings are always JSON
	}
	return fmt.Sprintf("%s %s %s", urlKey(c.URL), c.Time.UTC().Format("20060102150405"), b.String())
}

// An index sorts lines that may be too many for memory: those of each WARC file are sorted and set aside, and merged at
// the end.
type index struct {
	dir   string // for what is set aside
	lines []string
	parts []string
}

// mostLines bounds what is sorted in memory.
const mostLines = 200_000

func (x *index) add(line string) error {
	if x.lines = append(x.lines, line); len(x.lines) < mostLines {
		return nil
	}
	return x.flush()
}

// flush sets aside what is in memory.
func (x *index) flush() error {
	if len(x.lines) == 0 {
		return nil
	}
	slices.Sort(x.lines)
	name := filepath.Join(x.dir, fmt.Sprintf("index-%d.part", len(x.parts)))
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	x.parts = append(x.parts, name)
	b := bufio.NewWriter(out)
	for _, line := range x.lines {
		if _, err := b.WriteString(line); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	x.lines = x.lines[:0]
	return errors.Join(b.Flush(), out.Close())
}

// writeTo writes all lines in order, and takes away what was set aside.
func (x *index) writeTo(w io.Writer) (err error) {
	if err := x.flush(); err != nil {
		return err
	}
	var h lineHeap
	for _, name := range x.parts {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { f.Close(); os.Remove(name) }()
		if s := (&lineSource{b: bufio.NewReader(f)}); s.next() {
			h = append(h, s)
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if _, err := io.WriteString(w, h[0].line); err != nil {
			return err
		}
		if h[0].next() {
			heap.Fix(&h, 0)
		} else if err := h[0].err; err != io.EOF {
			return err
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

type lineSource struct {
	b    *bufio.Reader
	line string
	err  error
}

func (s *lineSource) next() bool {
	s.line, s.err = s.b.ReadString('\n')
	return s.err == nil
}

// A lineHeap has the source of the first line on top.
type lineHeap []*lineSource

func (h lineHeap) Len() int           { return len(h) }
func (h lineHeap) Less(i, j int) bool { return h[i].line < h[j].line }
func (h lineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *lineHeap) Push(x any)        { *h = append(*h, x.(*lineSource)) }

func (h *lineHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
