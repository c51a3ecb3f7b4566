package extract_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
	"gongkai/extract/form"
)

var truthTraps = []trap{
	{"truth.hybrid", 0.15},    // table 2 and table 3 of different forms
	{"truth.early", 0.05},     // the form of 2021 for an earlier year, or the reverse
	{"truth.planted", 0.25},   // one figure that breaks identities
	{"truth.blanks", 0.35},    // zeros left empty
	{"truth.blankt2", 0.1},    // a row of table 2 without figures
	{"truth.thousands", 0.3},  // figures beyond 999
	{"truth.hintless", 0.25},  // the portal's catalogue says nothing of the division
	{"truth.hintabove", 0.15}, // the page stands on the portal of the prefecture
	{"truth.longname", 0.4},   // 四川省遂宁市安居区财政局
	{"truth.hintagency", 0.4},
	{"truth.noname", 0.06},      // the title does not name the agency
	{"truth.shortname", 0.2},    // 安居区2023年… for the government, 政府办 for its office
	{"truth.linktitle", 0.5},    // the listing gives the whole title
	{"truth.linkcut", 0.15},     // or its beginning
	{"truth.traditional", 0.06}, // the page is in traditional script
}

// A generatedAgency is a division and a body of it.
type generatedAgency struct {
	code, province, prefecture, county string
	unit                               string // as the key has it
}

// place is the agency's division as its own name begins.
func (a generatedAgency) place() string {
	return cmp.Or(a.county, a.prefecture, a.province)
}

var generatedPlaces = []generatedAgency{
	{"510904", "四川省", "遂宁市", "安居区", ""}, {"320581", "江苏省", "苏州市", "常熟市", ""}, {"360521", "江西省", "新余市", "分宜县", ""},
	{"330803", "浙江省", "衢州市", "衢江区", ""}, {"440106", "广东省", "广州市", "天河区", ""}, {"150421", "内蒙古自治区", "赤峰市", "阿鲁科尔沁旗", ""},
	{"420222", "湖北省", "黄石市", "阳新县", ""}, {"370200", "山东省", "青岛市", "", ""}, {"340800", "安徽省", "安庆市", "", ""},
	{"530000", "云南省", "", "", ""}, {"110108", "北京市", "", "海淀区", ""},
	{"320106", "江苏省", "南京市", "鼓楼区", ""}, {"330106", "浙江省", "杭州市", "西湖区", ""}, {"220104", "吉林省", "长春市", "朝阳区", ""},
	{"500112", "重庆市", "", "渝北区", ""}, {"429004", "湖北省", "", "仙桃市", ""}, {"310115", "上海市", "", "浦东新区", ""},
	{"533103", "云南省", "德宏傣族景颇族自治州", "芒市", ""}, {"469025", "海南省", "", "白沙黎族自治县", ""},
}

var generatedUnits = []string{"人民政府", "人民政府办公室", "财政局", "教育局", "市场监督管理局", "卫生健康局", "住房和城乡建设局", "农业农村局",
	"发展和改革委员会", "城关镇人民政府", "东风街道办事处", "交通运输局", "档案馆", "水利局"}

// makeTruth decides everything that a page is to say.
func (g *generator) makeTruth() {
	g.makeAgency()
	g.makeForms()
	g.makeFigures()
	g.want.Form, g.want.Encoding = extract.FormHTML, "utf-8"
	g.want.Published = fmt.Sprintf("%d-%02d-%02d", g.want.Year+1, 1+g.from("month").IntN(3), 1+g.from("day").IntN(28))
	if g.has("meta.index") {
		left := pick(g, "index", g.agency.code, g.agency.code+"-012", "014349678", "01434967-8", "11"+g.agency.code+"0143496780")
		g.index = fmt.Sprintf("%s/%d-%05d", left, g.want.Year+1, g.from("sequence").IntN(90000))
	}
}

func (g *generator) makeAgency() {
	a := generatedPlaces[g.from("place").IntN(len(generatedPlaces))]
	a.unit = pick(g, "unit", generatedUnits...)
	if a.county == "" && (strings.Contains(a.unit, "镇") || strings.Contains(a.unit, "街道")) {
		a.unit = "财政局"
	}
	if a.code == "530000" {
		a.unit = strings.NewReplacer("办公室", "办公厅", "局", "厅", "市场监督管理局", "市场监督管理局").Replace(a.unit)
	}
	g.agency = a
	g.key = extract.AgencyKey(a.code + "-" + a.unit)
	g.want.Division, g.want.Scope = a.code, extract.ScopeOwn
	if a.unit == "人民政府" {
		g.want.Scope = extract.ScopeAggregate
	}
	g.want.Year = 2019 + g.from("year").IntN(7)
	g.want.Title = g.title()
	if g.has("truth.hintagency") && !g.has("truth.hintabove") {
		g.want.Hints.Agency = a.place() + "人民政府办公室"
	}
	if !g.hintless() {
		g.want.Hints.Division = a.code
		if g.has("truth.hintabove") && a.county != "" && a.prefecture != "" {
			g.want.Hints.Division = a.code[:4] + "00"
		}
	}
	switch cut := []rune(g.want.Title); {
	case g.has("truth.linktitle"):
		g.want.Hints.LinkTitle = g.want.Title
	case g.has("truth.linkcut"):
		g.want.Hints.LinkTitle = string(cut[:len(cut)*2/3]) + "..."
	}
}

// name is the agency's name as the page prints it.
func (g *generator) name() string {
	a := g.agency
	name := a.place() + a.unit
	if g.has("truth.shortname") {
		switch a.unit {
		case "人民政府":
			name = a.place() // 安居区2023年…
		case "人民政府办公室":
			name = a.place() + pick(g, "office", "政府办公室", "政府办", "人民政府办")
		}
	}
	switch {
	case a.county == "" || a.prefecture == "":
		return name
	case g.hintless(), g.has("truth.hintabove") && !strings.HasSuffix(a.unit, "局"):
		return a.prefecture + name
	case g.has("truth.longname"):
		return pick(g, "long", a.prefecture, a.province+a.prefecture) + name
	}
	return name
}

// hintless: plain text has no tag that could tell the division instead.
func (g *generator) hintless() bool { return g.has("truth.hintless") && !g.has("text.whole") }

func (g *generator) title() string {
	name, year := g.name(), strconv.Itoa(g.want.Year)
	if g.has("truth.noname") && !g.has("text.whole") {
		return year + "年政府信息公开工作年度报告"
	}
	return pick(g, "title",
		name+year+"年政府信息公开工作年度报告", name+year+"年政府信息公开工作年度报告", name+year+"年度政府信息公开工作报告",
		year+"年"+name+"政府信息公开工作年度报告", name+"关于"+year+"年政府信息公开工作情况的报告", name+year+"年政府信息公开年报",
		name+"政府信息公开工作年度报告（"+year+"年）", name+hanYear(g.want.Year)+"年政府信息公开工作年度报告", "《"+name+year+"年政府信息公开工作年度报告》",
		name+"政府信息公开"+year+"年度报告")
}

func hanYear(y int) string {
	var b strings.Builder
	for _, c := range strconv.Itoa(y) {
		b.WriteRune([]rune("〇一二三四五六七八九")[c-'0'])
	}
	return b.String()
}

func (g *generator) makeForms() {
	form := "v2021"
	if (g.want.Year < 2021) != g.has("truth.early") {
		form = "v2019"
	}
	g.forms = map[string]string{"t2": form, "t3": form}
	if g.has("truth.hybrid") {
		g.forms["t3"] = map[string]string{"v2019": "v2021", "v2021": "v2019"}[form]
	}
	g.want.Forms = map[string]string{"t2": g.forms["t2"], "t3": g.forms["t3"], "t4": g.forms["t3"]}
}

// count draws a figure: mostly zero, mostly small.
func (g *generator) count() int {
	r := g.from("count")
	switch p := r.Float64(); {
	case p < 0.55:
		return 0
	case p < 0.93 || !g.has("truth.thousands"):
		return r.IntN(60)
	}
	return r.IntN(30000)
}

// makeFigures fills all cells of the forms so that every identity holds, then leaves some blank and spoils one.
func (g *generator) makeFigures() {
	n := map[[3]string]int{}
	g.requests(n)
	for _, group := range []string{"review", "lit_direct", "lit_after"} {
		for _, leaf := range []string{"upheld", "corrected", "other", "pending"} {
			v := g.count() % 40
			n[[3]string{"t4", "cases", group + "." + leaf}] = v
			n[[3]string{"t4", "cases", group + ".total"}] += v
		}
	}
	for _, key := range g.keys() {
		var s string
		switch {
		case key[0] == "t3" || key[0] == "t4":
			s = strconv.Itoa(n[key])
		case key[2] == "delta_items":
			more, fewer := g.count(), g.count()
			s = strconv.Itoa(more - fewer)
		case key[2] == "amount":
			s = pick(g, "amount", "0", "2614", "59237.2449", "96171.6", "12.50", "0.35", "125780419")
		default:
			s = strconv.Itoa(g.count())
		}
		g.cells[key] = &s
	}
	if g.forms["t2"] == "v2021" {
		g.want.Units = map[string]string{"t2.art20_8/fees/amount": "万元"}
		if g.has("head.yuan") {
			g.want.Units["t2.art20_8/fees/amount"] = "元"
		}
	}
	g.blank()
	if g.has("truth.planted") {
		g.plant()
	}
	for _, key := range g.keys() {
		g.want.Figures = append(g.want.Figures, [4]*string{&key[0], &key[1], &key[2], g.cells[key]})
	}
	g.want.FailedIdentities = g.broken()
}

// requests fills table 3.
func (g *generator) requests(n map[[3]string]int) {
	for _, column := range []string{"natural", "business", "research", "public_interest", "legal_service", "other_org"} {
		at := func(row, column string) [3]string { return [3]string{"t3", row, column} }
		sum := 0
		for _, row := range g.rows("t3", g.forms["t3"]) {
			if !slices.Contains([]string{"r1", "r2", "r3.7", "r4"}, row.ID) {
				n[at(row.ID, column)] = g.count()
				if column != "natural" {
					n[at(row.ID, column)] %= 7
				}
				sum += n[at(row.ID, column)]
			}
		}
		over := g.count() % 20
		in := g.count() % (sum + over + 1)
		n[at("r3.7", column)], n[at("r4", column)], n[at("r2", column)], n[at("r1", column)] = sum, over, in, sum+over-in
		for _, row := range g.rows("t3", g.forms["t3"]) {
			n[at(row.ID, "total")] += n[at(row.ID, column)]
		}
	}
}

func (g *generator) rows(table, version string) (rows []form.Row) {
	for _, r := range form.Schema().Table(table).Rows {
		if r.Leaf && slices.Contains(r.Versions, version) {
			rows = append(rows, r)
		}
	}
	return rows
}

func (g *generator) columns(table, version string) (columns []form.Column) {
	for _, c := range form.Schema().Table(table).Columns {
		if c.Type != "header" && slices.Contains(c.Versions, version) {
			columns = append(columns, c)
		}
	}
	return columns
}

// keys lists the cells of the page's forms in their order.
func (g *generator) keys() (keys [][3]string) {
	for _, t := range form.Schema().Tables {
		version := g.forms["t3"]
		if strings.HasPrefix(t.ID, "t2.") {
			version = g.forms["t2"]
		}
		if t.ID == "t14" || !slices.Contains(t.Versions, version) {
			continue
		}
		for _, r := range g.rows(t.ID, version) {
			for _, c := range g.columns(t.ID, version) {
				keys = append(keys, [3]string{t.ID, r.ID, c.ID})
			}
		}
	}
	return keys
}

// blank takes zeros away, a few of them on most pages, and sometimes a row of table 2.
func (g *generator) blank() {
	share := pick(g, "blanks", 0.02, 0.1, 0.5)
	for _, key := range g.keys() {
		row := g.has("truth.blankt2") && key[0] == "t2.art20_1" && key[1] == "regulations"
		if row || *g.cells[key] == "0" && g.often("truth.blanks", share) {
			g.cells[key] = nil
		}
	}
	last := [3]string{"t4", "cases", "lit_after.total"}
	if g.cells[last] == nil { // a row of nothing but blanks says nothing
		zero := "0"
		g.cells[last] = &zero
	}
}

// plant changes one figure of an identity.
func (g *generator) plant() {
	var keys [][3]string
	for _, key := range g.keys() {
		if (key[0] == "t3" || key[0] == "t4") && g.cells[key] != nil {
			keys = append(keys, key)
		}
	}
	key := pick(g, "planted", keys...)
	n, _ := strconv.Atoi(*g.cells[key])
	s := strconv.Itoa(n + 1 + g.from("planted").IntN(9))
	g.cells[key] = &s
}

// broken lists the identities that the cells break, whatever count a blank may stand for.
func (g *generator) broken() (broken []string) {
	for _, id := range form.Schema().Identities {
		if id.Table == "t14" || !slices.Contains(id.Versions, g.forms["t3"]) {
			continue
		}
		places := g.columns(id.Table, g.forms["t3"])
		ats := make([]string, len(places))
		for i, c := range places {
			ats[i] = c.ID
		}
		if id.On == "columns" {
			ats = ats[:0]
			for _, r := range g.rows(id.Table, g.forms["t3"]) {
				ats = append(ats, r.ID)
			}
		}
		for _, at := range ats {
			left, leftBlank := g.sum(id, id.Left, at)
			right, rightBlank := g.sum(id, id.Right, at)
			if left > right && !rightBlank || left < right && !leftBlank {
				broken = append(broken, id.ID+" "+at)
			}
		}
	}
	slices.Sort(broken)
	return broken
}

func (g *generator) sum(id form.Identity, terms []string, at string) (sum int, blank bool) {
	for _, term := range terms {
		key := [3]string{id.Table, term, at}
		if id.On == "columns" {
			key = [3]string{id.Table, at, term}
		}
		if g.cells[key] == nil {
			blank = true
			continue
		}
		n, _ := strconv.Atoi(*g.cells[key])
		sum += n
	}
	return sum, blank
}
