package export

import (
	"strconv"

	"gongkai/store"
)

var captureTable = table[store.Capture]{
	name: "captures",
	en:   "One row a capture: each answer of a portal, or why there was none. With a filter, those of the pages that claim a report exported, and of their parts.",
	zh:   "抓取记录，每次请求一行",
	key:  []string{"capture"},
	columns: []column[store.Capture]{
		{"capture", whole, "number of the capture, ascending in the order of archiving", "抓取编号",
			func(c store.Capture) string { return strconv.FormatUint(c.ID, 10) }},
		{"url", text, "address as asked for", "网址", func(c store.Capture) string { return c.URL }},
		{"kind", text, "what was expected there: listing, report, part (a further page or a frame of a report), attachment, robots", "类型", func(c store.Capture) string { return c.Kind }},
		{"portal", text, "portal, as the catalogue names it", "门户", func(c store.Capture) string { return c.Portal }},
		{"captured_at", instant, "when it was asked for, UTC", "抓取时间（UTC）", func(c store.Capture) string { return stamp(c.Time) }},
		{"state", text, "ok: a body, new or changed; unchanged; redirect; gone; failed; refused; blocked", "结果",
			func(c store.Capture) string { return c.State }},
		{"status", whole, "HTTP status; empty when there was no answer", "HTTP 状态码", func(c store.Capture) string { return positive(int64(c.Status)) }},
		{"content_type", text, "Content-Type as served", "内容类型", func(c store.Capture) string { return c.Header.Get("Content-Type") }},
		{"sha256", text, "SHA-256 of the body as served", "原始字节的 SHA-256", func(c store.Capture) string { return c.SHA256 }},
		{"bytes", whole, "length of the body; empty when there is none", "字节数", size},
		{"remote", text, "address that answered", "服务器地址", func(c store.Capture) string { return c.Remote }},
		{"error", text, "why there is no usable answer", "错误", func(c store.Capture) string { return c.Error }},
		{"from_url", text, "page that led here", "来源网页", func(c store.Capture) string { return c.From }},
		{"link_title", text, "text of the link there", "链接文字", func(c store.Capture) string { return c.Title }},
		{"robots_allowed", truth, "did robots.txt permit the request?", "robots.txt 是否允许",
			func(c store.Capture) string { return strconv.FormatBool(c.Robots.Allowed) }},
		{"robots_reason", text, "the rule that decided, or why there was none", "robots.txt 依据", func(c store.Capture) string { return c.Robots.Reason }},
		{"robots_sha256", text, "SHA-256 of the robots.txt it was read from", "robots.txt 的 SHA-256", func(c store.Capture) string { return c.Robots.SHA256 }},
	},
}

func size(c store.Capture) string {
	if c.SHA256 == "" {
		return ""
	}
	return strconv.FormatInt(c.Size, 10)
}

// positive writes a number that is 0 when there is none.
func positive(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
