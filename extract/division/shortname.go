package division

import (
	_ "embed"
	"regexp"
	"strings"
	"unicode/utf8"
)

// customaryData lists short names in daily use that no rule makes: 前郭县 for 前郭尔罗斯蒙古族自治县.
//
//go:embed customary.csv
var customaryData string

// peoples are the names that stand in those of autonomous places. Some are written without 族: 哈萨克自治州.
var peoples = strings.Fields("各 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 拉祜 水 东乡 纳西 景颇 " +
	"柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 鄂温克 保安 裕固 独龙 鄂伦春")

// kinds maps the word that ends an official name to what short names have for it: nothing for a province's.
var kinds = []struct{ official, short string }{
	{"自治州", "州"}, {"自治县", "县"}, {"自治旗", "旗"}, {"族区", "区"}, {"特别行政区", ""}, {"自治区", ""}, {"省", ""}, {"市", ""},
}

// shortNames lists what a division is called besides its name: 凉山州 and 凉山自治州 for 凉山彝族自治州, 顺河区 for 顺河回族区,
// 广西 for 广西壮族自治区. A bare name is one without a word for its kind.
func shortNames(d entry) (names []string, bare string) {
	for _, k := range kinds {
		stem, ok := strings.CutSuffix(d.name, k.official)
		if !ok || k.short == "" && d.level != "province" {
			continue
		}
		if k.short == "区" {
			stem += "族"
		}
		stem = withoutPeoples(stem)
		if k.short == "" {
			bare = stem
		} else {
			names = append(names, stem+k.short)
		}
		if full := stem + k.official; strings.HasPrefix(k.official, "自治") && full != d.name {
			names = append(names, full)
		}
		break
	}
	return names, bare
}

// withoutPeoples strips the names of peoples from the end of a place's. What is left has two characters at least; a
// place that is named for its people alone keeps that, without 族.
func withoutPeoples(name string) string {
	for {
		short := ""
		for _, p := range peoples {
			for _, end := range [...]string{p + "族", p} {
				if rest, ok := strings.CutSuffix(name, end); ok && (strings.HasSuffix(end, "族") || len(p) > len("某")) &&
					utf8.RuneCountInString(rest) >= 2 && (short == "" || len(rest) < len(short)) {
					short = rest
				}
			}
		}
		if short == "" {
			return strings.TrimSuffix(name, "族")
		}
		name = short
	}
}

// customary returns the short names of customaryData by code.
func customary() map[string][]string {
	m := map[string][]string{}
	for l := range strings.Lines(customaryData) {
		if code, name, ok := strings.Cut(strings.TrimSpace(l), ","); ok && code != "code" {
			m[code] = append(m[code], name)
		}
	}
	return m
}

// organ ends the name of a body of a province: 广西财政厅. What a region's name begins may also be a proper name of
// something else: 新疆大学, 新疆生产建设兵团.
var organ = regexp.MustCompile(`^(?:人民)?政府|^\p{Han}{2,14}(?:厅|委员会|管理局|监督局|局|办公室)$`)

// fits reports whether a name that a division goes by may be meant, with rest behind it, on a portal of code. One without a
// word for its kind is a word as well: it counts before the name of a place below it, before a government, and for
// an autonomous region alone or before the name of a body.
func (g *gazetteer) fits(d entry, rest, code string) bool {
	if !d.bare {
		return true
	}
	first, _ := utf8.DecodeRuneInString(rest)
	for _, below := range g.byFirst[first] {
		if !below.bare && below.code != d.code && Within(below.code, d.code) && strings.HasPrefix(rest, below.name) {
			return true
		}
	}
	if strings.HasSuffix(g.current[d.code].name, "省") || strings.HasSuffix(g.current[d.code].name, "市") ||
		strings.HasPrefix(rest, "生产建设兵团") || rest != "" && !organ.MatchString(rest) {
		return false
	}
	below := code != d.code && Within(code, d.code)
	return !below || rest == "" || strings.HasSuffix(rest, "厅") || strings.Contains(rest, "政府")
}
