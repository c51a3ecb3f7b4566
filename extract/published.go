package extract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gongkai/extract/form"
	"gongkai/extract/text"
)

// published settles the day of publication: the catalogue's or the information line's date, else the meta tag's; else
// that on which the document was sent out (发文日期), and never that on which it was written (成文日期). A date that says
// nothing of publication and is that of the visit is the visit's: a page that is written anew for each has today's.
func (r *Report) published(h Hints, year int) {
	for _, name := range [...]string{"published_date", "generated_date", "issued_date", "written_date"} {
		at := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Name == name && (name != "written_date" || issued(f.Label)) })
		if at < 0 {
			continue
		}
		f := r.Fields[at]
		day, minute, ok := ParseDate(f.Value)
		switch {
		case !ok:
			r.Problems = append(r.Problems, form.Problem{Kind: "date", Where: name, Detail: fmt.Sprintf("%q is not a date", f.Value)})
			continue
		case name == "published_date" && (f.Where == "meta tag" || bareDate(f.Label)) && f.Where != "row of the listing" && h.ofVisit(day, minute, year):
			r.Fields = slices.Delete(r.Fields, at, at+1)
			continue
		}
		r.Published = day
		if !h.Seen.IsZero() && day > h.Seen.In(china).Format(time.DateOnly) {
			r.Problems = append(r.Problems, form.Problem{Kind: "date", Where: name, Detail: fmt.Sprintf("published %s, after the day of the visit", day)})
		}
		return
	}
}

// ofVisit reports whether a date is the day on which the page was fetched, long after the report was due; or the very
// minute.
func (h Hints) ofVisit(day, minute string, year int) bool {
	if h.Seen.IsZero() {
		return false
	}
	seen := h.Seen.In(china)
	if minute != "" {
		if t, err := time.ParseInLocation("2006-01-02 15:04", day+" "+minute, china); err == nil && seen.Sub(t).Abs() <= 3*time.Minute {
			return true
		}
	}
	return day == seen.Format(time.DateOnly) && year != 0 && seen.After(time.Date(year+1, time.July, 1, 0, 0, 0, 0, china))
}

var generation = regexp.MustCompile(`(?i)生成|更新|generat|build|modif|updat`)

// generatedAt reports whether another meta tag says that a moment is that at which the page was generated, or changed.
func (d *Document) generatedAt(moment string) bool {
	day, minute, ok := ParseDate(moment)
	return ok && slices.ContainsFunc(d.metas, func(m meta) bool {
		if strings.EqualFold(m.name, "PubDate") || !generation.MatchString(m.name+" "+m.content) {
			return false
		}
		other, at, ok := ParseDate(m.content)
		return ok && other == day && at == minute
	})
}

// anyDate is a date as it is printed, with the time behind it.
var anyDate = regexp.MustCompile(`(?:` + digitDate.String() + `|` + hanDate.String() + `)(?::\d{2})?`)

// otherLine is what stands beside the dates of a period, or of something else than publication.
var otherLine = regexp.MustCompile(`统计|截[止至]|期限|[起止至到自]$|会议|年度|更新|修改|修订|打印|今天|当前|生成|访问|下载|生效|失效|废止|[施实]行|印发|签发|起草|审议|审核|通过|批准|刷新`)

// dateUnderHeadline returns the date, as printed, on a line between the headline and the text which has one date and
// little else; "" when there is none. What a label says to be another date is none.
func (d *Document) dateUnderHeadline(b body, title string) string {
	first := d.textBegins(b)
	headline := d.headlineBefore(first, title)
	if headline < 0 {
		return ""
	}
	for i := headline + 1; i < first; i++ {
		if i > headline+1 && labelsNext(d.blocks[i-1].text) || !d.blocks[i].isLine() {
			continue
		}
		if date := dateOfLine(d.blocks[i].text); date != "" {
			return date
		}
	}
	return ""
}

// headlineBefore is the last line before a block that is the headline by its element or by its words; -1 when none is.
func (d *Document) headlineBefore(first int, title string) int {
	for i, bl := range slices.Backward(d.blocks[:first]) {
		if bl.table == nil && bl.linked == 0 && (headlineOf(bl.node) != nil || text.Key(bl.text) == text.Key(title) ||
			reportCore.MatchString(text.Plain(bl.text))) {
			return i
		}
	}
	return -1
}

// dateOfLine is the date in a line that has one date of publication and little else: "2022-01-29 10:05",
// "（2022年1月29日）", "来源：区府办 2022-01-29"; "" for any other line.
func dateOfLine(printed string) string {
	line := text.Narrow(text.Simplify(printed))
	dates := anyDate.FindAllStringIndex(line, 2)
	if len(dates) != 1 || today.MatchString(line) {
		return ""
	}
	from, to := dates[0][0], dates[0][1]
	rest := strings.Trim(line[:from]+line[to:], " ()[]【】")
	labelled := strings.HasSuffix(strings.TrimRight(line[:from], " (["), ":")
	if labelled || utf8.RuneCountInString(rest) > 25 || otherLine.MatchString(rest) {
		return ""
	}
	return line[from:to]
}

// labelsNext reports whether a line is the label of another date than that of publication, or one that nobody knows,
// whose value is the next line, as in the cells of a small table.
func labelsNext(s string) bool {
	folded := strings.ReplaceAll(string(text.Fold([]rune(s))), " ", "")
	if name, known := fieldNames[strings.Trim(folded, ":[]【】")]; known {
		return name == "" || name == otherDate || name == "written_date"
	}
	return strings.HasSuffix(folded, ":")
}
