package form

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A sentence that repeats a figure of the tables. What it says is compared with the figure, never put in its place.
type sentence struct {
	word    string         // without it there is no such sentence
	pattern *regexp.Regexp // its first group is the number
	what    string
	figures [][3]string // any of them, or their sum, may be meant
}

var sentences = []sentence{
	{"申请", regexp.MustCompile(`(?:新收|收到|受理|新增|接收)[^。;；\n\d]{0,24}?申请(?:公开)?[^。;；,，\n\d]{0,10}?(\d[\d,]*)\s*[件宗条份]`), "新收申请", [][3]string{{"t3", "r1", "total"}, {"t3", "r2", "total"}}},
	{"上年", regexp.MustCompile(`上年(?:度)?结转[^。;；,，\d]{0,12}?(\d[\d,]*)\s*[件宗]`), "上年结转", [][3]string{{"t3", "r2", "total"}}},
	{"下", regexp.MustCompile(`结转(?:至|到)?下(?:一)?年(?:度)?[^。;；,，\d]{0,12}?(\d[\d,]*)\s*[件宗]`), "结转下年度", [][3]string{{"t3", "r4", "total"}}},
	{"予以公开", regexp.MustCompile(`予以公开[^。;；,，\d]{0,6}?(\d[\d,]*)\s*[件宗]`), "予以公开", [][3]string{{"t3", "r3.1", "total"}}},
	{"部分公开", regexp.MustCompile(`部分公开[^。;；,，\d]{0,6}?(\d[\d,]*)\s*[件宗]`), "部分公开", [][3]string{{"t3", "r3.2", "total"}}},
	{"行政复议", regexp.MustCompile(`行政复议(?:案件|申请)?[^。;；,，\d、]{0,8}?(\d[\d,]*)\s*[件宗起]`), "行政复议", [][3]string{{"t4", "cases", "review.total"}}},
	{"行政诉讼", regexp.MustCompile(`行政诉讼(?:案件)?[^。;；,，\d、]{0,8}?(\d[\d,]*)\s*[件宗起]`), "行政诉讼", [][3]string{{"t4", "cases", "lit_direct.total"}, {"t4", "cases", "lit_after.total"}}},
}

// CheckProse compares the numbers in sentences with the figures they repeat (N-TEXT). The first sentence on each
// counts; a contradiction is a problem of kind "prose" and says nothing on which side is wrong.
func CheckProse(prose string, year int, figures []Figure) (problems []Problem) {
	value := map[[3]string]int64{}
	for _, f := range figures {
		if n, ok := millionths(f.Value); ok && f.Blank == "" {
			value[[3]string{f.Table, f.Row, f.Column}] = n
		}
	}
	counting := countingSentences(prose, year)
	for _, s := range sentences {
		if !strings.Contains(counting, s.word) {
			continue
		}
		m := s.pattern.FindStringSubmatch(counting)
		if m == nil {
			continue
		}
		said, _ := millionths(strings.ReplaceAll(m[1], ",", ""))
		sum, known, agrees := int64(0), 0, false
		for _, key := range s.figures {
			n, ok := value[key]
			if ok {
				known++
				sum += n
				agrees = agrees || n == said
			}
		}
		if known == len(s.figures) && !agrees && sum != said {
			problems = append(problems, Problem{"prose", s.figures[0][0] + " " + s.figures[0][1] + " " + s.figures[0][2],
				fmt.Sprintf("N-TEXT: %s: the text says %s (%q), the table %d", s.what, m[1], m[0], sum/1_000_000)})
		}
	}
	return problems
}

// countingSentences keeps the clauses that count something of the year reported on: few do, and those that look back
// count other years.
func countingSentences(prose string, year int) string {
	var b strings.Builder
	for sentence := range strings.SplitAfterSeq(prose, "。") {
		if !strings.ContainsAny(sentence, "件宗起") || !strings.ContainsAny(sentence, "0123456789") {
			continue
		}
		for clause := range strings.FieldsFuncSeq(sentence, func(r rune) bool { return strings.ContainsRune("，,；;。\n", r) }) {
			if m := statedYear.FindStringSubmatch(clause); m != nil && m[1] != strconv.Itoa(year) {
				continue
			}
			if !lookingBack.MatchString(strings.ReplaceAll(clause, "上年结转", "")) {
				b.WriteString(clause)
				b.WriteByte('\n')
			}
		}
		b.WriteString("。")
	}
	return b.String()
}

var statedYear = regexp.MustCompile(`(20\d\d)年`)

var lookingBack = regexp.MustCompile(`去年|上年|上一年|往年|历年|累计|以来|同比|前年`)
