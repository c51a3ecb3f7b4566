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

// A source is one WARC file of a collection: a file, or an entry of a WACZ file, or of one that stands in another.
type source struct {
	name    string // for people
	path    string
	entries []string     // of a WACZ file, and of those in it; none for a file
	stop    func() error // ends what takes long; nil: nobody does
	spool   string       // where it was unpacked to, if it had to be; its records have offsets there

	file *os.File // nil while it is closed
	at   io.ReaderAt
	size int64
	read *Reader
}

// A misfit is a file that is no collection.
type misfit struct {
	name string
	why  error
}

// find lists the WARC files that names stand for: files, WACZ files and folders, with all below them. What is none is an
// error if there is nothing else. tmp is a folder for what must be unpacked to be listed.
func find(tmp string, names []string) (all []*source, bad []misfit, err error) {
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, nil, err
		}
		files := []string{name}
		if info.IsDir() {
			if files, err = below(name); err != nil {
				return nil, nil, err
			}
		}
		for _, file := range files {
			list, err := sourcesOf(tmp, file)
			if err != nil {
				bad = append(bad, misfit{file, err})
			}
			all = append(all, list...)
		}
	}
	if len(all) == 0 && len(bad) > 0 {
		return nil, nil, fmt.Errorf("%s: %w", bad[0].name, bad[0].why)
	}
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(s *source) bool {
		id := s.path + "\x00" + strings.Join(s.entries, "\x00")
		again := seen[id]
		seen[id] = true
		return again
	})
	return all, bad, nil
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
func sourcesOf(tmp, path string) ([]*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	magic := make([]byte, 64)
	n, err := io.ReadFull(f, magic)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	switch b := magic[:n]; {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		z := listing{tmp: tmp, source: source{name: path, path: path}}
		return z.list(f, info.Size())
	case bytes.HasPrefix(b, []byte("filedesc:")):
		return nil, errors.New("an ARC file, the format before WARC; convert it with warcio recompress or the like")
	case len(bytes.TrimLeft(b, blanks)) == 0, bytes.HasPrefix(bytes.TrimLeft(b, blanks), []byte("WARC/")), bytes.HasPrefix(b, []byte{0x1f, 0x8b}), isZstd(b):
		return []*source{{name: path, path: path}}, nil
	}
	return nil, errors.New("neither a WARC nor a WACZ file")
}

// blanks may stand before a record: line ends, and the mark that some editors put before a text.
const blanks = "\ufeff\r\n"

func isZstd(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}) || bytes.HasPrefix(b, []byte{0x5d, 0x2a, 0x4d, 0x18})
}

// A listing is a WACZ file being listed, by the source that it would be itself.
type listing struct {
	source
	tmp string
}

// The bounds of WACZ files in others: a collection of collections has two levels.
const (
	mostNested  = 3
	mostEntries = 100_000
)

// list lists the WARC files in a WACZ file, and in those that stand in it, wherever in it they are: whoever zips a
// collection by hand has one folder more, and on Windows other separators. A file in it that cannot be listed is a source all
// the same: opened, it tells what is wrong.
func (z listing) list(at io.ReaderAt, size int64) ([]*source, error) {
	r, err := zip.NewReader(at, size)
	if err != nil {
		return nil, err
	}
	var list []*source
	for _, f := range r.File {
		inner := source{name: z.name + ":" + f.Name, path: z.path, entries: append(slices.Clone(z.entries), f.Name)}
		switch {
		case f.FileInfo().IsDir() || len(list) == mostEntries:
		case isWARC(f.Name):
			list = append(list, &inner)
		case strings.HasSuffix(strings.ToLower(f.Name), ".wacz") && len(inner.entries) < mostNested:
			more, err := listing{inner, z.tmp}.nested(f, at, size)
			if err != nil {
				more = append(more, &inner)
			}
			list = append(list, more...)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("a zip file without WARC files")
	}
	return list, nil
}

// nested lists a WACZ file that stands in another. One that is packed there is unpacked.
func (z listing) nested(f *zip.File, at io.ReaderAt, size int64) ([]*source, error) {
	if section, err := stored(f, at, size); section != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return z.list(section, section.Size())
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out, err := os.CreateTemp(z.tmp, "unpacked-*.wacz")
	if err != nil {
		return nil, err
	}
	defer out.Close()
	packed := min(int64(min(f.CompressedSize64, 1<<62)), size)
	n, err := io.Copy(out, &bounded{r: r, below: func() int64 { return packed }})
	if err != nil {
		return nil, errors.Join(err, os.Remove(out.Name()))
	}
	z.path, z.entries = out.Name(), nil
	return z.list(out, n)
}

// stored returns the bytes of an entry that stands in a zip file as it is; nil for one that is packed.
func stored(f *zip.File, at io.ReaderAt, size int64) (*io.SectionReader, error) {
	if f.Method != zip.Store || f.Flags&1 != 0 { // 1: encrypted
		return nil, nil
	}
	begin, err := f.DataOffset()
	if err != nil {
		return nil, err
	}
	length := int64(min(f.CompressedSize64, 1<<62))
	if length > size-begin {
		return nil, errors.New("it would end behind the file")
	}
	return io.NewSectionReader(at, begin, length), nil
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
	if s.spool != "" {
		s.read = NewReader(s.at, s.size)
		return nil, nil
	}
	for i := range s.entries {
		spooled, problem, err := s.openEntry(tmp, i)
		if err != nil || problem != nil && !spooled {
			s.at, s.size = bytes.NewReader(nil), 0 // there is nothing to be read
			s.read = NewReader(s.at, s.size)
		}
		if spooled || err != nil || problem != nil {
			return problem, err
		}
	}
	var magic [4]byte
	n, _ := s.at.ReadAt(magic[:], 0)
	if isZstd(magic[:n]) {
		return s.unpack(tmp)
	}
	s.read = NewReader(s.at, s.size)
	return nil, nil
}

// openEntry finds the bytes of the i-th of the entries, which are stored as they are; if not, they are unpacked, and the
// source is open then.
func (s *source) openEntry(tmp string, i int) (spooled bool, problem, err error) {
	z, problem := zip.NewReader(s.at, s.size)
	if problem != nil {
		return false, problem, nil
	}
	n := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == s.entries[i] })
	if n < 0 {
		return false, errors.New("it is gone"), nil
	}
	entry := z.File[n]
	section, problem := stored(entry, s.at, s.size)
	if problem != nil {
		return false, problem, nil
	}
	if section != nil {
		s.at, s.size = section, section.Size()
		return false, nil, nil
	}
	if entry.Flags&1 != 0 {
		return false, errors.New("it is encrypted"), nil
	}
	r, problem := entry.Open()
	if problem != nil {
		return false, problem, nil
	}
	defer r.Close()
	packed := min(int64(min(entry.CompressedSize64, 1<<62)), s.size) // it may lie
	problem, err = s.spoolTo(tmp, r, func() int64 { return packed })
	return true, problem, err
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
	w := &failing{w: out, stop: s.stop}
	_, problem = io.Copy(w, &bounded{r: r, below: below})
	if s.stop != nil && w.err == nil {
		w.err = s.stop()
	}
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
	w    io.Writer
	stop func() error // nil: nobody stops it
	err  error
}

func (f *failing) Write(p []byte) (n int, err error) {
	if f.stop != nil {
		if f.err = f.stop(); f.err != nil {
			return 0, f.err
		}
	}
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
