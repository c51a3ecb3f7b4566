package export

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gongkai/extract"
	"gongkai/extract/division"
	"gongkai/extract/form"
	"gongkai/store"
)

// A report is a chosen record with what all its rows need.
type report struct {
	store.Choice
	*extract.Report
	province, prefecture string
	problems             []problem
	parts                map[string]*store.Part // what was had of them, by name
	cells                []known                // by number

	// What each of its rows has, made once.
	id, scope, url, sha256 value
}

// newReport prepares a chosen record; before is the agency's last report before it in the same scope, nil when there is
// none.
func (l *layout) newReport(c store.Choice, before *report) *report {
	r := &report{Choice: c, Report: c.Record.Report, parts: map[string]*store.Part{}, cells: l.cellsOf(c.Record.Report)}
	r.id, r.scope = textValue(string(r.Agency.Key)), textValue(r.Scope)
	r.url, r.sha256 = textValue(r.URL), textValue(r.SHA256)
	r.province, r.prefecture, _ = division.Path(r.Agency.Division)
	for i := range r.Parts {
		if p := &r.Parts[i]; p.SHA256 != "" {
			r.parts[p.Name] = p
		}
	}
	doubts := r.Report.Problems
	if before != nil {
		doubts = slices.Concat(doubts, l.acrossYears(before.Report, r.Report, before.cells, r.cells))
	}
	r.problems = problemsOf(r, doubts)
	return r
}

// identity are the columns that begin each file about reports; R holds a report.
func identity[R any](of func(R) *report) []column[R] {
	return []column[R]{
		{"agency_id", text, "who reports: division code, hyphen, unit; stable over renames", "机构标识：行政区划代码-单位名称",
			func(r R) value { return of(r).id }},
		{"year", whole, "year reported on, not that of publication", "报告年度",
			func(r R) value { return wholeValue(of(r).Year) }},
		{"scope", text, "own: the agency itself; aggregate: the whole region", "统计范围：own 本机关，aggregate 本地区汇总",
			func(r R) value { return of(r).scope }},
	}
}

// source are the columns that end each row read from a page, or from a part of a report. of returns the part as well;
// none is nil.
func source[R any](of func(R) (*report, *store.Part)) []column[R] {
	return []column[R]{
		{"url", text, "address of the page; in figures, of the document that the locator names", "网页（或附件）地址", func(r R) value {
			report, p := of(r)
			if p == nil || p.URL == "" {
				return report.url
			}
			return textValue(p.URL)
		}},
		{"capture_sha256", text, "SHA-256 of it as served: what the row was read from", "原始字节的 SHA-256", func(r R) value {
			report, p := of(r)
			if p == nil || p.SHA256 == "" {
				return report.sha256
			}
			return textValue(p.SHA256)
		}},
	}
}

func self(r *report) *report { return r }

func page(r *report) (*report, *store.Part) { return r, nil }

var (
	agencyName = column[*report]{"agency_name", text, "name of the agency in full, simplified script", "机构全称",
		func(r *report) value { return textValue(r.Agency.Name) }}
	divisionCode = column[*report]{"division_code", text, "division of GB/T 2260, six digits: text, not a number", "行政区划代码（GB/T 2260，六位文本）",
		func(r *report) value { return textValue(r.Agency.Division) }}
	province = column[*report]{"province", text, "province-level division", "省级",
		func(r *report) value { return textValue(r.province) }}
	prefecture = column[*report]{"prefecture", text, "prefecture-level division; empty where there is none", "地级",
		func(r *report) value { return textValue(r.prefecture) }}
	level = column[*report]{"level", text, "level of the agency: central, province, prefecture, county, township", "行政层级",
		func(r *report) value { return textValue(r.Agency.Level) }}
	formVersion = column[*report]{"form_version", text, "edition of the statutory form of each table, told from its labels", "各表的表式版本",
		func(r *report) value { return textValue(forms(r.Forms)) }}
	problemCount = column[*report]{"problems", whole, "rows of this report in problems.csv, but for those of kinds rival, lost and suspicious: they are no doubt about what it says", "疑点数（不计 rival、lost 和 suspicious）",
		func(r *report) value { return wholeValue(len(r.problems)) }}
)

var reportTable = table[*report]{
	name: "reports",
	en:   "One row a report: the page that speaks for an agency, year and scope.",
	zh:   "年度报告，每个机构、年度、统计范围一行",
	key:  []string{"agency_id", "year", "scope"},
	columns: slices.Concat(
		identity(self)[:1],
		[]column[*report]{agencyName, divisionCode, province, prefecture, level},
		identity(self)[1:],
		[]column[*report]{
			{"title", text, "title as printed", "标题", func(r *report) value { return textValue(r.Title) }},
			{"index_no", text, "index number of the catalogue of disclosed information", "索引号",
				func(r *report) value { return textValue(r.Field("index_no")) }},
			{"doc_no", text, "document number", "文号", func(r *report) value { return textValue(r.Field("doc_no")) }},
			{"publisher", text, "publisher as the page names it", "发布机构", func(r *report) value { return textValue(r.Field("publisher")) }},
			{"published", day, "day of publication, in China; empty when the page does not say", "公开日期", published},
			formVersion,
		},
		source(page)[:1],
		[]column[*report]{
			{"captured_at", instant, "when the page was asked for, UTC", "抓取时间（UTC）", func(r *report) value { return instantValue(r.Time) }},
		},
		source(page)[1:],
		[]column[*report]{
			{"revisions", whole, "versions of the page held that differ in text, metadata or figures; 1: never changed", "已存版本数（1 = 未变更）",
				func(r *report) value { return wholeValue(r.Revisions) }},
			{"text_chars", whole, "characters of the report, white space not counted", "正文字数（不含空白）",
				func(r *report) value { return wholeValue(characters(r.Sections)) }},
			{"figures", whole, "rows of this report in figures.csv", "统计数据项数",
				func(r *report) value { return wholeValue(len(r.Figures)) }},
			problemCount,
			{"quality", text, "clean: nothing was odd; noted: figures are whole and agree, something else was odd; doubtful: an identity fails, or a " +
				"figure is missing, unreadable or contradicted; unread: no figures of a statutory table, as in a scan", "质量：clean 无疑点，noted 数据完整但另有疑点，doubtful 数据存疑，unread 未读出法定表格的数据",
				func(r *report) value { return textValue(r.Quality) }},
			{"form", text, "what it was read from: html, text, pdf, docx; image: pictures only, nothing read; attachment: only points to documents that cannot be read",
				"来源形式", func(r *report) value { return textValue(r.Form) }},
			{"attachments", whole, "documents attached to it, whether held or not", "附件数", func(r *report) value { return wholeValue(attachments(r)) }},
		},
	),
}

// attachments counts what is attached to a report, as its record has it; a record without parts has what the page links.
func attachments(r *report) (n int) {
	for _, p := range r.Parts {
		if p.Kind == extract.PartAttachment {
			n++
		}
	}
	return max(n, len(r.Attachments))
}

// A figure is one cell of a report's tables.
type figure struct {
	*report
	*form.Figure
	part *store.Part // that it was read from; nil is the page itself
}

// cellsFrom returns the cells of a report from the n-th on that were read from the same part, as many as a block takes.
func (r *report) cellsFrom(n int, room []figure) []figure {
	cells := room[:0]
	part := r.partOf(n)
	for ; n < len(r.Figures) && len(cells) < blockRows && r.partOf(n) == part; n++ {
		cells = append(cells, figure{r, &r.Figures[n], part})
	}
	return cells
}

func (r *report) partOf(n int) *store.Part {
	if len(r.parts) == 0 {
		return nil
	}
	return r.parts[partName(r.Figures[n].Locator)]
}

var figureTable = table[figure]{
	name:   "figures",
	en:     "One row a cell of the statutory tables, in page order. Labels of table, row and column are in codebook.csv.",
	zh:     "统计表的每个单元格一行，按网页顺序；表、行、列的名称见 codebook.csv",
	parent: true,
	shared: []string{"agency_id", "year", "scope", "url", "capture_sha256"},
	columns: slices.Concat(identity(figure.of), []column[figure]{
		{"table", text, "table of the form", "表", func(f figure) value { return textValue(f.Table) }},
		{"row", text, "row of the table", "行", func(f figure) value { return textValue(f.Row) }},
		{"column", text, "column of the table", "列", func(f figure) value { return textValue(f.Column) }},
		{"value", decimal, "the number; empty when the cell is blank or cannot be read. Blank is not zero", "数值；空白或无法识读时为空，空白不等于零", func(f figure) value { return number(f.Figure) }},
		{"raw", text, "the cell as printed", "原文", func(f figure) value { return textValue(f.Raw) }},
		{"blank", truth, "true: the cell is blank; false with an empty value: it cannot be read", "是否空白",
			func(f figure) value { return truthValue(f.Blank != "") }},
		{"unit", text, "unit", "单位", func(f figure) value { return textValue(f.Unit) }},
		{"form_version", text, "edition of the form of this table", "表式版本", func(f figure) value { return textValue(f.Form) }},
		{"check", text, "ok or failed when an identity of the form covers the cell", "勾稽关系校验结果", func(f figure) value { return textValue(f.Check) }},
		{"locator", text, "where the cell stands on the page, or in the further page, frame or attachment that it names", "单元格位置", func(f figure) value { return textValue(f.Locator) }},
	}, source(figure.from)),
}

func (f figure) of() *report { return f.report }

// partName is what the locator of a figure begins with that does not stand on the page itself: "attachment 1"; "" of others.
func partName(locator string) string {
	kind, rest, _ := strings.Cut(locator, " ")
	number := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if number == 0 || kind != "page" && kind != "frame" && kind != "attachment" {
		return ""
	}
	return locator[:len(kind)+1+number]
}

func (f figure) from() (*report, *store.Part) { return f.report, f.part }

// number is the value of a figure; what is no plain decimal is a problem (see problemsOf) and no number.
func number(f *form.Figure) value {
	v := decimalValue(f.Value)
	if f.Blank != "" || v.kind != decimal {
		return value{}
	}
	return v
}

// published is the day that a page gives, if it is one.
func published(r *report) value {
	v, _ := dayValue(r.Published)
	return v
}

// forms lists form versions: "t2=v2021;t3=v2019;t4=v2021".
func forms(versions map[string]string) string {
	var parts []string
	for _, t := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, t+"="+versions[t])
	}
	return strings.Join(parts, ";")
}

// characters counts those of a text, white space left out.
func characters(text []extract.Section) (n int) {
	for _, s := range text {
		for _, line := range [2]string{s.Heading, s.Text} {
			for _, r := range line {
				if r > '\u3000' || !unicode.IsSpace(r) { // the last of the spaces
					n++
				}
			}
		}
	}
	return n
}

// A problem is a doubt about a report, or about a page that should have been one.
type problem struct {
	agency, scope string
	year          int // 0 when unknown
	kind, id      string
	where, detail string
	url, sha256   string
}

var problemTable = table[problem]{
	name: "problems",
	en: "One row a doubt. Besides what the reader of pages reports: part, a page, frame or attachment that could not be had, or a page or " +
		"frame that could not be read; attachment, one that could not be read; across-years, figures that do not fit those of the year before; unplaced, a report whose agency or year is unknown and " +
		"that is therefore in no other file; rival, other pages that claim a report, which are in no other file but captures.csv: a row a report, with " +
		"the address of each and in how many figures it differs; lost, bytes that the report was read from and that the archive has lost since; suspicious, a newer version of a page that has lost most figures, or its end, " +
		"and has not been seen on another day: the version before it is the one in the other files; rejected, a page that was taken for a report and is none.",
	zh: "疑点，每项一行；unplaced 为机构或年度不明的报告，rival 为同一报告的其他网页（未采用），lost 为档案已损失其原始字节，suspicious 为丢失大量数据或结尾、尚未在另一日证实的新版本（其他文件仍用前一版本），rejected 为误认为报告的网页",
	columns: []column[problem]{
		{"agency_id", text, "as in reports.csv; empty when unknown", "机构标识", func(p problem) value { return textValue(p.agency) }},
		{"year", whole, "as in reports.csv; empty when unknown", "报告年度", func(p problem) value { return positive(int64(p.year)) }},
		{"scope", text, "as in reports.csv; empty when unknown", "统计范围", func(p problem) value { return textValue(p.scope) }},
		{"kind", text, "word to count by: identity, cell, row, section, part, attachment, …, across-years, unplaced, rival, lost, suspicious, rejected", "类别", func(p problem) value { return textValue(p.kind) }},
		{"id", text, "the rule that is broken, where it has a name: T3-BALANCE, …", "规则编号", func(p problem) value { return textValue(p.id) }},
		{"where", text, "table, row, column, section or field", "位置", func(p problem) value { return textValue(p.where) }},
		{"detail", text, "what is odd, and why", "说明", func(p problem) value { return textValue(p.detail) }},
		{"url", text, "address of the page", "网页地址", func(p problem) value { return textValue(p.url) }},
		{"capture_sha256", text, "SHA-256 of the page as served", "网页原始字节的 SHA-256", func(p problem) value { return textValue(p.sha256) }},
	},
}

func newProblem(r *store.Record, kind, id, where, detail string) problem {
	p := problem{kind: kind, id: id, where: where, detail: detail, url: r.URL, sha256: r.SHA256}
	if r.Report != nil {
		p.agency, p.year, p.scope = string(r.Report.Agency.Key), r.Report.Year, r.Report.Scope
	}
	return p
}

// ruled is a detail that begins with the name of the rule that is broken: "T3-BALANCE: 69+4 = 72 does not hold".
var ruled = regexp.MustCompile(`^([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+): `)

// problemsOf lists the doubts about a report: those given, which its reader reports, each failed identity among them
// or not, and values that are not of the shape their column promises.
func problemsOf(r *report, doubts []form.Problem) []problem {
	var list []problem
	told := map[[2]string]bool{}
	for _, p := range doubts {
		id := ""
		if m := ruled.FindStringSubmatch(p.Detail); m != nil {
			id = m[1]
		}
		told[[2]string{id, p.Where}] = true
		list = append(list, newProblem(&r.Record, p.Kind, id, p.Where, p.Detail))
	}
	for _, c := range r.Checks {
		if c.Result != form.CheckFailed {
			continue
		}
		if where := c.Table + " " + c.At; !told[[2]string{c.ID, where}] {
			list = append(list, newProblem(&r.Record, "identity", c.ID, where, c.Detail))
		}
	}
	for i := range r.Figures {
		f := &r.Figures[i]
		v := number(f)
		if f.Value == "" || v.ok && exact(f.Value) {
			continue
		}
		at, what := f.Table+" "+f.Row+" "+f.Column, strconv.Quote(f.Value)+" is not a plain decimal"
		if v.ok {
			what = f.Value + " has more than 15 digits: only CSV and JSON Lines have it exactly"
		}
		list = append(list, newProblem(&r.Record, "value", "", at, what))
	}
	if r.Published != "" && !published(r).ok {
		list = append(list, newProblem(&r.Record, "value", "", "published", strconv.Quote(r.Published)+" is not a day"))
	}
	return list
}

func unplaced(r *store.Record) problem {
	return newProblem(r, "unplaced", "", "", "agency or year is unknown: "+r.Report.Title)
}

func rejected(r *store.Record) problem { return newProblem(r, "rejected", "", "", r.Rejected) }
