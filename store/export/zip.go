package export

import (
	"archive/zip"
	"cmp"
	"compress/flate"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/xuri/excelize/v2"
)

// A sortedZip writes a zip file whose entries stand by name, in whatever order they come: each is packed into a file of
// its own first. Entries have no times.
type sortedZip struct {
	file    *file
	dir     string // for the packed entries
	entries []*zipEntry
}

func (z *sortedZip) writer(io.Writer) excelize.ZipWriter { return z }

func (z *sortedZip) Create(name string) (io.Writer, error) {
	if err := z.pack(); err != nil {
		return nil, err
	}
	packed, err := os.CreateTemp(z.dir, "entry-")
	if err != nil {
		return nil, err
	}
	e := &zipEntry{name: name, packed: packed}
	e.flate, err = flate.NewWriter(packed, flate.DefaultCompression)
	z.entries = append(z.entries, e)
	return e, err
}

// pack ends the entry that is being written.
func (z *sortedZip) pack() error {
	if len(z.entries) == 0 {
		return nil
	}
	return z.entries[len(z.entries)-1].flate.Close()
}

// AddFS is for programs that add files to workbooks. This one does not.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

func (z *sortedZip) Close() error {
	if err := z.pack(); err != nil {
		return err
	}
	slices.SortFunc(z.entries, func(a, b *zipEntry) int { return cmp.Compare(a.name, b.name) })
	out := zip.NewWriter(z.file)
	for _, e := range z.entries {
		if err := e.copyTo(out); err != nil {
			return err
		}
	}
	return out.Close()
}

// A zipEntry is packed as it is written.
type zipEntry struct {
	name   string
	packed *os.File
	flate  *flate.Writer
	size   uint64
	crc    uint32
}

func (e *zipEntry) Write(p []byte) (int, error) {
	n, err := e.flate.Write(p)
	e.size += uint64(n)
	e.crc = crc32.Update(e.crc, crc32.IEEETable, p[:n])
	return n, err
}

func (e *zipEntry) copyTo(out *zip.Writer) error {
	size, err := e.packed.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := e.packed.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w, err := out.CreateRaw(&zip.FileHeader{Name: e.name, Method: zip.Deflate, CRC32: e.crc,
		CompressedSize64: uint64(size), UncompressedSize64: e.size})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, e.packed)
	return errors.Join(err, e.packed.Close(), os.Remove(e.packed.Name()))
}
