// Package markup reads HTML: bytes become text and a tree without what only says how something looks, addresses become
// absolute as browsers have it, tables get their spans spread out, and of each cell what a reader sees of it is told.
// It does not know what reports are, and of hostile pages it refuses what would take too much memory.
//
//	decode.go       bytes to UTF-8, whatever was declared; mojibake.go: what was encoded twice
//	stripstyles.go  a page without what only says how something looks; attributes.go: the attributes of a tag
//	weigh.go        what a tree would take, before it is made, and the limits
//	tree.go         the tree, and which of its elements show something
//	table.go        tables with their spans spread out, by the HTML standard
//	css.go          the style sheets of a page; look.go: how an element looks by them; seen.go: what of a cell is seen
//	address.go      addresses, by the URL standard
package markup

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// Decode returns body as UTF-8 and says how it was read. What the header and the meta tag declare is only a hint:
// portals declare gb2312 and serve GBK or UTF-8, or declare nothing at all. In order: a byte order mark; strict
// UTF-8 validity; the better of GB18030 and Big5 by how many of the characters are frequent in official prose,
// where the declaration breaks ties. Bytes that no encoding explains become U+FFFD and are counted, never dropped.
// A text that was encoded over again is undone where that is certain, and Undone says so.
func Decode(body []byte, contentType string) ([]byte, Encoding) {
	text, enc := decodeOnce(body, contentType)
	text, enc.Undone = undo(text)
	return text, enc
}

func decodeOnce(body []byte, contentType string) ([]byte, Encoding) {
	declared := declaredCharset(body, contentType)
	enc := Encoding{Declared: declared}
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		enc.Name, enc.Evidence = "utf-8", "bom"
		text := decodeWith(encoding.Nop, body[3:], &enc)
		return text, enc
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		name := "utf-16le"
		if body[0] == 0xfe {
			name = "utf-16be"
		}
		enc.Name, enc.Evidence = name, "bom"
		e, _ := charset.Lookup(name)
		text := decodeWith(e, body[2:], &enc) // counts into enc, so before enc is returned
		return text, enc
	case utf8.Valid(body):
		// GBK or Big5 prose of any length is practically never valid UTF-8.
		enc.Name, enc.Evidence = "utf-8", "valid"
		return body, enc
	}
	list := candidates(body, declared)
	var text []byte
	best, _, clear := clearest(list, sampleOf(body))
	if clear {
		text = decodeWith(best.enc, body, &enc)
	} else {
		best, text, _ = clearest(list, body)
	}
	enc.Name, enc.Evidence, enc.Replaced = best.name, "statistics", bytes.Count(text, []byte("\uFFFD"))
	if sameCharset(best.name, declared) {
		enc.Evidence = "declared"
	}
	return text, enc
}

// clearest returns the candidate that makes the most plausible text of body, the first of several, with that text. It
// is clear where body is long enough, the text is prose, and no other candidate comes near.
func clearest(list []candidate, body []byte) (best candidate, text []byte, clear bool) {
	const prose, far = 0.4, 0.2
	first, second := -9.0, -9.0
	for _, c := range list {
		decoded := decodeWith(c.enc, body, new(Encoding))
		switch s := plausibility(decoded) + c.bonus; {
		case s > first:
			best, text, first, second = c, decoded, s, first
		case s > second:
			second = s
		}
	}
	return best, text, len(body) >= enoughSample && first > prose && first-second > far
}

// enoughSample is how many bytes tell encodings apart that can be told apart at all, mostSample how many are looked at
// first.
const (
	enoughSample = 2 << 10
	mostSample   = 8 << 10
)

// sampleOf returns text beyond ASCII from all over a page. It is cut where markup begins and ends: what stands for <
// and > is no part of a longer character in any of the encodings in question.
func sampleOf(body []byte) (sample []byte) {
	const parts = 8
	step := max(len(body)/parts, 1)
	for from := 0; from < len(body); from += step {
		begun := len(sample)
		part := body[from:min(from+step, len(body))]
		for len(sample)-begun < mostSample/parts {
			_, rest, open := bytes.Cut(part, []byte(">"))
			run, after, shut := bytes.Cut(rest, []byte("<"))
			if !open || !shut {
				break
			}
			if bytes.ContainsFunc(run[:min(len(run), mostSample/parts)], func(r rune) bool { return r >= 0x80 }) && len(run) <= mostSample {
				sample = append(append(sample, run...), '\n')
			}
			part = after
		}
	}
	return sample
}

type candidate struct {
	name  string
	enc   encoding.Encoding
	bonus float64
}

// candidates lists the encodings worth trying on bytes that are not valid UTF-8. UTF-8 is one of them: a page of
// which one byte was cut is still UTF-8.
func candidates(body []byte, declared string) []candidate {
	list := []candidate{
		{name: "gb18030", enc: simplifiedchinese.GB18030},
		{name: "big5", enc: traditionalchinese.Big5},
		{name: "utf-8", enc: encoding.Nop},
	}
	if e, name := charset.Lookup(declared); e != nil && !sameCharset(name, "gb18030") && name != "big5" && name != "utf-8" {
		list = append(list, candidate{name: name, enc: e})
	}
	for i := range list {
		if sameCharset(list[i].name, declared) {
			list[i].bonus = 0.02
		}
	}
	return list
}

func decodeWith(e encoding.Encoding, body []byte, enc *Encoding) []byte {
	var out []byte
	if e == encoding.Nop {
		out = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	} else {
		// The decoders of x/text replace what they cannot read and return no error.
		out, _ = e.NewDecoder().Bytes(body)
	}
	enc.Replaced = bytes.Count(out, []byte("\uFFFD"))
	return out
}

// frequent holds characters that make up about half of official prose, in both scripts: read in the wrong
// encoding, text turns into rare characters.
const frequent = "的一是不了在有人中大上为個个这我以要他时時来來用们們生到作地于於出会會可也年对對能多得后後自之学學进進" +
	"行政府公开開信息工作情况況年度报報告主动動申请請处處理发發布机機关關法规規条條例部门門办辦室市县縣区區国國家" +
	"社事项項目数數量本制件总總计計其他服务務管建设設加强強及和与與日月第二三四五六七八九十件無无提供业業企组組织織结結果"

var isFrequent = func() *[1 << 16]bool {
	m := new([1 << 16]bool)
	for _, r := range frequent + "，。、：　" {
		m[r] = true
	}
	return m
}()

// sampleSize bounds how much of a page is scored; the head of a page is mostly markup, so it is generous.
const sampleSize = 256 << 10

// plausibility scores decoded text by the share of frequent characters among those beyond ASCII. Replacement and
// private-use characters count against it.
func plausibility(text []byte) float64 {
	if len(text) > sampleSize {
		text = text[:sampleSize]
	}
	var n, good, bad int
	for _, r := range string(text) {
		switch {
		case r < 0x80:
			continue
		case r == utf8.RuneError, r >= 0xe000 && r <= 0xf8ff, r >= 0x80 && r < 0xa0:
			bad++
		case r < 1<<16 && isFrequent[r]:
			good++
		}
		n++
	}
	if n == 0 {
		return 0
	}
	return float64(good-2*bad) / float64(n)
}

// declaredCharset returns the charset that the Content-Type header or a meta tag names, lower case, or "".
// Meta tags are looked for beyond the first 1,024 bytes of the HTML standard: portals put them after long scripts.
func declaredCharset(body []byte, contentType string) string {
	if _, params, ok := strings.Cut(strings.ToLower(contentType), "charset="); ok {
		name, _, _ := strings.Cut(params, ";")
		if name = strings.Trim(strings.TrimSpace(name), `"'`); name != "" {
			return name
		}
	}
	head := body[:min(len(body), 16<<10)]
	for {
		at := indexCharset(head)
		if at < 0 {
			return ""
		}
		if open := bytes.LastIndexByte(head[:at], '<'); open >= 0 && at-open < 300 && len(head) > open+5 && bytes.EqualFold(head[open+1:open+5], []byte("meta")) {
			if name := charsetName(head[at+len("charset"):]); name != "" {
				return name
			}
		}
		head = head[at+len("charset"):]
	}
}

// indexCharset finds the word charset in any case.
func indexCharset(b []byte) int {
	const word = "charset"
	for i := 0; i+len(word) <= len(b); i++ {
		if b[i]|0x20 == 'c' && bytes.EqualFold(b[i:i+len(word)], []byte(word)) {
			return i
		}
	}
	return -1
}

// charsetName reads the name after the word charset: ="gb2312".
func charsetName(b []byte) string {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(b[:min(len(b), 64)], " \t"), []byte("="))
	if !ok {
		return ""
	}
	rest = bytes.TrimLeft(rest, " \t\"'")
	end := 0
	for end < len(rest) && (rest[end] == '-' || rest[end] == '_' || rest[end] >= '0' && rest[end] <= '9' || rest[end]|0x20 >= 'a' && rest[end]|0x20 <= 'z') {
		end++
	}
	return strings.ToLower(string(rest[:end]))
}

// sameCharset reports whether two labels mean the same; gb2312 and gbk are read as GB18030, their superset.
func sameCharset(a, b string) bool {
	canonical := func(s string) string {
		switch s {
		case "gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "hz-gb-2312":
			return "gb18030"
		case "utf8":
			return "utf-8"
		case "big5-hkscs", "big-5":
			return "big5"
		}
		return s
	}
	return canonical(a) == canonical(b)
}

// An Encoding says how a page's bytes became text and why.
type Encoding struct {
	Name     string `json:"name"`               // utf-8, gb18030, big5, …
	Evidence string `json:"evidence"`           // bom, valid, declared, statistics
	Declared string `json:"declared,omitempty"` // what header or meta tag said, when it said anything
	Replaced int    `json:"replaced,omitempty"` // characters that could not be read
	Undone   string `json:"undone,omitempty"`   // what had been encoded over again, when that was undone
}
