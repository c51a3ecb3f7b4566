package pdf

import (
	"bytes"
	"testing"
)

// FuzzLayOut lays out pages of anything. The reading of files is PDFium's, which has fuzzers of its own; what is made
// of its answers is ours.
func FuzzLayOut(f *testing.F) {
	f.Add([]byte{10, 10, 10, 200, 0, 10, 10, 200, 10, 0, 200, 10, 10, 200, 0, 10, 200, 200, 10, 0, 50, 50, 20, 20, '1', 60, 50, 20, 20, '2'}, uint8(4), uint8(1))
	f.Add(bytes.Repeat([]byte{50, 50, 1, 1, '0', 80, 50, 1, 1, '0', 110, 50, 1, 1, '0'}, 9), uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, rules, perPage uint8) {
		pages := fuzzPages(data, int(rules), int(perPage))
		html := render(layOut(pages))
		if !bytes.HasSuffix(html, []byte("</body></html>\n")) {
			t.Error("half a page")
		}
	})
}

var alphabet = []rune("0123456789一二三、。（）报告其他总计abc-")

// fuzzPages makes pages of five bytes a thing: where it stands, how large it is, and what it is.
func fuzzPages(data []byte, rules, perPage int) []*page {
	p := &page{bounds: box{0, 0, 256, 256}}
	pages := []*page{p}
	for n := 0; len(data) >= 5; n++ {
		if perPage > 0 && n%(perPage*8) == perPage*8-1 {
			p = &page{bounds: p.bounds}
			pages = append(pages, p)
		}
		x, y, w, h := float64(data[0]), float64(data[1]), float64(data[2]), float64(data[3])
		if n%16 < rules {
			if w > h {
				p.rules = append(p.rules, rule{box{x, y, x + w, y}})
			} else {
				p.rules = append(p.rules, rule{box{x, y, x, y + h}})
			}
		} else {
			r := alphabet[int(data[4])%len(alphabet)]
			p.chars = append(p.chars, char{box: box{x, y, x + w/8, y + h/8}, r: r, turn: int(data[2]) & 1, order: n})
		}
		data = data[5:]
	}
	for _, p := range pages {
		p.upright(0)
	}
	return pages
}
