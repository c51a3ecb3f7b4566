package item

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzItem feeds damaged items to what reads them: an error or the very bytes, and never a panic.
func FuzzItem(f *testing.F) {
	p := NewPacker()
	dict := &Dictionary{At: 7, Plain: []byte(strings.Repeat("政府信息公开工作年度报告", 50))}
	for _, body := range []string{"", "x", strings.Repeat("政府信息公开", 100)} {
		for _, d := range []*Dictionary{nil, dict} {
			it := Item{Kind: Body, ID: 5}
			p.Pack(&it, []byte(body), d)
			f.Add(it.AppendTo(nil))
		}
	}
	f.Add([]byte{Capture, CodecPage})
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := ParseHead(b, 100)
		if err != nil || it.Length() > len(b) {
			return
		}
		it.Data = b[it.Head:it.Length()]
		var d *Dictionary
		if it.Codec >= CodecDict {
			d = dict
		}
		plain, err := p.Unpack(&it, d)
		if err == nil && (SumOf(it.Kind, plain) != it.Sum || len(plain) != it.Plain) {
			t.Errorf("%d bytes accepted for another item", len(plain))
		}
	})
}

// page makes a page of about 100 KB that is as repetitive as a portal's.
func page(n int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < 100_000; i++ {
		fmt.Fprintf(&b, "<tr><td style=\"border:1px solid\">行政许可</td><td>%d</td><td>%d</td></tr>\n", i*i*n%4999, i*n%47)
	}
	return []byte(b.String())
}

// TestZstdProgram unpacks with the program zstd, as the archive's README says, what is packed with a dictionary: in one
// block and in several.
func TestZstdProgram(t *testing.T) {
	zstd, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("there is no program zstd")
	}
	dict, whole := page(1), bytes.Repeat(page(2), 2)
	file := filepath.Join(t.TempDir(), "dictionary")
	if err := os.WriteFile(file, dict, 0o644); err != nil {
		t.Fatal(err)
	}
	p := NewPacker()
	for _, size := range []int{500, blockSize, blockSize + 1, len(whole)} {
		cmd := exec.Command(zstd, "-d", "-c", "-D", file)
		cmd.Stdin = bytes.NewReader(p.encode(whole[:size], &Dictionary{Plain: dict}))
		if out, err := cmd.Output(); err != nil || !bytes.Equal(out, whole[:size]) {
			t.Errorf("%d bytes became %d: %v", size, len(out), err)
		}
	}
}
