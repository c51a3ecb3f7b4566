package markup

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// TestDecodeBySample holds what a sample of a page tells of its encoding to what the whole page tells, under any label.
func TestDecodeBySample(t *testing.T) {
	names, _ := filepath.Glob("../../testdata/families/*/clean.http")
	clear := 0
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []encoding.Encoding{simplifiedchinese.GBK, simplifiedchinese.GB18030, traditionalchinese.Big5} {
			body, err := encoding.ReplaceUnsupported(e.NewEncoder()).Bytes(raw)
			if err != nil || utf8.Valid(body) {
				continue
			}
			mixed := append(bytes.Clone(body[:len(body)/2]), raw[len(raw)/2:]...)
			for _, page := range [][]byte{body, mixed} {
				for _, declared := range []string{"", "gbk", "big5", "utf-8", "shift_jis", "windows-1252"} {
					list := candidates(page, declared)
					whole, _, _ := clearest(list, page)
					sampled, _, ok := clearest(list, sampleOf(page))
					if ok && sampled.name != whole.name {
						t.Errorf("%s as %s: a sample tells %s, the whole %s", name, declared, sampled.name, whole.name)
					}
					if ok {
						clear++
					}
				}
			}
		}
	}
	if clear < 100 {
		t.Errorf("only %d pages are told by a sample", clear)
	}
}
