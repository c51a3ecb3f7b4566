package warc

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"time"

	"gongkai/store"
)

// A wacz is a WACZ file (1.1.1) being written: a zip of WARC files, their index, the pages that a person would open, and
// what describes and digests them. What is stored is not packed, so that readers can go straight to a record.
type wacz struct {
	out       *os.File
	zip       *zip.Writer
	moment    time.Time
	resources []waczResource
}

type waczResource struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Hash  string `json:"hash"`
	Bytes int64  `json:"bytes"`
}

type waczPackage struct {
	Profile     string         `json:"profile"`
	Version     string         `json:"wacz_version"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Created     string         `json:"created"`
	Software    string         `json:"software,omitempty"`
	Resources   []waczResource `json:"resources"`
}

func (z *wacz) create(name string, moment time.Time) (err error) {
	z.moment = moment.UTC()
	if z.moment.Year() < 1980 { // zip knows no earlier time
		z.moment = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if z.out, err = os.Create(name); err == nil {
		z.zip = zip.NewWriter(z.out)
	}
	return err
}

// drop closes the file after an error. A nil wacz, or one that is finished, has none.
func (z *wacz) drop() {
	if z != nil && z.out != nil {
		z.out.Close()
		z.out = nil
	}
}

// addFile copies a file into the zip. It is read twice: its sum stands before it.
func (z *wacz) addFile(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return z.add(name, f)
}

func (z *wacz) add(name string, r io.ReadSeeker) error {
	crc, sum := crc32.NewIEEE(), sha256.New()
	size, err := io.Copy(io.MultiWriter(crc, sum), r)
	if err != nil {
		return err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	entry, err := z.zip.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, Modified: z.moment, CRC32: crc.Sum32(), CompressedSize64: uint64(size), UncompressedSize64: uint64(size),
	})
	if err != nil {
		return err
	}
	if _, err := io.Copy(entry, r); err != nil {
		return err
	}
	base := name
	if i := bytes.LastIndexByte([]byte(name), '/'); i >= 0 {
		base = name[i+1:]
	}
	z.resources = append(z.resources, waczResource{base, name, "sha256:" + hex.EncodeToString(sum.Sum(nil)), size})
	return nil
}

// finish adds index and pages, describes all, and closes the file.
func (z *wacz) finish(w *writer) error {
	for _, part := range []struct {
		name  string
		write func(io.Writer) error
	}{{"indexes/index.cdxj", w.index.writeTo}, {"pages/pages.jsonl", w.pages}} {
		if err := z.addWritten(w, part.name, part.write); err != nil {
			return err
		}
	}
	text, err := indented(waczPackage{
		Profile: "data-package", Version: "1.1.1",
		Title:       "政府信息公开工作年度报告 Annual reports on government information disclosure",
		Description: "Captures of an archive of gongkai as of one moment. " + w.options.About,
		Created:     w.sum.Time.UTC().Format(time.RFC3339), Software: w.options.Tool, Resources: z.resources,
	})
	if err != nil {
		return err
	}
	digest, err := indented(map[string]string{"path": "datapackage.json", "hash": sha256Field(text)})
	if err != nil {
		return err
	}
	err = errors.Join(z.add("datapackage.json", bytes.NewReader(text)), z.add("datapackage-digest.json", bytes.NewReader(digest)), z.zip.Close(), z.out.Sync())
	if err != nil {
		return err
	}
	if _, err := z.out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, z.out); err != nil {
		return err
	}
	w.folder.note(waczName, sum)
	out := z.out
	z.out = nil
	return out.Close()
}

// addWritten writes a file that may be large beside the zip, and then into it.
func (z *wacz) addWritten(w *writer, name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(w.folder.partial(), "part-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return z.add(name, f)
}

// pages writes the list of pages: what brought a report or a listing, new or changed.
func (w *writer) pages(out io.Writer) error {
	line := func(v any) error {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return err
		}
		_, err := out.Write(b.Bytes())
		return err
	}
	if err := line(map[string]string{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}); err != nil {
		return err
	}
	for c, err := range w.store.Captures(0) {
		if err != nil {
			return err
		}
		if c.ID > w.options.AsOf {
			break
		}
		if c.State != store.StateOK || c.Kind != store.KindReport && c.Kind != store.KindListing || w.options.Want != nil && !w.options.Want(c) {
			continue
		}
		title := c.Title
		if title == "" {
			title = c.URL
		}
		page := struct {
			ID    string `json:"id"`
			URL   string `json:"url"`
			TS    string `json:"ts"`
			Title string `json:"title"`
		}{recordID("page", c.URL, formatTime(c.Time)), c.URL, c.Time.UTC().Format(time.RFC3339), title}
		page.ID = page.ID[len("<urn:uuid:") : len(page.ID)-1]
		if err := line(page); err != nil {
			return err
		}
	}
	return nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
