// Package docx turns Word documents (Office Open XML, as Word, WPS Office and LibreOffice write them) into plain HTML
// that package extract reads like any page: paragraphs and tables in their order, tables with their true spans,
// automatic list numbers written out.
//
// It does not lay out or style anything, and leaves out what is not the text: headers, footers, footnotes, comments,
// deleted and hidden text, field codes, pictures. It does not read the older .doc.
package docx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// The errors that mean a decision for the caller; others say what is broken.
var (
	ErrNotDocx  = errors.New("not a Word document") // no archive, or one without a document in it
	ErrTooLarge = errors.New("document too large")  // beyond one of the limits below
	ErrNoText   = errors.New("document has no text")
)

// A NoTextError is the ErrNoText of a document that may be nothing but pictures: a scan in a Word file.
type NoTextError struct{ Images int }

func (e *NoTextError) Error() string { return fmt.Sprintf("%v, but %d images", ErrNoText, e.Images) }

// Unwrap makes the error an ErrNoText.
func (e *NoTextError) Unwrap() error { return ErrNoText }

// Limits that no honest report comes near: a long one has a document part of 2 MB, 400 cells and tables in tables in
// tables. The zip format lets 64 MB come out of 64 KB. Reading takes some four times the document part.
const (
	maxDocument = 16 << 20 // bytes of word/document.xml
	maxPart     = 8 << 20  // bytes of numbering.xml, styles.xml
	maxRatio    = 400      // of a part's size to its packed size, once it is larger than freeRatio
	freeRatio   = 1 << 20
	maxDepth    = 400     // of XML elements; a table in a table adds about four
	maxTables   = 16      // of tables in tables: readers of HTML have limits too
	maxCells    = 100_000 // in a document
)

// HTML returns the text of a document as HTML in UTF-8. The error wraps ErrNotDocx, ErrTooLarge or ErrNoText, or says
// what is wrong with the document's XML; there is never half a document.
func HTML(body []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrNotDocx, err)
	}
	main := findPart(z, "document")
	if main == nil {
		return nil, fmt.Errorf("%w: no word/document.xml in it", ErrNotDocx)
	}
	document, err := readPart(main, maxDocument)
	if err != nil {
		return nil, err
	}
	lists, err := readLists(z)
	if err != nil {
		return nil, err
	}
	c := newConverter(document, lists)
	if err := c.convert(); err != nil {
		return nil, fmt.Errorf("read %s: %w", main.Name, err)
	}
	if !c.anyText {
		return nil, &NoTextError{Images: c.images}
	}
	var out bytes.Buffer
	out.WriteString("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n")
	out.WriteString(c.out.html.String())
	out.WriteString("</body></html>\n")
	return out.Bytes(), nil
}

// findPart finds a part of the document by the name Word gives it, whatever the case and separators; nil if there is
// none. Word writes document.xml, SharePoint document2.xml.
func findPart(z *zip.Reader, base string) *zip.File {
	for _, f := range z.File {
		dir, file := path.Split(strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/")))
		if name, ok := strings.CutSuffix(file, ".xml"); ok && dir == "word/" && strings.TrimRight(name, "0123456789") == base {
			return f
		}
	}
	return nil
}

// readPart unpacks a part within limits. What the archive says of its size is not believed.
func readPart(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer r.Close()
	if packed := max(int64(f.CompressedSize64), 1); packed < most/maxRatio {
		most = max(freeRatio, packed*maxRatio)
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%w: %s unpacks to more than %d bytes from %d", ErrTooLarge, f.Name, most, f.CompressedSize64)
	}
	return data, nil
}
