package weburl

import (
	"net/url"
	"slices"
	"testing"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSite(t *testing.T) {
	tests := []struct{ url, want string }{
		{"http://www.qjq.gov.cn/a", "qjq.gov.cn"},
		{"https://qjq.gov.cn/", "qjq.gov.cn"},
		{"http://GXW.Xinyu.gov.cn:8080/", "xinyu.gov.cn"},
		{"http://www.gov.cn/", "www.gov.cn"},
		{"http://www.example.com.cn/", "example.com.cn"},
		{"http://127.0.0.1:8081/", "127.0.0.1:8081"},
		{"http://127.0.0.2:80/", "127.0.0.2"},
		{"http://[::1]:8080/", "[::1]:8080"},
		{"http://localhost:8080/", "localhost:8080"},
	}
	for _, tt := range tests {
		if got := Site(parse(t, tt.url)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.url, got, tt.want)
		}
	}
}

func TestKey(t *testing.T) {
	same := []string{"http://www.a.gov.cn/x", "https://www.a.gov.cn/x", "http://a.gov.cn/x", "https://A.gov.cn:443/x", "http://www.a.gov.cn:80/x"}
	for _, s := range same {
		if got, want := Key(parse(t, s)), Key(parse(t, same[0])); got != want {
			t.Errorf("%s: got %s, want %s", s, got, want)
		}
	}
	if Key(parse(t, "http://a.gov.cn/x?b=2&a=1")) != Key(parse(t, "http://a.gov.cn/x?a=1&b=2")) {
		t.Error("the order of parameters tells pages apart")
	}
	for _, s := range []string{"http://a.gov.cn/x/", "http://a.gov.cn/X", "http://a.gov.cn/x?y", "http://a.gov.cn:81/x", "http://b.a.gov.cn/x"} {
		if Key(parse(t, s)) == Key(parse(t, same[0])) {
			t.Errorf("%s has the key of %s", s, same[0])
		}
	}
}

func TestAlternate(t *testing.T) {
	for first, want := range map[string][]string{
		"http://www.a.gov.cn/nb/?x=1": {"https://www.a.gov.cn/nb/?x=1", "http://a.gov.cn/nb/?x=1"},
		"https://a.gov.cn/":           {"http://a.gov.cn/", "https://www.a.gov.cn/"},
		"http://a.gov.cn:8080/":       nil,
	} {
		var got []string
		for next := first; ; {
			var ok bool
			if next, ok = Alternate(parse(t, next), len(got)); !ok {
				break
			}
			got = append(got, next)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", first, got, want)
		}
	}
}
