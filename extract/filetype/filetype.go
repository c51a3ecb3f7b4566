// Package filetype says what kind of document some bytes are. It looks at the bytes first: portals serve Word files as
// text/html, web pages as .doc and error pages as .pdf, so the header and the name are asked only where the bytes
// leave more than one answer.
//
// It does not read documents, and it does not promise that a document of the kind it names is whole.
package filetype

import (
	"bytes"
	"mime"
	"path"
	"strings"
)

// A Type is a kind of document. Types are strings, so that what is stored stays readable.
type Type string

// The types that Detect returns.
const (
	HTML    Type = "html"
	MHTML   Type = "mhtml" // a page with its pictures in one file, as Word saves them
	XML     Type = "xml"   // endpoints' answers; Word 2003 documents
	Text    Type = "text"
	PDF     Type = "pdf"
	DOCX    Type = "docx"
	XLSX    Type = "xlsx"
	PPTX    Type = "pptx"
	DOC     Type = "doc"
	XLS     Type = "xls"
	PPT     Type = "ppt"
	WPS     Type = "wps" // of Kingsoft or Works where it is not the format of Word
	OFD     Type = "ofd" // the fixed layout of GB/T 33190
	ODT     Type = "odt"
	RTF     Type = "rtf"
	ZIP     Type = "zip"
	RAR     Type = "rar"
	SevenZ  Type = "7z"
	GZIP    Type = "gzip"
	JPEG    Type = "jpg"
	PNG     Type = "png"
	GIF     Type = "gif"
	BMP     Type = "bmp"
	TIFF    Type = "tiff"
	WEBP    Type = "webp"
	Unknown Type = "unknown"
	Empty   Type = "empty"
)

// IsImage reports whether t is a picture: a scan, of which only the existence can be recorded.
func (t Type) IsImage() bool {
	switch t {
	case JPEG, PNG, GIF, BMP, TIFF, WEBP:
		return true
	}
	return false
}

// IsArchive reports whether t holds other files.
func (t Type) IsArchive() bool {
	switch t {
	case ZIP, RAR, SevenZ, GZIP:
		return true
	}
	return false
}

// IsPage reports whether t can be read as a page of HTML as it is.
func (t Type) IsPage() bool { return t == HTML || t == XML || t == Text }

// headSize is how much of a body is looked at for markup. PDF readers accept 1,024 bytes of rubbish before the header.
const headSize = 1024

// Detect says what body is. contentType is the header as served and name a file name or URL path; both may be empty.
// It always has an answer: Empty for no bytes but white space, Unknown for bytes that nothing explains.
func Detect(body []byte, contentType, name string) Type {
	if t := bySignature(body); t != "" {
		return t
	}
	if bytes.HasPrefix(body, oleSignature) {
		return compound(body, name)
	}
	if bytes.HasPrefix(body, []byte("PK\x03\x04")) || bytes.HasPrefix(body, []byte("PK\x05\x06")) {
		return zipped(body, name)
	}
	text := decodeHead(body)
	if len(bytes.TrimSpace(text)) == 0 {
		if len(bytes.TrimSpace(body)) == 0 {
			return Empty
		}
		text = body[:min(len(body), headSize)]
	}
	if t := byMarkup(text); t != "" {
		return t
	}
	if i := bytes.Index(body[:min(len(body), headSize)], []byte("%PDF-")); i >= 0 {
		return PDF
	}
	if !looksLikeText(text) {
		return Unknown
	}
	return textHinted(contentType, name)
}

// bySignature knows the types that begin with bytes of their own.
func bySignature(body []byte) Type {
	for _, s := range [...]struct {
		magic string
		kind  Type
	}{
		{"%PDF-", PDF}, {"{\\rtf", RTF}, {"Rar!\x1a\x07", RAR}, {"7z\xbc\xaf\x27\x1c", SevenZ}, {"\x1f\x8b\x08", GZIP},
		{"\xff\xd8\xff", JPEG}, {"\x89PNG\r\n\x1a\n", PNG}, {"GIF87a", GIF}, {"GIF89a", GIF},
		{"II*\x00", TIFF}, {"MM\x00*", TIFF},
	} {
		if bytes.HasPrefix(body, []byte(s.magic)) {
			return s.kind
		}
	}
	switch {
	case len(body) > 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		return WEBP
	case len(body) > 18 && string(body[:2]) == "BM" && body[6] == 0 && body[7] == 0 && body[8] == 0 && body[9] == 0:
		return BMP // the two letters alone begin texts too
	}
	return ""
}

// byMarkup knows the types that are text with markup.
func byMarkup(head []byte) Type {
	s := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	switch {
	case bytes.HasPrefix(s, []byte("mime-version:")):
		return MHTML
	case bytes.HasPrefix(s, []byte("<?xml")):
		if bytes.Contains(s, []byte("<html")) || bytes.Contains(s, []byte("<!doctype html")) {
			return HTML
		}
		return XML
	case bytes.HasPrefix(s, []byte("<datastore")):
		return XML
	}
	for _, tag := range [...]string{"<!doctype html", "<html", "<head", "<body", "<meta", "<title", "<script", "<div", "<table",
		"<style", "<p>", "<p ", "<ul", "<span", "<link", "<a "} {
		if i := bytes.Index(s, []byte(tag)); i == 0 || i > 0 && (s[0] == '<' || !isProse(s[:i])) {
			return HTML
		}
	}
	return ""
}

// isProse reports whether what stands before the first tag is text of some length: text that mentions a tag.
func isProse(before []byte) bool { return len(bytes.TrimSpace(before)) > 64 }

// decodeHead returns the first bytes of body as they are, or in ASCII where they are UTF-16.
func decodeHead(body []byte) []byte {
	head := body[:min(len(body), headSize)]
	at := -1
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		at = 0
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		at = 1
	default:
		return head
	}
	var ascii []byte
	for i := 2; i+1 < len(head); i += 2 {
		if head[i+1-at] == 0 {
			ascii = append(ascii, head[i+at])
		} else {
			ascii = append(ascii, '?') // a character beyond ASCII: markup is not
		}
	}
	return ascii
}

// looksLikeText reports whether there are no control characters in head but those of text. GBK and Big5 have none
// either, so that encodings need not be known here.
func looksLikeText(head []byte) bool {
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			return false
		}
	}
	return true
}

// textHinted decides what text without markup is.
func textHinted(contentType, name string) Type {
	media, _, _ := mime.ParseMediaType(contentType)
	switch {
	case media == "text/html", media == "application/xhtml+xml":
		return HTML // a fragment or a bare message; the reader of pages copes with both
	case strings.HasSuffix(media, "/xml"):
		return XML
	case media == "" && (extension(name) == "html" || extension(name) == "htm"):
		return HTML
	}
	return Text
}

// extension returns the extension of a file name or URL path in lower case, without its dot.
func extension(name string) string {
	name, _, _ = strings.Cut(name, "?")
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}
