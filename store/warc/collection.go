package warc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gongkai/store"
)

// An Answer is what a collection says that a server answered.
type Answer struct {
	URL        string // as the file has it, without a fragment
	Method     string // of the request; GET when nothing is known of it
	Posted     string // body of a POST
	PostedType string // its media type
	Time       time.Time
	Status     int // 0 when there was no answer
	Header     http.Header
	Remote     string // address that answered; without a port when the file is of others
	Body       []byte // after transfer and content coding
	Cut        string // why Body is a part only, or not as it was meant; "" when it is whole
	Err        error  // why there is no body
	Doubt      string // what else is wrong with the record, though the body is taken as it is

	File    string
	ID      string         // of the record
	Digest  string         // of the payload, as the record names it: a name to compare, proof of nothing
	Revisit *Revisit       // the body stands in another record; nil when it is here
	Known   *store.Capture // what the archive that wrote the file knew of it; nil in files of others
}

// A Revisit is where the body of an answer is to be found.
type Revisit struct {
	URL         string // "" when it is not told
	Time        time.Time
	NotModified bool // the server said so, with status 304; else the body was compared
}

// A Problem is something in a collection that could not be taken.
type Problem struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	URL    string `json:"url,omitempty"`
	Why    string `json:"why"`
}

func (p Problem) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s, byte %d: %s %s", p.File, p.Offset, p.URL, p.Why))
}

// A Count counts the records of a collection.
type Count struct {
	Files   int            `json:"files"`
	Records int            `json:"records"`           // all that were whole
	Answers int            `json:"answers"`           // those that are wanted
	Skipped map[string]int `json:"skipped,omitempty"` // the others that are no faults, by kind
	Faults  int            `json:"faults"`
}

// A Collection is WARC files of one origin or several, read as one. Survey must be called first.
type Collection struct {
	// Want says whether answers from an address are of use; nil: all are.
	Want func(u *url.URL) bool
	// MostBytes is the size of the largest body that is taken.
	MostBytes int64

	Count    Count
	Problems []Problem // the first hundred; Count.Faults has the number of all

	tmp     string
	sources []*source
	opened  []*source // oldest first
	places  []spot
	metas   map[key16]spot // of captures that were ours, by the id of the answer's record
	posts   map[key16]post // requests other than GET, by their own ids and those of the answers
	posted  int            // bytes of their bodies
}

// A spot is where a record of a collection is.
type spot struct {
	at     int64 // nanoseconds
	source int32
	offset int64
}

type post struct{ method, body, media string }

// A key16 stands for a record id in a set of very many.
type key16 [16]byte

func keyOf(id string) key16 {
	sum := sha256.Sum256([]byte(id))
	return key16(sum[:16])
}

// The bounds of what is kept in memory and open.
const (
	mostProblems = 100
	mostOpen     = 32
	mostMeta     = 256 << 10 // of a metadata record, and of the body of a request
	mostPosted   = 64 << 20  // of the bodies of all requests
)

// OpenCollection finds the WARC files that names stand for: files, WACZ files, folders. One that is none is a Problem when
// there are others, and else the error. Files that must be unpacked before
// they can be read are unpacked into a folder of their own below tmp, "" for the system's. The caller closes the
// collection.
func OpenCollection(tmp string, names ...string) (*Collection, error) {
	dir, err := tempFolder(tmp)
	if err != nil {
		return nil, err
	}
	sources, bad, err := find(dir, names)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c := &Collection{MostBytes: 32 << 20, tmp: dir, sources: sources, metas: map[key16]spot{}, posts: map[key16]post{},
		Count: Count{Files: len(sources), Skipped: map[string]int{}}}
	for _, b := range bad {
		c.fault(&source{name: b.name}, 0, "", b.why)
	}
	return c, nil
}

// Close ends the use of the collection and removes what was unpacked.
func (c *Collection) Close() error {
	var err error
	for _, s := range c.opened {
		err = errors.Join(err, s.close())
	}
	return errors.Join(err, os.RemoveAll(c.tmp))
}

// Survey reads every record, remembers where the answers are, and passes each that is wanted and whole to visit, in the
// order of the files. Faults of the collection are Problems, not errors.
func (c *Collection) Survey(ctx context.Context, visit func(*Answer) error) error {
	for i := range c.sources {
		c.sources[i].stop = ctx.Err
		if err := c.survey(ctx, i, visit); err != nil {
			return err
		}
	}
	slices.SortFunc(c.places, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.source, b.source), cmp.Compare(a.offset, b.offset))
	})
	return nil
}

// use opens a source, and closes one that has not been used for long when there are too many.
func (c *Collection) use(s *source) (problem, err error) {
	if i := slices.Index(c.opened, s); i >= 0 {
		c.opened = append(slices.Delete(c.opened, i, i+1), s)
		return nil, nil
	}
	if len(c.opened) == mostOpen {
		if err := c.opened[0].close(); err != nil {
			return nil, err
		}
		c.opened = slices.Delete(c.opened, 0, 1)
	}
	problem, err = s.open(c.tmp)
	if err == nil {
		c.opened = append(c.opened, s)
	}
	return problem, err
}

func (c *Collection) survey(ctx context.Context, i int, visit func(*Answer) error) error {
	s := c.sources[i]
	problem, err := c.use(s)
	if err != nil {
		return err
	}
	if problem != nil {
		c.fault(s, 0, "", problem)
	}
	first, problems, count := len(c.places), len(c.Problems), c.Count // to begin again with
	count.Skipped = maps.Clone(count.Skipped)
	for {
		rec, err := s.read.Next()
		if err == nil {
			err = errors.Join(ctx.Err(), c.take(i, rec, visit))
		}
		var damage *Damage
		switch {
		case err == nil:
		case err == io.EOF:
			return nil
		case errors.Is(err, errSeveral) && s.spool == "":
			c.places, c.Problems, c.Count = c.places[:first], c.Problems[:problems], count
			c.Count.Skipped = maps.Clone(count.Skipped)
			if problem, err = s.unpack(c.tmp); err != nil {
				return err
			}
			if problem != nil {
				c.fault(s, 0, "", problem)
			}
		case errors.As(err, &damage):
			c.fault(s, damage.Offset, "", damage.Why)
		default:
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
}

func (c *Collection) fault(s *source, offset int64, url string, why error) {
	c.Count.Faults++
	if len(c.Problems) < mostProblems {
		c.Problems = append(c.Problems, Problem{s.name, offset, url, why.Error()})
	}
}

// take looks at one record of a survey.
func (c *Collection) take(i int, rec *Record, visit func(*Answer) error) error {
	s := c.sources[i]
	kind := rec.Type()
	skip := c.skipped(rec)
	if skip == "" && kind == typeMetadata {
		return c.takeMeta(i, rec)
	}
	if kind == typeRequest {
		c.takeRequest(rec)
	}
	if skip != "" {
		if err := rec.Close(); err != nil {
			return c.broken(s, rec, err)
		}
		c.Count.Records++
		if skip != typeInfo {
			c.Count.Skipped[skip]++
		}
		return nil
	}
	a, err := c.answer(s, rec)
	if closed := rec.Close(); closed != nil {
		return c.broken(s, rec, closed)
	}
	c.Count.Records++
	if err != nil {
		c.fault(s, rec.Offset, rec.URI(), err)
		return nil
	}
	c.Count.Answers++
	c.places = append(c.places, spot{a.Time.UnixNano(), int32(i), rec.Offset})
	return visit(a)
}

// broken notes a record that is not whole. That the file was compressed as a whole is for survey to deal with.
func (c *Collection) broken(s *source, rec *Record, err error) error {
	var damage *Damage
	if errors.As(err, &damage) {
		c.fault(s, damage.Offset, rec.URI(), damage.Why)
		return nil
	}
	return err
}

// skipped says which kind of record that is no answer this one is; "" for answers, and for what may be our metadata.
func (c *Collection) skipped(rec *Record) string {
	kind := rec.Type()
	switch kind {
	case typeInfo, typeRequest:
		return kind
	case typeConversion:
		return "conversions"
	case typeResponse, typeRevisit, typeResource, typeMetadata, typeContinuation:
	default:
		return "of unknown types"
	}
	u, err := url.Parse(rec.URI())
	switch {
	case err != nil:
		return "with malformed addresses"
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "",
		(kind == typeResponse || kind == typeRevisit && rec.Length > 0) && !slices.Contains([]string{"application/http", "message/http", ""}, rec.mediaType()):
		if kind == typeMetadata {
			return kind
		}
		return "not HTTP"
	case c.Want != nil && !c.Want(u):
		return "of other hosts"
	case kind == typeMetadata && rec.mediaType() != "application/warc-fields":
		return kind
	}
	return ""
}

// takeRequest remembers what was posted.
func (c *Collection) takeRequest(rec *Record) {
	m, err := readMessage(rec, mostMeta)
	method, _, _ := strings.Cut(m.first, " ")
	if err != nil || method == http.MethodGet || c.posted > mostPosted {
		return
	}
	media, _, _ := strings.Cut(m.header.Get("Content-Type"), ";")
	p := post{method, string(m.body), strings.TrimSpace(media)}
	c.posted += len(p.body) + 64
	for _, id := range append(rec.Header.All("WARC-Concurrent-To"), rec.ID()) {
		c.posts[keyOf(bare(id))] = p
	}
}

// takeMeta remembers what an archive like ours knew of an answer, or that there was none.
func (c *Collection) takeMeta(i int, rec *Record) error {
	s := c.sources[i]
	known, _, ok := meta(rec)
	if err := rec.Close(); err != nil {
		return c.broken(s, rec, err)
	}
	c.Count.Records++
	if !ok {
		c.Count.Skipped[typeMetadata]++
		return nil
	}
	here := spot{known.Time.UnixNano(), int32(i), rec.Offset}
	if about := rec.Header.Get("WARC-Refers-To"); about != "" {
		c.metas[keyOf(bare(about))] = here
		return nil
	}
	c.Count.Answers++
	c.places = append(c.places, here)
	return nil
}

// meta reads a metadata record of ours.
func meta(rec *Record) (known store.Capture, added []string, ok bool) {
	at, dated := rec.Time()
	if rec.Length > mostMeta || !dated || at.Year() < 1970 || at.Year() > 2261 {
		return known, nil, false
	}
	block, err := io.ReadAll(rec)
	if err != nil {
		return known, nil, false
	}
	return captureOf(parseFields(strings.Split(strings.ReplaceAll(string(block), "\r\n", "\n"), "\n")), rec.URI(), at)
}

// answer reads a record as an answer. Its error says in a few words why it cannot be taken.
func (c *Collection) answer(s *source, rec *Record) (*Answer, error) {
	u, err := url.Parse(rec.URI())
	if err != nil {
		return nil, err
	}
	u.Fragment, u.RawFragment = "", ""
	a := &Answer{URL: rec.URI(), Method: http.MethodGet, File: s.name, ID: rec.ID(), Digest: rec.Header.Get("WARC-Payload-Digest"),
		Remote: rec.Header.Get("WARC-IP-Address")}
	if strings.Contains(a.URL, "#") {
		a.URL = u.String()
	}
	if !utf8.ValidString(a.URL) {
		a.URL = asciiURL(a.URL) // GBK as it stood in a link: a browser sends it so
	}
	var dated bool
	switch a.Time, dated = rec.Time(); {
	case !dated, a.Time.Year() < 1970, a.Time.Year() > 2261:
		return nil, fmt.Errorf("the record has no date that can be read: %q", rec.Header.Get("WARC-Date"))
	case rec.Type() == typeContinuation, rec.Header.Get("WARC-Segment-Number") != "":
		return nil, errors.New("a record in several segments, which is not supported")
	}
	for _, id := range append(rec.Header.All("WARC-Concurrent-To"), rec.ID()) {
		if p, ok := c.posts[keyOf(bare(id))]; ok {
			a.Method, a.Posted, a.PostedType = p.method, p.body, p.media
		}
	}
	if rec.Type() == typeResource {
		a.Status, a.Header = http.StatusOK, http.Header{"Content-Type": {rec.Header.Get("Content-Type")}}
		a.Body, a.Err = readAll(rec, c.MostBytes)
		a.judge(rec, a.Body)
		return a, nil
	}
	return a, c.message(a, rec)
}

// message reads the block of a response or a revisit.
func (c *Collection) message(a *Answer, rec *Record) error {
	var m message
	if rec.Length > 0 {
		var err error
		if m, err = readMessage(rec, c.MostBytes); err != nil {
			return err
		}
		if a.Status, err = m.status(); err != nil {
			return err
		}
		a.Header = m.values()
	}
	if rec.Type() == typeRevisit {
		a.Revisit = &Revisit{URL: bare(rec.Header.Get("WARC-Refers-To-Target-URI")),
			NotModified: strings.HasSuffix(rec.Header.Get("WARC-Profile"), "server-not-modified")}
		a.Revisit.Time, _ = parseTime(rec.Header.Get("WARC-Refers-To-Date"))
		if a.Status == 0 {
			a.Status = http.StatusOK
			if a.Revisit.NotModified {
				a.Status = http.StatusNotModified
			}
		}
		return c.known(a, m.header)
	}
	if rec.Length == 0 {
		return errors.New("an empty record")
	}
	if a.Method != http.MethodHead {
		m.decode(c.MostBytes)
		a.Body, a.Err = m.body, m.err
		a.judge(rec, append(m.stages, m.body)...)
	}
	return c.known(a, m.header)
}

// judge notes what the record itself says against the body, of which readings are those before and after each coding was
// undone. What there is of a body that is not whole is kept, and marked.
func (a *Answer) judge(rec *Record, readings ...[]byte) {
	if why := rec.Header.Get("WARC-Truncated"); why != "" && a.Err == nil {
		a.Err = fmt.Errorf("cut short by whoever archived it: %s", why)
	}
	if a.Err != nil && len(a.Body) > 0 {
		a.Cut, a.Err = a.Err.Error(), nil
	}
	if a.Err == nil && a.Cut == "" && !fits(a.Digest, readings...) {
		a.Doubt = "its bytes do not have the payload digest that the record names: " + a.Digest
	}
}

// known adds what our own metadata record says of an answer.
func (c *Collection) known(a *Answer, header Fields) error {
	at, ok := c.metas[keyOf(a.ID)]
	if !ok {
		return nil
	}
	s := c.sources[at.source]
	if _, err := c.use(s); err != nil {
		return err
	}
	rec, err := NewReader(s.at, s.size).At(at.offset)
	if err != nil {
		return err
	}
	known, added, ok := meta(rec)
	if !ok {
		return errors.New("its metadata record cannot be read")
	}
	known.Header = served(header, added)
	if known.Status != a.Status {
		return fmt.Errorf("its metadata record is of status %s", strconv.Itoa(known.Status))
	}
	a.Known = &known
	a.URL = known.URL
	return nil
}

// Answers yields the answers that the survey has found, in the order of their times: of two captures of one page, the
// older comes first. A record that can no longer be read is a Problem. An error ends the sequence.
func (c *Collection) Answers(ctx context.Context) iter.Seq2[*Answer, error] {
	return func(yield func(*Answer, error) bool) {
		for _, p := range c.places {
			a, err := c.again(p)
			if err == nil {
				err = ctx.Err()
			}
			if a == nil && err == nil {
				continue
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// again reads an answer that the survey has found; nil when that is not possible any more.
func (c *Collection) again(p spot) (*Answer, error) {
	s := c.sources[p.source]
	if _, err := c.use(s); err != nil {
		return nil, err
	}
	rec, err := s.read.At(p.offset)
	if err != nil {
		c.fault(s, p.offset, "", err)
		return nil, nil
	}
	if rec.Type() == typeMetadata {
		known, _, ok := meta(rec)
		if !ok {
			return nil, nil // it was read a minute ago: somebody writes to the file
		}
		return &Answer{URL: known.URL, Method: http.MethodGet, Time: known.Time, File: s.name, ID: rec.ID(), Known: &known}, nil
	}
	a, err := c.answer(s, rec)
	if err != nil {
		c.fault(s, p.offset, rec.URI(), err)
		return nil, nil
	}
	return a, nil
}

// Name returns the last part of the name of a file, for records of where something came from.
func (a *Answer) Name() string { return filepath.Base(a.File) }
