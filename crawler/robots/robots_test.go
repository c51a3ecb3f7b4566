package robots

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/jimsmart/grobotstxt"
)

const agent = "gongkai/0.1 (+https://example.org/bot)"

func TestCheck(t *testing.T) {
	const rfc = `User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
`
	tests := []struct {
		name, robots, agent, path string
		want                      bool
		reason                    string
	}{
		// RFC 9309, 5.1
		{"rfc any", rfc, "any", "/example/page.html", false, "Disallow: /example/"},
		{"rfc any gif", rfc, "any", "/a/b.gif", false, "Disallow: *.gif$"},
		{"rfc any gif with more", rfc, "any", "/a/b.gif?x", true, "no rule"},
		{"rfc any publications", rfc, "any", "/publications/x", true, "Allow: /publications/"},
		{"rfc foobot", rfc, "foobot", "/", false, "Disallow: /"},
		{"rfc foobot allowed", rfc, "foobot", "/example/page.html", true, "Allow: /example/page.html"},
		{"rfc foobot gif", rfc, "foobot", "/example/allowed.gif", true, ""},
		{"rfc barbot", rfc, "barbot", "/example/page.html", false, ""},
		{"rfc bazbot", rfc, "BazBot/2", "/example/page.html", false, ""},
		{"rfc bazbot other", rfc, "bazbot", "/example/other.html", true, "no rule"},
		{"rfc quxbot has no rules", rfc, "quxbot", "/example/page.html", true, "no rule"},
		// RFC 9309, 5.2
		{"longest match", "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n", "foobot", "/example/page/disallowed.gif", false, "Disallow: /example/page/disallowed.gif"},
		{"allow wins a tie", "User-agent: *\nDisallow: /a\nAllow: /a\n", agent, "/a", true, "Allow: /a"},
		// RFC 9309, 2.2.2: one octet, several spellings
		{"utf-8 rule", "User-agent: *\nDisallow: /公开/\n", agent, "/%E5%85%AC%E5%BC%80/1.html", false, "Disallow: /%E5%85%AC%E5%BC%80/"},
		{"lower hex url", "User-agent: *\nDisallow: /%E5%85%AC\n", agent, "/%e5%85%ac%e5%bc%80", false, ""},
		{"lower hex rule", "User-agent: *\nDisallow: /%e5%85%ac\n", agent, "/%E5%85%AC", false, ""},
		{"unreserved encoded in rule", "User-agent: *\nDisallow: /%62%61z\n", agent, "/baz", false, ""},
		{"unreserved encoded in url", "User-agent: *\nDisallow: /baz\n", agent, "/%62az", false, ""},
		{"slash is not %2F", "User-agent: *\nDisallow: /a/b\n", agent, "/a%2Fb", true, ""},
		// patterns
		{"star inside", "User-agent: *\nDisallow: /foo*bar\n", agent, "/z/foo/bar", true, ""},
		{"star inside anchored", "User-agent: *\nDisallow: /foo*bar\n", agent, "/foo/x/bar/y", false, ""},
		{"star of the address", "User-agent: *\nDisallow: /a%2Ab\n", agent, "/a*b", false, ""},
		{"star of the address, encoded", "User-agent: *\nDisallow: /a%2ab\n", agent, "/a%2Ab", false, ""},
		{"star of the address is no other sign", "User-agent: *\nDisallow: /a%2Ab\n", agent, "/axb", true, ""},
		{"star matches a star", "User-agent: *\nDisallow: /a*b\n", agent, "/a*b", false, ""},
		{"dollar of the address", "User-agent: *\nDisallow: /a%24\n", agent, "/a$b", false, ""},
		{"dollar of the address is no end", "User-agent: *\nDisallow: /a%24\n", agent, "/a", true, ""},
		{"dollar in the middle", "User-agent: *\nDisallow: /a$b\n", agent, "/a$b", false, ""},
		{"dollar in the query", "User-agent: *\nDisallow: /*?x=$1$\n", agent, "/l?x=$1", false, ""},
		{"dollar at the end", "User-agent: *\nDisallow: /a$\n", agent, "/ab", true, ""},
		{"backslash", `User-agent: *
Disallow: /a\b`, agent, `/a\b`, false, ""},
		{"backslash, encoded in the rule", "User-agent: *\nDisallow: /a%5Cb\n", agent, `/a\b`, false, ""},
		{"backslash, encoded in the address", `User-agent: *
Disallow: /a\`, agent, "/a%5cb", false, ""},
		{"backslash in the query", `User-agent: *
Disallow: /*?d=\x`, agent, `/l?d=\x`, false, ""},
		{"brackets, braces and quotes", "User-agent: *\nDisallow: /a{b}|\"<c>^`\n", agent, "/a%7Bb%7D%7C%22%3Cc%3E%5E%60", false, ""},
		{"blank", "User-agent: *\nDisallow: /a b\n", agent, "/a%20b", false, ""},
		{"query", "User-agent: *\nDisallow: /*?page=\n", agent, "/list?page=2", false, ""},
		{"query order is kept", "User-agent: *\nDisallow: /l?b=1\n", agent, "/l?b=1&a=2", false, ""},
		{"empty disallow", "User-agent: *\nDisallow:\n", agent, "/x", true, "no rule"},
		{"case of path", "User-agent: *\nDisallow: /Admin\n", agent, "/admin", true, ""},
		// groups
		{"our group instead of any", "User-agent: *\nDisallow: /\n\nUser-agent: gongkai\nDisallow: /x\n", agent, "/y", true, "no rule"},
		{"no prefix match", "User-agent: gong\nDisallow: /\n", agent, "/", true, "no rule"},
		{"merged groups", "User-agent: gongkai\nDisallow: /a\n\nUser-agent: b\nDisallow: /\n\nUser-agent: GongKai\nDisallow: /c\n", agent, "/c", false, "Disallow: /c"},
		{"merged groups, first", "User-agent: gongkai\nDisallow: /a\n\nUser-agent: b\nDisallow: /\n\nUser-agent: GongKai\nDisallow: /c\n", agent, "/a", false, ""},
		{"rule before any group", "Disallow: /\nUser-agent: *\nDisallow: /a\n", agent, "/b", true, ""},
		{"sitemap inside a group", "User-agent: *\nSitemap: http://a/s.xml\nDisallow: /a\n", agent, "/a", false, ""},
		{"mozilla", "User-agent: gongkai\nDisallow: /\n", "Mozilla/5.0 (compatible; gongkai/0.1; +https://x)", "/a", false, ""},
		// text
		{"byte order mark", "\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", agent, "/a", false, ""},
		{"byte order mark twice", "\xef\xbb\xbf\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", agent, "/a", false, ""},
		{"byte order mark encoded twice", "\u00ef\u00bb\u00bfUser-agent: *\nDisallow: /a\n", agent, "/a", false, ""},
		{"byte order mark cut", "\xbb\xbfUser-agent: *\nDisallow: /a\n", agent, "/a", false, ""},
		{"half a byte order mark", "\xefUser-agent: *\nDisallow: /a\n", agent, "/a", false, ""},
		{"byte order mark where files were joined", "User-agent: *\n\xef\xbb\xbfDisallow: /a\n", agent, "/a", false, ""},
		{"UTF-16, little end first", "\xff\xfe" + wide("User-agent: *\nDisallow: /公开\n", 0, 8), agent, "/公开", false, ""},
		{"UTF-16, big end first", "\xfe\xff" + wide("User-agent: *\nDisallow: /公开\n", 8, 0), agent, "/公开", false, ""},
		{"UTF-16 without a mark", wide("User-agent: *\nDisallow: /a\n", 0, 8), agent, "/a", false, ""},
		{"UTF-16, cut", "\xff\xfe" + wide("User-agent: *\nDisallow: /a\n", 0, 8) + "x", agent, "/a", false, ""},
		{"NULs", "User-agent: *\x00\nDis\x00allow: /a\x00\n", agent, "/a", false, ""},
		{"NULs behind", "User-agent: *\nDisallow: /a\n\x00\x00\x00", agent, "/a", false, ""},
		{"carriage returns", "User-agent: *\rDisallow: /a\r", agent, "/a", false, ""},
		{"comments and case", "USER-AGENT: * # all\nDISALLOW: /a # this\n", agent, "/a", false, "Disallow: /a"},
		{"web page", "<!DOCTYPE html><html><head><title>首页</title></head><body>a: b</body></html>", agent, "/a", true, "no rule"},
		{"itself", "User-agent: *\nDisallow: /\n", agent, "/robots.txt", true, ""},
		{"host only", "User-agent: *\nDisallow: /\n", agent, "", false, ""},
		{"bad lines", "User-agent: *\nCrawl-delay: 10s\nnonsense\nDisallow: /a\n", agent, "/a", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse("http://www.example.gov.cn" + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			got := Parse([]byte(tt.robots), tt.agent).Check(u)
			if got.Allowed != tt.want || tt.reason != "" && got.Reason != tt.reason {
				t.Errorf("got %+v, want %v %q", got, tt.want, tt.reason)
			}
		})
	}
}

func TestRead(t *testing.T) {
	u := &url.URL{Scheme: "http", Host: "a.gov.cn", Path: "/x"}
	tests := []struct {
		status int
		want   Decision
	}{
		{200, Decision{false, "Disallow: /"}},
		{403, Decision{true, "no robots.txt: 403"}},
		{401, Decision{true, "no robots.txt: 401"}},
		{404, Decision{true, "no robots.txt: 404"}},
		{410, Decision{true, "no robots.txt: 410"}},
		{202, Decision{false, "robots.txt answers 202"}},
		{206, Decision{false, "robots.txt answers 206"}},
		{302, Decision{false, "robots.txt answers 302"}},
		{304, Decision{false, "robots.txt answers 304"}},
		{408, Decision{false, "robots.txt answers 408"}},
		{425, Decision{false, "robots.txt answers 425"}},
		{429, Decision{false, "robots.txt answers 429"}},
		{500, Decision{false, "robots.txt answers 500"}},
		{521, Decision{false, "robots.txt answers 521"}},
		{999, Decision{false, "robots.txt answers 999"}},
		{0, Decision{false, "robots.txt unreachable"}},
	}
	for _, tt := range tests {
		if got := Read(tt.status, []byte("User-agent: *\nDisallow: /\n"), agent).Check(u); got != tt.want {
			t.Errorf("%d: got %+v, want %+v", tt.status, got, tt.want)
		}
	}
	if got := new(Rules).Check(u); !got.Allowed {
		t.Errorf("zero rules: got %+v", got)
	}
}

func TestDelay(t *testing.T) {
	tests := []struct {
		robots string
		want   time.Duration
	}{
		{"User-agent: *\nCrawl-delay: 10\n", 10 * time.Second},
		{"User-agent: *\nCrawl-delay: 0.5\n", 500 * time.Millisecond},
		{"User-agent: *\nCrawl-delay: 10s\n", 0},
		{"User-agent: *\nCrawl-delay: -1\n", 0},
		{"User-agent: *\nCrawl-delay: NaN\n", 0},
		{"User-agent: *\nCrawl-delay: 1e300\n", MaxDelay},
		{"User-agent: *\nCrawl-delay: Inf\n", MaxDelay},
		{"User-agent: *\nCrawl-delay: 2\nCrawl-delay: 7\nCrawl-delay: 3\n", 7 * time.Second},
		{"User-agent: other\nCrawl-delay: 10\n", 0},
		{"User-agent: *\nCrawl-delay: 10\n\nUser-agent: gongkai\nDisallow:\n", 0},
		{"User-agent: *\nDisallow: /x\ncrawl-delay:5\n", 5 * time.Second},
		{"Crawl-delay: 5\n", 0},
	}
	for _, tt := range tests {
		if got := Parse([]byte(tt.robots), agent).Delay; got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.robots, got, tt.want)
		}
	}
}

func TestMaxSize(t *testing.T) {
	text := "User-agent: *\nDisallow: /a\n" + strings.Repeat("# padding\n", MaxSize/10)
	text = text[:MaxSize-len("Disallow: /p")] + "Disallow: /public\nDisallow: /late\n"
	r := Parse([]byte(text), agent)
	for path, want := range map[string]bool{"/a": false, "/pxx": true, "/late": true} {
		if got := r.Check(&url.URL{Path: path}); got.Allowed != want {
			t.Errorf("%s: got %+v, want %v", path, got, want)
		}
	}
}

// The group logic is ours, so it is held against that of the library wherever both mean the same: no percent
// signs, and no Allow for index.html, which the library also reads as one for its folder.
func FuzzGroups(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a\n\nUser-agent: gongkai\nAllow: /a/b\nDisallow: /a", "/a/b")
	f.Add("user-agent: gongkai\nuser-agent: x\ndisallow: /*.gif$\nallow: /\n", "/x.gif")
	f.Fuzz(func(t *testing.T, text, path string) {
		text = "User-agent: gongkai\n" + text
		if len(text) > MaxSize || strings.ContainsAny(path, "%#?;") || strings.Contains(text, "%") || strings.Contains(text, "index") {
			t.Skip()
		}
		u, err := url.Parse("http://a.gov.cn/" + path)
		if err != nil || u.EscapedPath() != "/"+path || u.Path == "/robots.txt" {
			t.Skip()
		}
		for _, c := range text + path {
			if c < ' ' && c != '\n' || c > '~' {
				t.Skip()
			}
		}
		got := Parse([]byte(text), agent).Check(u)
		if want := grobotstxt.AgentAllowed(text, "gongkai", fmt.Sprint(u)); got.Allowed != want {
			t.Errorf("%q %s: got %+v, library says %v", text, u, got, want)
		}
	})
}

// wide spells text with two octets a sign, shifted by so many bits.
func wide(text string, first, second int) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u >> first))
		b.WriteByte(byte(u >> second))
	}
	return b.String()
}

func TestLegible(t *testing.T) {
	for text, want := range map[string][2]bool{ // as it is, and said to be packed
		"":                                  {true, true},
		"User-agent: *\nDisallow: /\n":      {true, true},
		"# nothing\n":                       {true, true},
		"<html>":                            {true, true},
		"\xff\xfe" + wide("Allow: /", 0, 8): {true, true},
		"\xc4\xfa\xba\xc3 hello":            {true, false},
		"Disallow: /\x1a":                   {true, true},
		"\xff\xff\xff":                      {true, false},
		"\x1f\x8b":                          {false, false},
		"PK\x03\x04 Disallow: /":            {false, false},
		"\x89PNG\r\n\x1a\n\x00\x00":         {false, false},
		"%PDF-1.4\nDisallow: /":             {false, false},
		"Disallow: /\n\x00\x00":             {true, true},
	} {
		if got := [2]bool{Legible([]byte(text), false), Legible([]byte(text), true)}; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestSitemaps holds that maps of the site belong to no group, and that there is an end to them.
func TestSitemaps(t *testing.T) {
	got := Parse([]byte("Sitemap: http://a/1.xml\nUser-agent: other\nDisallow: /\nsitemap: /2.xml.gz\n\nUser-agent: gongkai\nSitemap:\nDisallow: /a\nSITEMAP:http://a/3\n"), "gongkai/1").Sitemaps
	if want := "http://a/1.xml /2.xml.gz http://a/3"; strings.Join(got, " ") != want {
		t.Errorf("sitemaps %q, want %s", got, want)
	}
	if n := len(Parse([]byte(strings.Repeat("Sitemap: http://a/1.xml\n", 1000)), "gongkai/1").Sitemaps); n != mostSitemaps {
		t.Errorf("%d sitemaps are remembered, want %d", n, mostSitemaps)
	}
}

// TestCases holds what is permitted against testdata/cases.txt.
func TestCases(t *testing.T) {
	data, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	agent, cases := "", 0
	for line := range strings.SplitSeq(string(data), "\n") {
		if line == "" {
			rules = nil
			continue
		}
		switch line[0] {
		case '|':
			rules = append(rules, line[1:])
		case 'f':
			agent = strings.TrimPrefix(line, "for ")
		case '+', '-':
			cases++
			u, err := url.Parse("http://a.gov.cn" + line[2:])
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(rules, "\n")
			if got := Parse([]byte(text), agent).Check(u); got.Allowed != (line[0] == '+') {
				t.Errorf("%q: %s for %q: got %+v", text, line, agent, got)
			}
		}
	}
	if cases < 100 {
		t.Errorf("%d cases", cases)
	}
}
