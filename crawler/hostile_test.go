package crawler

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

// hostileEnv makes the test binary the crawler of TestHostilePortals: the archive's folder.
const hostileEnv = "GONGKAI_TEST_HOSTILE"

// deadlyEnv makes that crawler end while it reads the body with this SHA-256.
const deadlyEnv = "GONGKAI_TEST_DEADLY"

// hostiles is how many portals are against us in TestHostilePortals; with more than a few it is the long form, with bodies of
// 30 MiB and documents: go test ./crawler -run 'TestHostilePortals$' -hostiles 155 -timeout 60m -v
var hostiles = flag.Int("hostiles", 10, "how many hostile portals TestHostilePortals has")

// The good portals of TestHostilePortals, and the memory that the crawler has. What a process takes that the operating
// system counts, and Go does not, is allowed for.
const (
	goodPortals = 5
	goodReports = 40

	hostileDelay = 20 * time.Millisecond
	mostResident = 1000 << 20 // in the long form, of 1 GiB
)

// TestHostileChild is the crawler of TestHostilePortals, and otherwise nothing.
func TestHostileChild(t *testing.T) {
	dir := os.Getenv(hostileEnv)
	if dir == "" {
		t.Skip("only for TestHostilePortals")
	}
	var portals []seeds.Portal
	if err := json.NewDecoder(os.Stdin).Decode(&portals); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const memory = reading.LeastMemory
	debug.SetMemoryLimit(memory)
	b, err := reading.OpenBudget(dir, memory, false)
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := fetch.OpenBuffers(dir, b.Aside())
	if err != nil {
		t.Fatal(err)
	}
	c := &Crawler{UserAgent: "gongkai/test", Delay: hostileDelay, Hosts: 64, AllowPrivate: true, Portals: portals, Store: s, Budget: b, Buffers: buffers}
	if deadly := os.Getenv(deadlyEnv); deadly != "" {
		go endWith(filepath.Join(dir, "reading", deadly+".now"))
	}
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, held := b.Hold(b.Aside())
	if !held || !reading.NewLease(b).Grow(4*b.Aside()) || !buffers.Empty() {
		t.Error("memory was not given back")
	}
	for _, p := range sum.Problems() {
		fmt.Println("problem:", p.Portal, p.Kind, p.Detail)
	}
	fmt.Println("end:", sum)
}

// TestHostilePortals crawls portals that want our memory, beside good ones: the crawler lives, stays within its memory, and
// has all good reports; what it could not read is archived, and told.
func TestHostilePortals(t *testing.T) {
	t.Parallel()
	long := *hostiles > 20
	size, reports := 2<<20, 2
	if long {
		size, reports = 30<<20, goodReports
	}
	var portals []seeds.Portal
	start := func(id string, h http.Handler) {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		portals = append(portals, seeds.Portal{ID: id, Agency: "衢江区人民政府", Division: "330803", Start: []string{server.URL + "/nb/"}})
	}
	bombs := bombs(size, long)
	for i := range *hostiles {
		start(fmt.Sprintf("hostile%d", i), bombs[i%len(bombs)])
	}
	page := qujiang(t)
	gaps := make([]*gapLog, goodPortals)
	for i := range goodPortals {
		gaps[i] = &gapLog{handler: goodHandler(i, reports, page)}
		start(fmt.Sprintf("good%d", i), gaps[i])
	}
	dir := t.TempDir()
	resident, out := crawlHostile(t, dir, portals)
	t.Logf("%d hostile portals: peak of resident memory %d MiB\n%s", *hostiles, resident>>20, out)
	most := int64(reading.LeastMemory * 3 / 2) // what is compiled of PDFium, and what the collector has not yet given back, come and go
	if long {
		most = mostResident
	}
	if resident > most && !raced {
		t.Errorf("resident memory reached %d MiB, more than %d", resident>>20, most>>20)
	}
	if !strings.Contains(out, " unread archived, and not read: too large to be read") {
		t.Error("no page is told to be too large")
	}
	for _, g := range gaps {
		if g.shortest < hostileDelay {
			t.Errorf("a gap of %v", g.shortest)
		}
	}
	s, err := store.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	good := 0
	for _, p := range portals[*hostiles:] {
		for n := range reports {
			rec, ok, err := s.LastRecord(strings.TrimSuffix(p.Start[0], "/nb/") + fmt.Sprintf("/nb/r%d.html", n))
			if err == nil && ok && rec.Report != nil && len(rec.Report.Figures) > 100 {
				good++
			}
		}
	}
	if good != goodPortals*reports {
		t.Errorf("%d good reports of %d", good, goodPortals*reports)
	}
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	large := 0
	for _, p := range stats.Portals {
		large += p.TooLarge
	}
	if large == 0 {
		t.Error("no record says that its page is too large")
	}
}

// endWith ends the process as the system does, as soon as a note lies there.
func endWith(note string) {
	for {
		if _, err := os.Stat(note); err == nil {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestDeadlyPage: a page whose reading ends the process twice is not read the third time, when the rest of the archive is
// served; what ended it may have been another cause, so it is read in the end.
func TestDeadlyPage(t *testing.T) {
	t.Parallel()
	const reports = 3
	good := qujiang(t)
	long := bytes.Replace(good, []byte("</body>"), append(bytes.Repeat([]byte("<p>政府信息公开"+strings.Repeat("工作", 8)+"</p>\n"), 40_000), "</body>"...), 1)
	if len(long) == len(good) {
		t.Fatal("nothing was added")
	}
	var portals []seeds.Portal
	for i, page := range [][]byte{long, good} {
		server := httptest.NewServer(goodHandler(i, []int{1, reports}[i], page))
		t.Cleanup(server.Close)
		portals = append(portals, seeds.Portal{ID: fmt.Sprint("p", i), Agency: "衢江区人民政府", Division: "330803", Start: []string{server.URL + "/nb/"}})
	}
	served := bytes.ReplaceAll(long, []byte("人民政府办公室"), []byte(bureau(0, 0)+"局办公室"))
	sum := fmt.Sprintf("%x", sha256.Sum256(served))
	dir := t.TempDir()
	deadly := strings.TrimSuffix(portals[0].Start[0], "/nb/") + "/nb/r0.html"
	record := func() (rec store.Record, read int) {
		t.Helper()
		s, err := store.OpenReadOnly(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for r, err := range s.Records() {
			if err != nil {
				t.Fatal(err)
			}
			if r.URL != deadly {
				read++
			}
		}
		rec, _, err = s.LastRecord(deadly)
		if err != nil {
			t.Fatal(err)
		}
		return rec, read
	}
	const deaths = 2 // until it is not read for a week
	crawl := func() error {
		t.Helper()
		cmd := hostileChild(t, dir, portals)
		cmd.Env = append(cmd.Env, deadlyEnv+"="+sum)
		_, err := cmd.CombinedOutput()
		return err
	}
	for n := range deaths {
		var end *exec.ExitError
		if err := crawl(); !errors.As(err, &end) || end.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("crawl %d: %v", n+1, err)
		}
	}
	if err := crawl(); err != nil {
		t.Fatal(err)
	}
	if rec, read := record(); !strings.HasSuffix(rec.Rejected, "reading it ended the process twice or more") || rec.SHA256 != sum || read != reports {
		t.Fatalf("after two deaths: %q, and %d other reports", rec.Rejected, read)
	}
	rest := filepath.Join(dir, "reading", sum)
	note := fmt.Sprintf(`{"version": %d, "deaths": %d, "time": %q}`, extract.Version, deaths, time.Now().AddDate(0, 0, -8).Format(time.RFC3339))
	if err := os.WriteFile(rest, []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := hostileChild(t, dir, portals).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if rec, _ := record(); rec.Report == nil || len(rec.Report.Figures) < 100 {
		t.Errorf("a week later: %q", rec.Rejected)
	}
	if _, err := os.Stat(rest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the note of a page that was read: %v", err)
	}
}

// hostileChild returns the command that crawls in a process of its own.
func hostileChild(t *testing.T, dir string, portals []seeds.Portal) *exec.Cmd {
	t.Helper()
	catalogue, err := json.Marshal(portals)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestHostileChild$", "-test.v", "-test.timeout=0")
	cmd.Env = append(os.Environ(), hostileEnv+"="+dir)
	cmd.Stdin = bytes.NewReader(catalogue)
	return cmd
}

// crawlHostile runs the crawler in a process of its own and returns the peak of its resident memory, and what it said.
func crawlHostile(t *testing.T, dir string, portals []seeds.Portal) (resident int64, said string) {
	t.Helper()
	cmd := hostileChild(t, dir, portals)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the crawler did not live: %v\n%s", err, out)
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10, string(out)
}

// A gapLog knows the shortest time between the end of an answer and the next request.
type gapLog struct {
	handler  http.Handler
	mu       sync.Mutex
	last     time.Time
	shortest time.Duration
}

func (g *gapLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if gap := time.Since(g.last); !g.last.IsZero() && (gap < g.shortest || g.shortest == 0) {
		g.shortest = gap
	}
	g.handler.ServeHTTP(w, r)
	g.last = time.Now()
}

// goodHandler serves a listing of reports as those of one portal are.
func goodHandler(site, reports int, page []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch {
		case r.URL.Path == "/nb/":
			for n := range reports {
				fmt.Fprintf(w, `<li><a href="/nb/r%d.html">衢江区%s局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, n, bureau(site, n))
			}
		case scan(r.URL.Path, "/nb/r%d.html", &n):
			w.Write(bytes.ReplaceAll(page, []byte("人民政府办公室"), []byte(bureau(site, n)+"局办公室")))
		default:
			http.NotFound(w, r)
		}
	})
}

// bombs returns portals that each want our memory in another way.
func bombs(size int, long bool) []http.Handler {
	fill := func(head, unit string) []byte {
		return append([]byte(head), bytes.Repeat([]byte(unit), size/len(unit))...)
	}
	tags, attributes := fill("", "<p>a\n"), fill("<div ", "a ")
	list := []http.Handler{
		listingOf(tags, "text/html"),
		reportOf(tags, "text/html", ""),
		reportOf(attributes, "text/html", ""),
		reportOf(reopening(), "text/html", ""),
		listingOf(fill("[", "[],"), "application/json"),
		slowly(fill("", "<li><a href=/x.html>公开</a></li>"), long),
		listingOf(packed(fill("", "<p>a\n")), "text/html"),
		reportOf(documentBomb(size), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""),
		reportOf([]byte("<p>年报见附件。</p><a href=b.docx>年报.docx</a><a href=c.txt>年报.txt</a>"), "text/html", string(fill("", "1\n"))),
		reportOf([]byte(`<table><tr><td rowspan=65534 colspan=1000>1<td>2`+strings.Repeat("<tr><td>1<td>2", 20_000)), "text/html", ""),
	}
	if long {
		list = append(list, reportOf(contentBomb(), "application/pdf", ""), reportOf(fill("<p title='", "a"), "text/html", ""),
			reportOf(fill("", "公开"), "text/plain", ""))
	}
	return list
}

// listingOf serves a body as the listing; one that begins as gzip does is packed.
func listingOf(body []byte, kind string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/nb/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.Write(body)
	})
}

// reportOf serves two bodies as reports, and another as what they refer to.
func reportOf(body []byte, kind, attached string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		switch {
		case r.URL.Path == "/nb/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			for n := range 2 {
				fmt.Fprintf(w, `<li><a href="/nb/r%d.html">衢江区水利局202%d年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, n, n)
			}
		case scan(r.URL.Path, "/nb/r%d.html", &n):
			w.Header().Set("Content-Type", kind)
			w.Write(body)
			if strings.HasPrefix(kind, "text/") {
				fmt.Fprint(w, n)
			}
		case attached != "" && r.URL.Path != "/robots.txt":
			io.WriteString(w, attached)
		default:
			http.NotFound(w, r)
		}
	})
}

// slowly serves a body as the listing, in pieces: most of it comes at once.
func slowly(body []byte, long bool) http.Handler {
	pause := 10 * time.Millisecond
	if long {
		pause = 2 * time.Second
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/nb/" {
			http.NotFound(w, r)
			return
		}
		w.Write(body[:len(body)*9/10])
		for i := range 10 {
			time.Sleep(pause)
			w.Write(body[len(body)*9/10+i*100:][:100])
			w.(http.Flusher).Flush()
		}
	})
}

// reopening is a page of formatting elements that are opened anew in each paragraph.
func reopening() []byte {
	var b bytes.Buffer
	b.WriteString("<p>")
	for i := range 400 {
		fmt.Fprintf(&b, "<s a%d>", i)
	}
	b.WriteString("</p>" + strings.Repeat("<p>x</p>", 10_000))
	return b.Bytes()
}

// packed packs a body, with what does not pack well so that it unpacks to less than is refused.
func packed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := 0; i < len(body); i += 4096 {
		fmt.Fprintf(z, "<!-- %x -->", i*i*7919)
		z.Write(body[i:min(i+4096, len(body))])
	}
	z.Close()
	return b.Bytes()
}

// documentBomb is a Word document of which the text unpacks to size bytes.
func documentBomb(size int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("word/document.xml")
	if err != nil {
		panic(err) // unreachable: a bytes.Buffer takes everything
	}
	io.WriteString(f, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	io.WriteString(f, strings.Repeat("<w:p><w:r><w:t>1</w:t></w:r></w:p>", size/34))
	io.WriteString(f, "</w:body></w:document>")
	z.Close()
	return b.Bytes()
}

// contentBomb is a PDF of which a page unpacks to 200 MB, twice packed.
func contentBomb() []byte {
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z := zlib.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	content := pack(pack(bytes.Repeat([]byte("0 0 m "), 200<<20/6)))
	var b bytes.Buffer
	fmt.Fprintf(&b, "%%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"+
		"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>\nendobj\n"+
		"4 0 obj\n<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n", len(content), content)
	return b.Bytes()
}
