package warc

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A source is one WARC file of a collection: a file, or an entry of a WACZ file.
type source struct {
	name  string // for people
	path  string
	entry string // of a WACZ file; "" for a file
	spool string // where it was unpacked to, if it had to be; its records have offsets there

	file *os.File // nil while it is closed
	at   io.ReaderAt
	size int64
	read *Reader
}

// find lists the WARC files that names stand for: files, WACZ files and folders, with all below them.
func find(names []string) ([]*source, error) {
	var all []*source
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		files := []string{name}
		if info.IsDir() {
			if files, err = below(name); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			list, err := sourcesOf(file)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(s *source) bool {
		again := seen[s.path+"\x00"+s.entry]
		seen[s.path+"\x00"+s.entry] = true
		return again
	}), nil
}

// below lists the files in a folder that are called WARC or WACZ.
func below(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (isWARC(path) || strings.HasSuffix(strings.ToLower(path), ".wacz")) {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no file in it is called .warc, .warc.gz, .warc.zst or .wacz", dir)
	}
	return files, err
}

func isWARC(name string) bool {
	name = strings.ToLower(name)
	for _, ending := range []string{".warc", ".warc.gz", ".warc.zst"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// sourcesOf looks at what a file is. A file that is no collection is an error: whoever named it meant something else.
func sourcesOf(path string) ([]*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var magic [16]byte
	n, err := io.ReadFull(f, magic[:])
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch b := magic[:n]; {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return entriesOf(path)
	case bytes.HasPrefix(b, []byte("filedesc:")):
		return nil, fmt.Errorf("%s: an ARC file, the format before WARC; convert it with warcio recompress or the like", path)
	case n == 0, bytes.HasPrefix(b, []byte("WARC/")), bytes.HasPrefix(b, []byte{0x1f, 0x8b}), isZstd(b):
		return []*source{{name: path, path: path}}, nil
	}
	return nil, fmt.Errorf("%s: neither a WARC nor a WACZ file", path)
}

func isZstd(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}) || bytes.HasPrefix(b, []byte{0x5d, 0x2a, 0x4d, 0x18})
}

// entriesOf lists the WARC files in a WACZ file.
func entriesOf(path string) ([]*source, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer z.Close()
	var list []*source
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "archive/") && isWARC(f.Name) {
			list = append(list, &source{name: path + ":" + f.Name, path: path, entry: f.Name})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: a zip file without WARC files in archive/", path)
	}
	return list, nil
}

// open makes the source readable. tmp is a folder for what must be unpacked. A problem it tells of is no failure: what can
// be read of the file is there.
func (s *source) open(tmp string) (problem, err error) {
	if s.file != nil {
		return nil, nil
	}
	path := s.path
	if s.spool != "" {
		path = s.spool
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.file, s.at, s.size = f, f, info.Size()
	if s.entry != "" && s.spool == "" {
		if err := s.openEntry(tmp); err != nil {
			return nil, err
		}
	}
	var magic [4]byte
	n, _ := s.at.ReadAt(magic[:], 0)
	if s.spool == "" && isZstd(magic[:n]) {
		return s.unpack(tmp)
	}
	s.read = NewReader(s.at, s.size)
	return nil, nil
}

// openEntry finds the bytes of an entry of a WACZ file, which are stored as they are; if not, they are unpacked.
func (s *source) openEntry(tmp string) error {
	z, err := zip.NewReader(s.file, s.size)
	if err != nil {
		return errors.Join(err, s.close())
	}
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == s.entry })
	if i < 0 {
		return errors.Join(fmt.Errorf("%s: it is gone", s.name), s.close())
	}
	entry := z.File[i]
	if entry.Method == zip.Store {
		at, err := entry.DataOffset()
		if err != nil {
			return errors.Join(err, s.close())
		}
		size := int64(entry.CompressedSize64)
		if size < 0 || at+size > s.size {
			return errors.Join(fmt.Errorf("%s: it would end behind the file", s.name), s.close())
		}
		s.at, s.size = io.NewSectionReader(s.file, at, size), size
		return nil
	}
	r, err := entry.Open()
	if err != nil {
		return errors.Join(err, s.close())
	}
	defer r.Close()
	packed := min(int64(min(entry.CompressedSize64, 1<<62)), s.size) // it may lie
	problem, err := s.spoolTo(tmp, r, func() int64 { return packed })
	return errors.Join(problem, err)
}

// unpack unpacks a source that is packed as a whole, and makes it readable.
func (s *source) unpack(tmp string) (problem, err error) {
	in := &counter{r: io.NewSectionReader(s.at, 0, s.size)}
	b := bufio.NewReaderSize(in, 256<<10)
	magic, _ := b.Peek(4)
	var r io.Reader
	if isZstd(magic) {
		z, err := openZstd(b)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		defer z.Close()
		r = z
	} else {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		defer z.Close()
		r = z
	}
	return s.spoolTo(tmp, r, func() int64 { return in.n })
}

// spoolTo writes what r unpacks to into a file, as far as it goes. below tells how much of the packed file it took.
func (s *source) spoolTo(tmp string, r io.Reader, below func() int64) (problem, err error) {
	out, err := os.CreateTemp(tmp, "unpacked-*.warc")
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	w := &failing{w: out}
	_, problem = io.Copy(w, &bounded{r: r, below: below})
	if w.err != nil { // it is not the packed file that is to blame
		return nil, errors.Join(w.err, out.Close(), s.close())
	}
	if err := errors.Join(out.Close(), s.close()); err != nil {
		return nil, err
	}
	s.spool = out.Name()
	if problem != nil {
		problem = fmt.Errorf("unpacking: %w", problem)
	}
	_, err = s.open(tmp)
	return problem, err
}

// A failing writer remembers that it could not write.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (n int, err error) {
	n, f.err = f.w.Write(p)
	return n, f.err
}

// mostDictionary bounds the dictionary of a .warc.zst file.
const mostDictionary = 16 << 20

// openZstd opens a .warc.zst file: its first frame may hold the dictionary of the others, itself packed or not.
func openZstd(b *bufio.Reader) (*zstd.Decoder, error) {
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128 << 20)}
	head, err := b.Peek(8)
	if err == nil && binary.LittleEndian.Uint32(head) == 0x184d2a5d {
		size := binary.LittleEndian.Uint32(head[4:])
		if size > mostDictionary {
			return nil, fmt.Errorf("a dictionary of %d bytes", size)
		}
		dict := make([]byte, 8+size)
		if _, err := io.ReadFull(b, dict); err != nil {
			return nil, fmt.Errorf("dictionary: %w", err)
		}
		if dict = dict[8:]; isZstd(dict) {
			plain, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(mostDictionary))
			if err != nil {
				return nil, err
			}
			defer plain.Close()
			if dict, err = plain.DecodeAll(dict, nil); err != nil {
				return nil, fmt.Errorf("dictionary: %w", err)
			}
		}
		options = append(options, zstd.WithDecoderDicts(dict))
	}
	return zstd.NewReader(b, options...)
}

// close closes the file; it may be opened again.
func (s *source) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file, s.at, s.read = nil, nil, nil
	return err
}
