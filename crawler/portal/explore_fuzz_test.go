package portal

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/crawler/weburl"
	"gongkai/seeds"
)

// FuzzExplore gives any page at any address to all that judges pages: nothing panics, an address has one canonical form, and what
// leads on is HTTP; a page that says it has moved leads to its own host.
func FuzzExplore(f *testing.F) {
	saved, err := filepath.Glob(filepath.Join(listings, "*", "*.http"))
	if err != nil || len(saved) == 0 {
		f.Fatal(saved, err)
	}
	for i := 0; i < len(saved); i += 4 {
		data, err := os.ReadFile(saved[i])
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(data), "\r\n\r\n")
		f.Add(body, "http://www.example.gov.cn/zwgk/index.html?b=2&a=1")
	}
	f.Add("<meta http-equiv=refresh content='0;url=//x'><script>location.href='a'</script>", "http://www.example.gov.cn/%2e%2e/;jsessionid=1?x=%zz")
	f.Fuzz(func(t *testing.T, body, address string) {
		u, err := url.Parse(address)
		if err != nil || !web(u) {
			t.Skip()
		}
		page, home := []byte(body), seeds.Portal{ID: "x", Agency: "某县人民政府"}
		once := weburl.Canonical(u)
		if twice := weburl.Canonical(once); twice.String() != once.String() {
			t.Errorf("%q has the canonical forms %q and %q", address, once, twice)
		}
		weburl.Trap(u)
		Wall(http.StatusOK, http.Header{"Server": {body[:min(len(body), 40)]}}, page)
		Gone(page, "text/html", u, page[:len(page)/2])
		if to, ok := Moved(page, "text/html", u); ok {
			if n, err := url.Parse(to); err != nil || !strings.EqualFold(n.Host, u.Host) {
				t.Errorf("moved to %q", to)
			}
		}
		Explore(page, "text/html", u, home, Request{})
		leads, err := Leads(page, "text/html", u, home)
		if err != nil {
			return
		}
		for _, row := range leads.Rows {
			if n, err := url.Parse(row.URL); err != nil || !web(n) {
				t.Errorf("a row leads to %q", row.URL)
			}
		}
	})
}

func web(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }
