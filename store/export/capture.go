package export

import "gongkai/store"

var captureTable = table[store.Capture]{
	name: "captures",
	en:   "One row a capture: each answer of a portal, or why there was none. With a filter, those of the pages that claim a report exported, and of their parts.",
	zh:   "抓取记录，每次请求一行",
	key:  []string{"capture"},
	columns: []column[store.Capture]{
		{"capture", whole, "number of the capture, ascending in the order of archiving", "抓取编号",
			func(c store.Capture) value { return wholeValue(int(c.ID)) }},
		{"url", text, "address as asked for", "网址", func(c store.Capture) value { return textValue(c.URL) }},
		{"kind", text, "what was expected there: listing, report, part (a further page or a frame of a report), attachment, robots, other (of an imported collection)", "类型", func(c store.Capture) value { return textValue(c.Kind) }},
		{"portal", text, "portal, as the catalogue names it", "门户", func(c store.Capture) value { return textValue(c.Portal) }},
		{"captured_at", instant, "when it was asked for, UTC", "抓取时间（UTC）", func(c store.Capture) value { return instantValue(c.Time) }},
		{"state", text, "ok: a body, new or changed; unchanged; redirect; gone; failed; refused; blocked", "结果",
			func(c store.Capture) value { return textValue(c.State) }},
		{"status", whole, "HTTP status; empty when there was no answer", "HTTP 状态码", func(c store.Capture) value { return positive(int64(c.Status)) }},
		{"content_type", text, "Content-Type as served", "内容类型", func(c store.Capture) value { return textValue(c.Header.Get("Content-Type")) }},
		{"sha256", text, "SHA-256 of the body as served", "原始字节的 SHA-256", func(c store.Capture) value { return textValue(c.SHA256) }},
		{"bytes", whole, "length of the body; empty when there is none", "字节数", size},
		{"remote", text, "address that answered", "服务器地址", func(c store.Capture) value { return textValue(c.Remote) }},
		{"error", text, "why there is no usable answer", "错误", func(c store.Capture) value { return textValue(c.Error) }},
		{"from_url", text, "page that led here", "来源网页", func(c store.Capture) value { return textValue(c.From) }},
		{"link_title", text, "text of the link there", "链接文字", func(c store.Capture) value { return textValue(c.Title) }},
		{"robots_allowed", truth, "did robots.txt permit the request?", "robots.txt 是否允许",
			func(c store.Capture) value { return truthValue(c.Robots.Allowed) }},
		{"robots_reason", text, "the rule that decided, or why there was none", "robots.txt 依据", func(c store.Capture) value { return textValue(c.Robots.Reason) }},
		{"robots_sha256", text, "SHA-256 of the robots.txt it was read from", "robots.txt 的 SHA-256", func(c store.Capture) value { return textValue(c.Robots.SHA256) }},
	},
}

func size(c store.Capture) value {
	if c.SHA256 == "" {
		return value{}
	}
	return wholeValue(int(c.Size))
}

// positive writes a number that is 0 when there is none.
func positive(n int64) value {
	if n == 0 {
		return value{}
	}
	return wholeValue(int(n))
}
