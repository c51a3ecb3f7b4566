// Package pdf turns the text layer of PDF documents into plain HTML that package extract reads like any page: lines
// joined to paragraphs, and tables rebuilt from their rules, with spans, across pages.
//
// It recognises no characters in pictures: a scan is an ErrNoText. It does not keep the layout, and it has no opinion
// on what a document means, except that a label which begins with a number, 一、 or （二） or 3., begins something new.
package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// The errors that mean a decision for the caller.
var (
	ErrBroken    = errors.New("not a PDF that can be read")
	ErrEncrypted = errors.New("PDF is encrypted")
	ErrNoText    = errors.New("PDF has no text")
	ErrTooLarge  = errors.New("PDF too large")
	ErrTooSlow   = errors.New("PDF takes too long to read")
)

// A NoTextError is the ErrNoText of a document with pages of nothing but pictures: a scan.
type NoTextError struct{ Pages, Images int }

func (e *NoTextError) Error() string {
	return fmt.Sprintf("%v: %d pages with %d images", ErrNoText, e.Pages, e.Images)
}

// Unwrap makes the error an ErrNoText.
func (e *NoTextError) Unwrap() error { return ErrNoText }

// Limits that no report comes near: a long one has 40 pages and 30,000 characters.
const (
	maxBytes = 128 << 20
	maxPages = 500
	maxChars = 1_000_000
	maxLines = 400_000

	// fewChars a page, with a picture on every page, are what scanners stamp on scans.
	fewChars = 20

	// DefaultTimeout is how long one document may take; a report takes a quarter of a second.
	DefaultTimeout = time.Minute
)

// A Reader reads PDFs. Its zero value is ready. The first document starts PDFium, which takes seconds; the Reader keeps
// it until Close. A Reader is safe for concurrent use: two documents are read at a time, others wait.
type Reader struct {
	// CacheDir is a directory in which compiled code is kept, so that the next process starts in a fraction of the
	// time. It is made when it is first needed. One that is not to be had, or that another user can change, is left
	// alone, and code that is damaged is compiled again. Empty means that nothing is kept.
	CacheDir string

	// Timeout is for one document, not counting the start and the wait for a place. 0 means DefaultTimeout.
	Timeout time.Duration

	engine lazyEngine
}

var shared Reader

// SetCacheDir sets the CacheDir of the Reader that HTML uses. It is for the beginning of a program, before any call of
// HTML.
func SetCacheDir(dir string) { shared.CacheDir = dir }

// HTML reads a document with a Reader that all callers of this function share, and that lives as long as the process.
func HTML(ctx context.Context, body []byte) ([]byte, error) { return shared.HTML(ctx, body) }

// Close stops PDFium, if it was started. The Reader starts it again when it is used again.
func (r *Reader) Close() error { return r.engine.close() }

// HTML returns the text of a document as HTML in UTF-8. The error wraps one of the package's, or ctx's own when that
// ended first; there is never half a document.
func (r *Reader) HTML(ctx context.Context, body []byte) (page []byte, err error) {
	if len(body) > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(body))
	}
	if !bytes.Contains(body[:min(len(body), 1024)], []byte("%PDF-")) {
		return nil, fmt.Errorf("%w: no header", ErrBroken)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	engine, err := r.engine.get(r.CacheDir)
	if err != nil {
		return nil, err
	}
	// The document decides what the code below meets. What nobody thought of must not end the crawl.
	defer func() {
		if p := recover(); p != nil {
			page, err = nil, fmt.Errorf("%w: %v", ErrBroken, p)
		}
	}()
	pages, err := engine.read(ctx, body, r.timeout())
	if err != nil {
		return nil, err
	}
	return render(layOut(pages)), nil
}

func (r *Reader) timeout() time.Duration {
	if r.Timeout > 0 {
		return r.Timeout
	}
	return DefaultTimeout
}

// read reads every page of a document, within limit.
func (e *engine) read(ctx context.Context, body []byte, limit time.Duration) ([]*page, error) {
	in, err := e.instance(ctx)
	if err != nil {
		return nil, err
	}
	defer in.close()
	var cancel context.CancelFunc
	in.ctx, cancel = context.WithTimeoutCause(ctx, limit, ErrTooSlow)
	defer cancel()
	doc, err := in.open(body)
	if err != nil {
		return nil, err
	}
	n := in.count("FPDF_GetPageCount", doc)
	if in.err == nil && n > maxPages {
		return nil, fmt.Errorf("%w: %d pages", ErrTooLarge, n)
	}
	pages := make([]*page, 0, n)
	budget := maxChars
	images, lines := 0, 0
	for i := range n {
		p, err := in.readPage(doc, i, &budget)
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", i+1, err)
		}
		if lines += len(p.rules); lines > maxLines {
			return nil, fmt.Errorf("%w: more than %d lines drawn", ErrTooLarge, maxLines)
		}
		images += p.images
		pages = append(pages, p)
	}
	if in.err != nil {
		return nil, in.err
	}
	if printed := countChars(pages); printed == 0 || images >= n && printed < fewChars*n {
		return nil, &NoTextError{Pages: n, Images: images}
	}
	return pages, nil
}

func countChars(pages []*page) int {
	n := 0
	for _, p := range pages {
		n += len(p.chars)
	}
	return n
}
