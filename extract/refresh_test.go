package extract_test

import (
	"net/url"
	"testing"

	"gongkai/extract"
)

// TestRefreshTarget holds how the value of a refresh is read; the cases are those of the HTML Standard's steps.
func TestRefreshTarget(t *testing.T) {
	const none = "none"
	for content, want := range map[string]string{
		"0;url=/u": "/u", "0; URL=/u": "/u", "0;/u": "/u", "0.1;url=/u": "/u", ".5,url=/u": "/u", "0, /u": "/u", "0 url = /u": "/u", " 3 ; url='/u'x": "/u",
		`0;url="/u" `: "/u", `0;"/u"`: "/u", "0;url='/u": "/u", "0": "", "5;": "", "0;url=": "", "1.2.3;u": "u", "0;urls/u": "urls/u", "0;uRl=/a b": "/a b",
		"": none, ";url=/u": none, "url=/u": none, "x;url=/u": none, "0x;url=/u": none, "-1;url=/u": none,
	} {
		got, ok := extract.RefreshTarget(content)
		if !ok {
			got = none
		}
		if got != want {
			t.Errorf("RefreshTarget(%q) = %q, want %q", content, got, want)
		}
	}
}

func TestRefresh(t *testing.T) {
	const none = "none"
	for markup, want := range map[string]string{
		`<meta content="0;url=/u" http-equiv="refresh">`:                                                            "/u",
		`<META CONTENT='0; URL=&quot;/u&quot;' HTTP-EQUIV=Refresh>`:                                                 "/u",
		`<meta http-equiv=refresh content=x><meta http-equiv=refresh content="1;/u">`:                               "/u",
		`<!-- <meta http-equiv="refresh" content="0;/c"> --><meta http-equiv="refresh" content="0">`:                "",
		`<script>"<meta http-equiv=refresh content='0;/s'>"</script>`:                                               none,
		`<noscript><meta http-equiv="refresh" content="0;/n"></noscript>`:                                           "/n",
		`<noscript><meta http-equiv="refresh" content="0;/n"></noscript><meta http-equiv="refresh" content="0;/u">`: "/u",
		`<meta name="refresh" content="0;/u">`:                                                                      none,
	} {
		base, err := url.Parse("http://www.a.gov.cn/a/r.html")
		if err != nil {
			t.Fatal(err)
		}
		d, err := extract.Parse([]byte("<html><head>"+markup+"</head><body></body></html>"), "text/html", base)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := d.Refresh()
		if !ok {
			got = none
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", markup, got, want)
		}
	}
}
