package view

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"gongkai/cmd/gongkai/term"
	"gongkai/crawler/coverage"
)

// The shape of the heat map, in units of SVG.
const (
	coverCell  = 14
	coverLabel = 230
	coverRows  = 60 // agencies on one printed page
)

// What a heat map is drawn of.
type (
	coverRect struct {
		X      int
		Middle int // of a share
		Class  string
		Share  string // printed in it
		Title  string
	}
	coverRow struct {
		Y, Text int
		Name    string
		Cells   []coverRect
	}
	coverChart struct {
		Width, Height int
		Side          int // width of a cell
		Years         []coverRect
		Lines         []coverRow
	}
)

// CoverageHTML writes a page with a heat map of the provinces, and one for every so many of the agencies given, so that
// each prints on a page of its own. program is named on it.
func CoverageHTML(w io.Writer, m *coverage.Map, lines []coverage.Line, now time.Time, program string) error {
	charts := []coverChart{drawProvinces(m)}
	for from := 0; from < len(lines); from += coverRows {
		c := coverChart{Side: coverCell - 2, Width: coverLabel + coverCell*len(m.Years) + 4}
		for i, y := range m.Years {
			c.Years = append(c.Years, coverRect{X: coverLabel + coverCell*i + coverCell/2, Title: fmt.Sprintf("%02d", y%100)})
		}
		for k, l := range lines[from:min(from+coverRows, len(lines))] {
			y := 20 + coverCell*k
			row := coverRow{Y: y, Text: y + coverCell - 4, Name: term.Clip(cmp.Or(l.Name, l.Key), 22)}
			for i, v := range l.Cells {
				class := v.State
				if v.State == coverage.Held {
					class = cmp.Or(v.Quality, "held")
				}
				title := strings.TrimSpace(fmt.Sprintf("%s %s %d: %s %s %s", l.Key, l.Name, v.Year, strings.ReplaceAll(v.State, "_", " "), v.Quality, v.Reason))
				row.Cells = append(row.Cells, coverRect{X: coverLabel + coverCell*i, Class: class, Title: title})
			}
			c.Lines = append(c.Lines, row)
			c.Height = y + coverCell + 4
		}
		charts = append(charts, c)
	}
	drawn := ""
	if n := len(m.Lines) - len(lines); n > 0 {
		drawn = fmt.Sprintf("Agencies of which nothing is known yet are not drawn: %d. 尚无任何信息的 %d 个机关未列出。", n, n)
	}
	return coverPage.Execute(w, map[string]any{"Sum": CoverageLine(m), "Drawn": drawn, "Charts": charts,
		"Label": coverLabel - 6, "Made": Clock(now), "Program": program})
}

// shareCell is the width of a cell with a share in it.
const shareCell = 26

// drawProvinces draws the share of the reports expected that is held, by province and year.
func drawProvinces(m *coverage.Map) coverChart {
	c := coverChart{Side: shareCell - 2, Width: coverLabel + shareCell*len(m.Years) + 4, Height: 24}
	for i, y := range m.Years {
		c.Years = append(c.Years, coverRect{X: coverLabel + shareCell*i + shareCell/2, Title: fmt.Sprintf("%02d", y%100)})
	}
	for k, n := range m.Count(coverage.ByProvince) {
		y := 20 + coverCell*k
		row := coverRow{Y: y, Text: y + coverCell - 4, Name: term.Clip(n.What, 22)}
		for i, year := range m.Years {
			expected, held := n.Years[year].Expected, n.Years[year].Held
			r := coverRect{X: coverLabel + shareCell*i, Middle: coverLabel + shareCell*i + shareCell/2 - 1, Class: "not_expected", Share: percent(held, expected),
				Title: fmt.Sprintf("%s %d: %d held of %d expected", n.What, year, held, expected)}
			if expected > 0 {
				r.Class = fmt.Sprint("s", (held*4+expected-1)/expected) // s0: none; s4: more than three quarters
			}
			row.Cells = append(row.Cells, r)
		}
		c.Lines = append(c.Lines, row)
		c.Height = y + coverCell + 4
	}
	return c
}

var coverPage = template.Must(template.New("coverage").Parse(`<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>政府信息公开工作年度报告：收录情况 coverage</title>
<style>
body { font: 14px/1.4 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; margin: 1.5em; color: #222; background: #fff; }
h1 { font-size: 1.3em; font-weight: 600; margin: 0 0 .2em; } h2 { font-size: 1.05em; font-weight: 600; margin: 1em 0 .4em; }
p { margin: .2em 0; }
ul { list-style: none; padding: 0; margin: .6em 0 1em; display: flex; flex-wrap: wrap; gap: .3em 1.2em; }
svg { display: block; }
text { font-size: 10px; fill: #222; }
rect, .swatch { stroke: #999; stroke-width: .4; fill: #fff; }
.swatch { width: 12px; height: 12px; vertical-align: -1px; margin-right: .4em; display: inline-block; }
.clean { fill: #c7dfc2; } .noted { fill: #e3ebc6; } .doubtful { fill: #f6dfae; } .unread { fill: #dcdcdc; }
.s0 { fill: #fff; } .s1 { fill: #edf5ea; } .s2 { fill: #d3e6cd; } .s3 { fill: #b3d3aa; } .s4 { fill: #8fbf83; } .share { font-size: 8px; fill: #444; }
.missing { fill: #fff; stroke: #b5482f; stroke-width: 1; } .not_expected { fill: #fff; stroke: #e4e4e4; } .held { fill: #c7dfc2; }
@media print { body { margin: 0; font-size: 11px; } figure { break-inside: avoid; break-after: page; } figure:last-of-type { break-after: auto; } @page { margin: 12mm; } }
figure { margin: 0 0 1em; }
</style>
</head>
<body>
<h1>政府信息公开工作年度报告：收录情况</h1>
<p>Annual reports on government information disclosure: agencies × years. {{.Sum}}</p>
{{with .Drawn}}<p>{{.}}</p>
{{end}}<p>{{.Made}}, {{.Program}}</p>
<ul>
<li><svg class="swatch"><rect class="clean" width="12" height="12"/></svg>clean 数据一致</li>
<li><svg class="swatch"><rect class="noted" width="12" height="12"/></svg>noted 有注意事项</li>
<li><svg class="swatch"><rect class="doubtful" width="12" height="12"/></svg>doubtful 数据存疑</li>
<li><svg class="swatch"><rect class="unread" width="12" height="12"/></svg>unread 未能读取</li>
<li><svg class="swatch"><rect class="missing" x="1" y="1" width="10" height="10"/></svg>missing 缺失</li>
<li><svg class="swatch"><rect class="not_expected" width="12" height="12"/></svg>not expected 不应有</li>
</ul>
{{$label := .Label}}{{range $i, $c := .Charts}}{{if eq $i 0}}<h2>各省（自治区、直辖市）已收录比例 Share held, in percent, by province and year</h2>
{{else if eq $i 1}}<h2>各机关 By agency</h2>
{{end}}<figure>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{.Width}} {{.Height}}" width="{{.Width}}" height="{{.Height}}" role="img" aria-label="coverage">
{{range .Years}}<text x="{{.X}}" y="12" text-anchor="middle">{{.Title}}</text>
{{end}}{{range .Lines}}{{$y := .Y}}{{$text := .Text}}<text x="{{$label}}" y="{{.Text}}" text-anchor="end">{{.Name}}</text>
{{range .Cells}}<rect class="{{.Class}}" x="{{.X}}" y="{{$y}}" width="{{$c.Side}}" height="12"><title>{{.Title}}</title></rect>
{{if .Share}}<text class="share" x="{{.Middle}}" y="{{$text}}" text-anchor="middle">{{.Share}}</text>
{{end}}{{end}}{{end}}</svg>
</figure>
{{end}}</body>
</html>
`))
