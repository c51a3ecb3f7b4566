package portal

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
	"gongkai/extract/markup"
)

// A Verdict says that an answer is not what was asked for, and what shows it. The zero Verdict says nothing.
type Verdict struct {
	Kind     string // "challenge:ruishu", "waf:notice", "gone:soft404", …
	Evidence string
}

// String says it in one line; "" for the zero Verdict.
func (v Verdict) String() string {
	if v.Kind == "" {
		return ""
	}
	return v.Kind + " (" + v.Evidence + ")"
}

// A barrier is a kind of answer by which the firewalls before Chinese portals keep programs out. One that names
// several things wants all of them.
type barrier struct {
	kind   string
	status int    // 0: any
	mark   string // in the body
	cookie string // the begin of the name of one that is set
	bare   bool   // a page with next to no text; others with the same mark are pages that have passed
}

// barriers are tried in order. A new one is a new line.
var barriers = []barrier{
	{kind: "challenge:ruishu", status: 412},
	{kind: "challenge:ruishu", mark: "$_ts", bare: true},
	{kind: "challenge:ruishu", cookie: "FSSBBIl1UgzbN7N", bare: true},
	{kind: "challenge:jiasule", status: 521},
	{kind: "challenge:jiasule", mark: "__jsl_clearance", bare: true},
	{kind: "challenge:jiasule", mark: "('l')+('_')+('c", bare: true}, // the name, spelt to be found by nobody
	{kind: "challenge:jiasule", cookie: "__jsluid", bare: true},
	{kind: "challenge:468", status: 468},
	{kind: "challenge:aliyun", mark: "acw_sc__v2", bare: true},
	{kind: "challenge:safeline", mark: "safeline", bare: true},
	{kind: "challenge:guard", mark: "_guard/", bare: true},
	{kind: "challenge:c3vk", mark: "C3VK", bare: true},
	{kind: "challenge:c3vk", cookie: "C3VK", bare: true},
	{kind: "challenge:cookie", status: 302, cookie: "CT6T"},
	{kind: "waf:wzws", mark: "WZWS", bare: true},
	{kind: "waf:wzws", mark: "wzwschallenge", bare: true},
	{kind: "waf:nwaf", mark: "NWAF", bare: true},
	{kind: "challenge:403", status: 403, mark: "<script", bare: true},
	{kind: "challenge:405", status: 405, mark: "<script", bare: true},
	{kind: "challenge:202", status: 202, mark: "<script", bare: true},
}

// notices are what firewalls say in words. A notice is short and has next to no links: an article about one is not,
// and a listing may have one among its rows.
var notices = regexp.MustCompile(`访问(?:被|已被)(?:拦截|阻断|拒绝)|(?:请求|访问)(?:被|已被)[^。<]{0,12}(?:拦截|阻断)|可能对网站造成(?:安全)?威胁|(?:您|操作|请求|访问)[^。<]{0,6}过于频繁|请完成(?:安全|滑块|人机)?验证|拖动(?:下方)?滑块|请求ID(?:是|:|：)`)

// What a page does that lets nobody in who runs no scripts.
var (
	setsByScript = regexp.MustCompile(`\bdocument\.cookie\s*=[^=]`)
	goesOn       = regexp.MustCompile(`\blocation\b[\w.]*\s*(?:=[^=]|\()|\.submit\(\s*\)`)
)

// longestNotice is the most text that a notice has, in bytes without markup and white space; barest is less than any
// page has that is more than a script.
const (
	longestNotice = 1500
	barest        = 100
)

// Wall says by what barrier an answer came instead of the page; the zero Verdict when by none. Portals that draw
// themselves by script have bare pages too: those need a mark.
func Wall(status int, header http.Header, body []byte) Verdict {
	a := traits{status: status, header: header, body: body}
	a.bare = len(body) <= largestNotice && len(visible(body, barest)) < barest
	a.script = a.bare && bytes.Contains(bytes.ToLower(body[:min(len(body), 64<<10)]), []byte("<script"))
	if i := slices.IndexFunc(barriers, a.show); i >= 0 {
		return Verdict{barriers[i].kind, barriers[i].evidence()}
	}
	if a.onlySetsCookie() {
		return Verdict{"challenge:script", "a script sets a cookie and goes on, no text"}
	}
	if status == http.StatusNotFound || status == http.StatusGone || !brief(body, longestNotice) {
		return Verdict{}
	}
	if words := notices.FindString(string(plain(body, ""))); words != "" {
		return Verdict{"waf:notice", "status " + strconv.Itoa(status) + ", says " + strconv.Quote(words)}
	}
	return Verdict{}
}

// traits are what an answer shows by which barriers are known.
type traits struct {
	status int
	header http.Header
	body   []byte
	bare   bool // it has next to no text
	script bool // and is a script
}

// show reports whether an answer has all that a barrier is known by.
func (a traits) show(b barrier) bool {
	switch {
	case b.bare && (!a.bare || !a.script && b.mark == ""),
		b.status != 0 && b.status != a.status,
		b.mark != "" && !bytes.Contains(a.body, []byte(b.mark)),
		b.cookie != "" && !setsCookie(a.header, b.cookie):
		return false
	}
	return true
}

// onlySetsCookie reports whether a page does nothing but set a cookie by a script of its own, and go on.
func (a traits) onlySetsCookie() bool {
	return a.status == http.StatusOK && a.script && len(a.body) <= emptiest && !scriptSource.Match(a.body) && setsByScript.Match(a.body) && goesOn.Match(a.body)
}

// brief reports whether a page has little text and few links: more than so many bytes are not nothing but a notice.
func brief(body []byte, most int) bool {
	return len(body) <= largestNotice && linksIn(body, mostLinks+1) <= mostLinks && len(visible(body, most)) <= most
}

func (b barrier) evidence() string {
	var words []string
	if b.status != 0 {
		words = append(words, "status "+strconv.Itoa(b.status))
	}
	if b.mark != "" {
		words = append(words, "contains "+strconv.Quote(b.mark))
	}
	if b.cookie != "" {
		words = append(words, "sets cookie "+b.cookie)
	}
	if b.bare {
		words = append(words, "no text")
	}
	return strings.Join(words, ", ")
}

func setsCookie(header http.Header, prefix string) bool {
	for _, c := range header.Values("Set-Cookie") {
		if strings.HasPrefix(strings.TrimSpace(c), prefix) {
			return true
		}
	}
	return false
}

var anyTag = regexp.MustCompile(`(?s)<[^>]*>`)

// largestNotice is how large a body may be to be looked at for few words.
const largestNotice = 256 << 10

// plain returns the text of a page decoded, with its title.
func plain(body []byte, contentType string) []byte {
	text, _ := markup.Decode(body, contentType)
	return anyTag.ReplaceAll(text, []byte(" "))
}

// absences are what portals say, with status 200, of a page that is not there.
var absences = regexp.MustCompile(`(?:页面|网页|网址|链接)[^。<]{0,10}(?:不存在|未找到|已被?删除|已经删除|被删除|找不到|已下线|已失效|已撤)|(?:您|你)(?:要|所|访问|查看|请求|浏览)[^。<]{0,14}(?:不存在|未找到|删除|找不到|已下线|已失效)|(?:找不到|未找到|没有找到)[^。<]{0,12}(?:页面|网页|文件|资源)|(?i:404\s*(?:not found|error|错误|页面))|非法请求|(?:对不起|抱歉)[^。<]{0,20}(?:不存在|已删除|找不到|无法访问)`)

// longestAbsence is the most text that such a page has, in bytes.
const longestAbsence = 2000

// mostLinks is how many links a page has at most that is nothing but a notice.
const mostLinks = 12

// Gone says that a page served with status 200 is none any more: it says so, it was withdrawn, it is empty, or it is
// the home page, whose body home is; nil when that is not known. The zero Verdict says that it seems to be there.
func Gone(body []byte, contentType string, page *url.URL, home []byte) Verdict {
	if len(bytes.TrimSpace(body)) <= 2 {
		return Verdict{"gone:empty", strconv.Itoa(len(body)) + " bytes"}
	}
	if len(body) < 512 {
		if target, ok := refreshed(body, contentType, page); ok && above(target, page) {
			return Verdict{"gone:withdrawn", "a page of " + strconv.Itoa(len(body)) + " bytes that leads to " + target.Path}
		}
	}
	if len(body) > largestNotice || http.DetectContentType(body) == "application/pdf" {
		return Verdict{}
	}
	if page.Path != "/" && page.Path != "" {
		if title := sameTitle(body, home, contentType); title != "" {
			return Verdict{"gone:home", "is the home page: " + title}
		}
	}
	if brief(body, longestAbsence) && bytes.ContainsAny(body[:min(len(body), 512)], "<") {
		if words := absences.FindString(string(plain(body, contentType))); words != "" {
			return Verdict{"gone:soft404", "says " + strconv.Quote(words)}
		}
	}
	return Verdict{}
}

// sameTitle returns the title of a page that has that of the home page and its text; "" where either differs: many sites give
// all pages the title of the home page.
func sameTitle(body, home []byte, contentType string) string {
	if len(home) == 0 {
		return ""
	}
	text, _ := markup.Decode(body, contentType)
	front, _ := markup.Decode(home, contentType)
	if title := titleOf(text); title != "" && title == titleOf(front) && bytes.Equal(visible(text, -1), visible(front, -1)) {
		return title
	}
	return ""
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// titleOf returns the title of a page, white space collapsed.
func titleOf(text []byte) string {
	m := titleElement.FindSubmatch(text[:min(len(text), 32<<10)])
	if m == nil {
		return ""
	}
	return string(bytes.Join(bytes.Fields(m[1]), []byte(" ")))
}

// refreshed returns where a meta refresh leads.
func refreshed(body []byte, contentType string, page *url.URL) (*url.URL, bool) {
	doc, err := extract.Parse(body, contentType, page)
	if err != nil {
		return nil, false
	}
	ref, ok := doc.Refresh()
	if !ok {
		return nil, false
	}
	u, err := doc.Resolve(ref)
	return u, err == nil
}

// above reports whether target is a directory that page lies in.
func above(target, page *url.URL) bool {
	return strings.EqualFold(target.Host, page.Host) && strings.HasSuffix(target.Path, "/") &&
		len(target.Path) < len(page.Path) && strings.HasPrefix(page.Path, target.Path)
}
