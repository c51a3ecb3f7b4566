package crawler

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// A farm is real servers on loopback that misbehave in every way that portals do, and log every request: what a
// crawler says of its manners is not asked.
//
// Each portal lists its reports, 8 a page, by one of several pagers. A path under /nb/ says what is wrong with it:
//
//	/nb/r5.html        nothing
//	/nb/500-r5.html    a server error, the first two times
//	/nb/reset-r5.html  the connection is cut in the middle of the answer, the first time
//	/nb/429-r5.html    429 with Retry-After, the first time
//	/nb/moved-r5.html  moved to /nb/r5.html
//	/nb/slow-r5.html   the body comes in drops
//	/nb/file-r5.html   nothing; /nb/r5.txt is attached to it
type farm struct {
	portals []*farmPortal
}

type farmPortal struct {
	id      string
	server  *httptest.Server
	reports []string // names, in the order of the listing

	mu    sync.Mutex
	log   []farmRequest
	asked map[string]int // by path
}

// A farmRequest is a line of a log: when a request came, and when the whole answer had been handed to the system.
type farmRequest struct {
	path, agent string
	start, done time.Time
	status      int
}

const perFarmPage = 8

// newFarm starts portals. name gives the name of the n-th report of a portal.
func newFarm(t testing.TB, portals, reports int, name func(portal, n int) string) *farm {
	t.Helper()
	f := new(farm)
	for i := range portals {
		p := &farmPortal{id: fmt.Sprint("f", i), asked: make(map[string]int)}
		for n := range reports {
			p.reports = append(p.reports, name(i, n))
		}
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.1.%d:0", 1+i))
		if err != nil { // only Linux answers for the whole of 127/8
			if l, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
		}
		p.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}}
		p.server.Start()
		t.Cleanup(p.server.Close)
		f.portals = append(f.portals, p)
	}
	return f
}

// seeds returns the portals as a catalogue has them.
func (f *farm) seeds() (all []seeds.Portal) {
	for _, p := range f.portals {
		all = append(all, seeds.Portal{ID: p.id, Agency: "某市人民政府", Division: "330100", Start: []string{p.server.URL + "/nb/"}})
	}
	return all
}

func (p *farmPortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	line := farmRequest{path: r.URL.RequestURI(), agent: r.UserAgent(), start: time.Now(), status: http.StatusOK}
	p.mu.Lock()
	p.asked[line.path]++
	nth := p.asked[line.path]
	p.mu.Unlock()
	defer func() {
		fault := recover()
		line.done = time.Now() // before the end of the answer is sent: the client cannot have it yet
		p.mu.Lock()
		p.log = append(p.log, line)
		p.mu.Unlock()
		if fault != nil {
			panic(fault)
		}
	}()
	line.status = p.answer(w, line.path, nth)
}

func (p *farmPortal) answer(w http.ResponseWriter, path string, nth int) int {
	fail := func(status int) int {
		w.WriteHeader(status)
		return status
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	name := strings.TrimSuffix(strings.TrimPrefix(path, "/nb/"), ".html")
	fault, _, faulty := strings.Cut(name, "-")
	page := 0
	switch {
	case path == "/robots.txt":
		w.Header().Set("Location", "/robots-moved.txt")
		return fail(http.StatusMovedPermanently)
	case path == "/robots-moved.txt":
		io.WriteString(w, "User-agent: *\nDisallow: /private/\n")
	case path == "/nb/":
		p.list(w, 0)
	case scan(path, "/nb/index_%d.html", &page), scan(path, "/nb/?page=%d", &page):
		if page*perFarmPage >= len(p.reports) {
			return fail(http.StatusNotFound)
		}
		p.list(w, page)
	case !strings.HasPrefix(path, "/nb/"):
		return fail(http.StatusNotFound)
	case fault == "500" && nth <= 2:
		return fail(http.StatusInternalServerError)
	case fault == "reset" && nth == 1:
		w.Header().Set("Content-Length", "100000")
		io.WriteString(w, "<html>")
		panic(http.ErrAbortHandler)
	case fault == "429" && nth == 1:
		w.Header().Set("Retry-After", "1")
		return fail(http.StatusTooManyRequests)
	case fault == "moved":
		w.Header().Set("Location", "/nb/r"+name[len("moved-r"):]+".html")
		return fail(http.StatusFound)
	default:
		text := "<html><body><div><p>某市2021年政府信息公开工作年度报告 " + name + "</p></div></body></html>"
		if fault == "file" {
			text = strings.Replace(text, "</div>", `<p><a href="/nb/`+name[len("file-"):]+`.txt">附件：年度报告.txt</a></p></div>`, 1)
		}
		for _, drop := range strings.SplitAfter(text, ">") {
			io.WriteString(w, drop)
			if faulty && fault == "slow" {
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	return http.StatusOK
}

func scan[N int | int64](path, format string, n *N) bool {
	_, err := fmt.Sscanf(path, format, n)
	return err == nil
}

// list shows a page of the listing. Portals differ by their pagers: a script, or links.
func (p *farmPortal) list(w io.Writer, page int) {
	io.WriteString(w, "<html><body><ul>")
	for _, name := range p.reports[page*perFarmPage : min((page+1)*perFarmPage, len(p.reports))] {
		fmt.Fprintf(w, `<li><a href="/nb/%s.html">某市%s局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, name, name)
	}
	io.WriteString(w, "</ul>")
	pages := (len(p.reports) + perFarmPage - 1) / perFarmPage
	if len(p.id)%2 == 0 {
		fmt.Fprintf(w, "<script>createPageHTML(%d, %d, 'index', 'html')</script>", pages, page)
	} else if page+1 < pages {
		fmt.Fprintf(w, `<a href="/nb/?page=%d">下一页</a>`, page+1)
	}
	io.WriteString(w, "</body></html>")
}

// rude lists the requests that came sooner after the answer before them than the rule permits. Only requests of one
// agent are compared: what a killed one has sent may still wait to be read when the next one begins.
func (p *farmPortal) rude(rule time.Duration) (rude []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 1; i < len(p.log); i++ {
		gap := p.log[i].start.Sub(p.log[i-1].done)
		if gap < rule && p.log[i].agent == p.log[i-1].agent {
			rude = append(rude, fmt.Sprintf("%s%s %v after %s", p.id, p.log[i].path, gap, p.log[i-1].path))
		}
	}
	return rude
}

// first returns when an agent first asked the portal for something, if another had before it.
func (p *farmPortal) first(agent string) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, line := range p.log {
		if line.agent == agent {
			return line.start, i > 0
		}
	}
	return time.Time{}, false
}

// BenchmarkFarm tells how much longer a crawl of sixty well-behaved portals takes than the delays alone would, and how often
// it was rude. Run it with -benchtime 1x.
func BenchmarkFarm(b *testing.B) {
	const rule = 200 * time.Millisecond
	for b.Loop() {
		f := newFarm(b, 60, 20, func(_, n int) string { return fmt.Sprint("r", n) })
		s, err := store.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		c := &Crawler{UserAgent: "gongkai/test", Delay: rule, Hosts: 64, AllowPrivate: true, Portals: f.seeds(), Store: s}
		began := time.Now()
		if sum, err := c.Run(b.Context()); err != nil || sum.Rejected != 60*20 {
			b.Fatal(sum, err)
		}
		took := time.Since(began)
		bound, rude := time.Duration(0), 0
		for _, p := range f.portals {
			bound = max(bound, time.Duration(len(p.log)-1)*rule)
			rude += len(p.rude(rule))
		}
		b.ReportMetric(float64(took)/float64(bound), "of-bound")
		b.ReportMetric(float64(rude), "rude")
		s.Close()
	}
}
