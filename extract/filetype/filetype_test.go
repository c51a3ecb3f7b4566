package filetype

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// archive makes a zip of entries with a little text each.
func archive(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		name, text, _ := strings.Cut(e, "=")
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ole makes a compound file: a header, a FAT sector, and a directory of one sector with up to four names. next is the
// sector that follows the directory's.
func ole(next uint32, names ...string) []byte {
	b := make([]byte, 512*3)
	copy(b, oleSignature)
	binary.LittleEndian.PutUint16(b[oleShiftAt:], 9)
	binary.LittleEndian.PutUint32(b[oleDirectoryAt:], 1)
	binary.LittleEndian.PutUint32(b[oleFATsAt:], 0)
	binary.LittleEndian.PutUint32(b[512+4:], next)
	for i, name := range names {
		entry := b[1024+i*oleEntry:]
		for j, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(entry[2*j:], u)
		}
		binary.LittleEndian.PutUint16(entry[64:], uint16(2*len(utf16.Encode([]rune(name)))+2))
		entry[66] = 2
	}
	return b
}

func utf16LE(s string) []byte {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		about             string
		body              []byte
		contentType, name string
		want              Type
	}{
		{"nothing", nil, "text/html", "a.html", Empty},
		{"white space", []byte(" \r\n\t"), "", "", Empty},
		{"page", []byte("\r\n<!DOCTYPE html><html>"), "", "", HTML},
		{"page with a byte order mark", []byte("\xef\xbb\xbf<html>"), "", "", HTML},
		{"page in UTF-16", utf16LE("<html><head>年报"), "", "", HTML},
		{"page served as Word", []byte("<html xmlns:o=\"urn\"><p>年报"), "application/msword", "年报.doc", HTML},
		{"page after a comment", []byte("<!-- 生成 --><body>"), "", "", HTML},
		{"xhtml", []byte("<?xml version=\"1.0\"?><!DOCTYPE html><html>"), "", "", HTML},
		{"message", []byte("404 not found"), "text/html; charset=gbk", "", HTML},
		{"datastore", []byte("<datastore><record>"), "text/html", "", XML},
		{"endpoint", []byte("<?xml version=\"1.0\"?><datastore>"), "", "", XML},
		{"mhtml", []byte("MIME-Version: 1.0\r\nContent-Type: multipart/related"), "", "a.doc", MHTML},
		{"text", []byte("一、总体情况\n"), "text/plain", "", Text},
		{"text in GBK", []byte("\xd2\xbb\xa1\xa2\xd7\xdc\xcc\xe5\n"), "", "a.txt", Text},
		{"text about tags, at length", []byte(strings.Repeat("政府信息公开", 10) + "<p>"), "text/plain", "", Text},
		{"pdf", []byte("%PDF-1.7\n"), "text/html", "a.html", PDF},
		{"pdf after rubbish", []byte("\x00\x01rubbish\n%PDF-1.4"), "", "", PDF},
		{"rtf", []byte(`{\rtf1\ansi`), "", "a.doc", RTF},
		{"docx", archive(t, "[Content_Types].xml", "word/document.xml"), "", "", DOCX},
		{"docx named wps", archive(t, "word/document.xml"), "", "a.wps", DOCX},
		{"docx with backslashes", archive(t, `word\document.xml`), "", "", DOCX},
		{"xlsx", archive(t, "xl/workbook.xml"), "", "a.docx", XLSX},
		{"pptx", archive(t, "ppt/presentation.xml"), "", "", PPTX},
		{"ofd", archive(t, "OFD.xml", "Doc_0/Document.xml"), "", "", OFD},
		{"odt", archive(t, "mimetype=application/vnd.oasis.opendocument.text"), "", "", ODT},
		{"wps in a zip", archive(t, "content"), "", "/a/b.WPS", WPS},
		{"zip", archive(t, "年报.pdf"), "application/octet-stream", "a.zip", ZIP},
		{"zip cut short", archive(t, "word/document.xml")[:40], "", "a.docx", DOCX},
		{"zip cut short without a name", archive(t, "word/document.xml")[:40], "", "", ZIP},
		{"doc", ole(0xfffffffe, "Root Entry", "WordDocument"), "", "", DOC},
		{"doc named wps", ole(0xfffffffe, "Root Entry", "WordDocument"), "", "a.wps", DOC},
		{"xls", ole(0xfffffffe, "Root Entry", "Workbook"), "", "a.doc", XLS},
		{"old xls", ole(0xfffffffe, "Book"), "", "", XLS},
		{"ppt", ole(0xfffffffe, "PowerPoint Document"), "", "", PPT},
		{"works", ole(0xfffffffe, "Root Entry", "CONTENTS"), "", "", WPS},
		{"docx with a password", ole(0xfffffffe, "EncryptionInfo", "EncryptedPackage"), "", "a.docx", DOCX},
		{"ole without names", ole(0xfffffffe), "", "a.doc", DOC},
		{"ole without any hint", ole(0xfffffffe), "", "", Unknown},
		{"ole whose directory bites its tail", ole(1, "Root Entry"), "", "", Unknown},
		{"ole cut short", oleSignature, "", "a.xls", XLS},
		{"rar", []byte("Rar!\x1a\x07\x01\x00"), "", "", RAR},
		{"7z", []byte("7z\xbc\xaf\x27\x1c\x00"), "", "", SevenZ},
		{"gzip", []byte("\x1f\x8b\x08\x00"), "", "", GZIP},
		{"jpeg", []byte("\xff\xd8\xff\xe0"), "", "a.pdf", JPEG},
		{"png", []byte("\x89PNG\r\n\x1a\n"), "", "", PNG},
		{"gif", []byte("GIF89a"), "", "", GIF},
		{"tiff", []byte("II*\x00"), "", "", TIFF},
		{"bmp", append([]byte("BM\x10\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00"), 0), "", "", BMP},
		{"webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "", "", WEBP},
		{"bytes", []byte{0, 1, 2, 3, 0xff}, "text/html", "a.html", Unknown},
	} {
		if got := Detect(test.body, test.contentType, test.name); got != test.want {
			t.Errorf("%s: Detect = %s, want %s", test.about, got, test.want)
		}
	}
}

func TestKinds(t *testing.T) {
	if !PNG.IsImage() || PDF.IsImage() || !RAR.IsArchive() || DOCX.IsArchive() || !HTML.IsPage() || PDF.IsPage() {
		t.Error("a kind is taken for another")
	}
}

func FuzzDetect(f *testing.F) {
	f.Add(ole(1, "Root Entry", "WordDocument"), "", "a.doc")
	f.Add(archive(f, "word/document.xml"), "application/zip", "a.docx")
	f.Add([]byte("<html>"), "text/html", "")
	f.Fuzz(func(t *testing.T, body []byte, contentType, name string) {
		if Detect(body, contentType, name) == "" {
			t.Error("no answer")
		}
	})
}
