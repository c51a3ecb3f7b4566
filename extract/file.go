package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"

	"gongkai/extract/docx"
	"gongkai/extract/filetype"
	"gongkai/extract/markup"
	"gongkai/extract/pdf"
)

// ErrUnreadable says that a document is of a kind that this package does not read, or that it holds no text: a scan,
// a legacy Word file, an archive. The error that wraps it says which.
var ErrUnreadable = errors.New("not readable")

// ParseFile parses a document of any kind, told by its content rather than by its name or type: HTML, plain text, PDF
// with a text layer, DOCX. The error wraps ErrUnreadable when the kind is known and cannot be read, ErrTooLarge when it could
// be but for its size.
func ParseFile(body []byte, contentType, name string, base *url.URL) (*Document, error) {
	var page []byte
	var err error
	kind := filetype.Detect(body, contentType, name)
	switch kind {
	case filetype.HTML, filetype.XML, filetype.Unknown:
		return Parse(body, contentType, base)
	case filetype.Text:
		return ParseText(body, contentType, base)
	case filetype.PDF:
		page, err = pdf.HTML(context.Background(), body)
	case filetype.DOCX:
		page, err = docx.HTML(body)
	default:
		err = fmt.Errorf("%s is archived but not read", kind)
	}
	switch {
	case errors.Is(err, pdf.ErrTooLarge), errors.Is(err, pdf.ErrTooSlow), errors.Is(err, docx.ErrTooLarge):
		return nil, fmt.Errorf("%w: %w", markup.ErrTooLarge, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return fromHTML(page, string(kind), base)
}

// ParseText makes a Document of plain text: a paragraph a line. Tables in it are read by their labels.
func ParseText(body []byte, contentType string, base *url.URL) (*Document, error) {
	if len(body) > markup.MostBytes {
		return nil, markup.TooLarge("text", len(body), markup.MostBytes)
	}
	text, enc := markup.Decode(body, contentType)
	if len(text) > markup.MostMarkup || bytes.Count(text, []byte("\n"))*(2*markup.NodeWeight) > markup.MostWeight {
		return nil, markup.TooLarge("text", len(text), markup.MostMarkup)
	}
	var page strings.Builder
	page.Grow(len(text) + len(text)/4)
	for line := range strings.Lines(string(text)) {
		page.WriteString("<p>")
		page.WriteString(html.EscapeString(line))
		page.WriteString("</p>\n")
	}
	d, err := fromHTML([]byte(page.String()), FormText, base)
	if err != nil {
		return nil, err
	}
	d.enc = enc
	return d, nil
}

// fromHTML parses what a reader of another format made of a document.
func fromHTML(page []byte, kind string, base *url.URL) (*Document, error) {
	root, weight, err := markup.ParseTree(page)
	if errors.Is(err, markup.ErrTooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", base, err)
	}
	d := &Document{served: base, base: base, root: root, weight: weight, kind: kind, enc: markup.Encoding{Name: "utf-8", Evidence: kind}}
	d.collect()
	return d, nil
}
