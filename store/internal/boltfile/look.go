package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"

	bolt "go.etcd.io/bbolt"
)

// bbolt follows every page of a file that it opens for writing, to learn which are free, in a goroutine of its own: what
// it stumbles over there ends the program, and nobody can recover from it. So the pages are proven before, by reading
// them: a fault of the file is an error then, whatever has become of it.

// look proves what bbolt takes for granted of the newest state in a file that nobody writes to: every page is there, is what
// it claims to be, has its keys in order, and is led to once. ErrInvalid or ErrDamaged.
func look(file *os.File) error {
	l := looker{layout: layout{file: file}, leaves: true}
	root, freelist, err := l.newest()
	if err == nil {
		err = l.tree(root)
	}
	if err == nil {
		err = l.free(freelist)
	}
	return err
}

// lookFirst looks at an existing file before it is opened for writing, while no other process may write to it.
func lookFirst(path string) error {
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 && info.Mode().IsRegular() {
		return nil // it is to be made
	}
	file, release, err := keep(path)
	if err != nil {
		return err
	}
	return errors.Join(look(file), release())
}

// Sound proves the pages of a file that is open, as opening it for writing does. What is in the values is for their owner to
// prove.
func (f *File) Sound() error { return f.looks(true) }

// looks proves the pages of a file that is open, with or without the leaves that hold values only.
func (f *File) looks(leaves bool) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	return f.read(func(tx *bolt.Tx) error {
		l := looker{layout: layout{file: file}, leaves: leaves}
		if err := l.measure(tx); err != nil {
			return err
		}
		l.seen = make([]uint64, l.pages/64+1)
		return l.tree(uint64(tx.Cursor().Bucket().Root()))
	})
}

// circles returns ErrCircle when pages of a file that is open for reading lead in circles: bbolt would follow them until its
// stack is at an end. As long as nothing leads to a page twice it takes no look at the leaves.
func (f *File) circles() error {
	if f.looks(false) == nil {
		return nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil // reading tells it better
	}
	defer file.Close()
	c := checker{layout: layout{file: file}}
	if f.read(c.measure) != nil {
		return nil
	}
	if err := c.circles(f); errors.Is(err, ErrCircle) {
		return err
	}
	return nil
}

// A looker proves pages.
type looker struct {
	layout
	leaves bool // those too that hold values only
	seen   []uint64
	room   [deepest + 2][]byte // for one page of each level
}

// newest reads which state of the file is the newest, as bbolt does.
func (l *looker) newest() (root, freelist uint64, err error) {
	info, err := l.file.Stat()
	if err != nil {
		return 0, 0, err
	}
	newest := l.meta(0)
	for shift := range 15 { // where the second page begins is told by the first, unless that is damaged
		size := 1024 << shift
		if newest != nil && int(order.Uint32(newest[8:])) != size {
			continue
		}
		m := l.meta(int64(size))
		if m != nil && (newest == nil && int(order.Uint32(m[8:])) == size || newest != nil && order.Uint64(m[48:]) > order.Uint64(newest[48:])) {
			newest = m
			break
		}
	}
	if newest == nil {
		return 0, 0, ErrInvalid
	}
	l.pageSize, l.pages = int(order.Uint32(newest[8:])), order.Uint64(newest[40:])
	if l.pageSize < 1024 || l.pageSize > 1024<<14 || bits.OnesCount(uint(l.pageSize)) != 1 || info.Size() < 2*int64(l.pageSize) {
		return 0, 0, ErrInvalid
	}
	if there := uint64(info.Size()) / uint64(l.pageSize); there < l.pages {
		return 0, 0, fmt.Errorf("%w: it was cut short: %d of %d pages are there", ErrDamaged, there, l.pages)
	}
	l.seen = make([]uint64, l.pages/64+1)
	return order.Uint64(newest[16:]), order.Uint64(newest[32:]), nil
}

const (
	magic  = 0xED0CDAED
	format = 2 // of bbolt's files
)

// meta reads the metadata in the page at a place; nil when there is none, or none that proves itself.
func (l *looker) meta(at int64) []byte {
	b := make([]byte, metaSize)
	if _, err := l.file.ReadAt(b, at+pageHead); err != nil {
		return nil
	}
	if order.Uint32(b) != magic || order.Uint32(b[4:]) != format || sumOf(b) != order.Uint64(b[metaSize-8:]) {
		return nil
	}
	return b
}

// tree proves the pages of all buckets.
func (l *looker) tree(root uint64) error {
	err := l.walk(root, nil, nil, 0, true)
	if err != nil && !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// walk proves a page and what is below it. Its first key must be first and all its keys below next, unless these are nil.
// nested tells that its leaves may hold buckets.
func (l *looker) walk(id uint64, first, next []byte, depth int, nested bool) error {
	if err := l.claim(id, 0); err != nil {
		return err
	}
	p, err := l.read(id, depth)
	if err == nil {
		err = p.between(first, next, depth)
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	if p.leaf {
		return l.buckets(p, depth)
	}
	return l.children(p, next, depth, nested)
}

// children proves what is below a branch.
func (l *looker) children(p page, next []byte, depth int, nested bool) error {
	if !l.leaves && !nested && !l.branchesBelow(p) {
		for _, e := range p.elements {
			if err := l.claim(e.child, 0); err != nil {
				return err
			}
		}
		return nil
	}
	for i, e := range p.elements {
		if err := l.walk(e.child, e.key, p.behind(i, next), depth+1, nested); err != nil {
			return err
		}
	}
	return nil
}

// branchesBelow reports whether the pages below one are branches: all are, or none is.
func (l *looker) branchesBelow(p page) bool {
	head, err := l.head(p.elements[0].child)
	return err != nil || head.flags != flagLeaf
}

// buckets proves the trees of the buckets that stand in a leaf.
func (l *looker) buckets(p page, depth int) error {
	for _, e := range p.elements {
		switch {
		case e.flags == 0:
			continue
		case e.flags != flagBucket || len(e.value) < bucketHead:
			return fmt.Errorf("%q is neither a value nor a bucket", e.key)
		}
		if root := order.Uint64(e.value); root != 0 {
			name := bytes.Clone(e.key)
			if err := l.walk(root, nil, nil, depth+1, false); err != nil {
				return fmt.Errorf("bucket %q: %w", name, err)
			}
			continue
		}
		if p, err := parsePage(e.value[bucketHead:], 0); err != nil || !p.leaf {
			return fmt.Errorf("bucket %q is no leaf, and stands in one: %w", e.key, errors.Join(err, errNoPage))
		}
	}
	return nil
}

var errNoPage = errors.New("not what bbolt writes")

// claim notes that something leads to a page, and to so many more behind it. Nothing leads to one twice, or in a circle.
func (l *looker) claim(id uint64, more uint32) error {
	for id := id; ; id++ {
		if id < 2 || id >= l.pages {
			return fmt.Errorf("something leads to page %d of %d", id, l.pages)
		}
		if l.seen[id/64]&(1<<(id%64)) != 0 {
			return fmt.Errorf("two ways lead to page %d", id)
		}
		l.seen[id/64] |= 1 << (id % 64)
		if more == 0 {
			return nil
		}
		more--
	}
}

// read reads a page, of its values only those that are buckets. What it returns shares the room of its level.
func (l *looker) read(id uint64, depth int) (page, error) {
	head, err := l.head(id)
	switch {
	case err != nil:
		return page{}, err
	case depth > deepest:
		return page{}, errors.New("the tree is too deep to be one")
	case head.overflow >= mostPages || id+uint64(head.overflow) >= l.pages:
		return page{}, fmt.Errorf("it claims %d more pages", head.overflow)
	}
	if head.overflow > 0 {
		if err := l.claim(id+1, head.overflow-1); err != nil {
			return page{}, err
		}
	}
	size := (int(head.overflow) + 1) * l.pageSize
	if cap(l.room[depth]) < size {
		l.room[depth] = make([]byte, size)
	}
	b := l.room[depth][:size]
	have := min(size, max(l.pageSize, pageHead+int(head.count)*pageElem))
	at := int64(id) * int64(l.pageSize)
	if _, err := l.file.ReadAt(b[:have], at); err != nil {
		return page{}, err
	}
	p, err := parse(b, id, func(from, to int) error {
		if to <= have {
			return nil
		}
		from = max(from, have)
		_, err := l.file.ReadAt(b[from:to], at+int64(from))
		return err
	})
	if err == nil && p.size <= size-l.pageSize {
		err = errors.New("it has more pages than it needs")
	}
	return p, err
}

// free proves the list of free pages, where a file has one.
func (l *looker) free(id uint64) error {
	if id == noFreelist {
		return nil
	}
	if err := l.freelist(id); err != nil {
		return fmt.Errorf("%w: the list of free pages, page %d: %w", ErrDamaged, id, err)
	}
	return nil
}

const (
	flagFreelist = 0x10
	noFreelist   = ^uint64(0)
	manyFree     = 0xffff // by which a list tells that its first entry is its length
)

func (l *looker) freelist(id uint64) error {
	head, err := l.head(id)
	if err == nil && (head.flags != flagFreelist || head.id != id) {
		err = fmt.Errorf("its head is that of page %d of kind %#x", head.id, head.flags)
	}
	if err == nil {
		err = l.claim(id, head.overflow)
	}
	if err != nil {
		return err
	}
	b := make([]byte, (int(head.overflow)+1)*l.pageSize)
	if _, err := l.file.ReadAt(b, int64(id)*int64(l.pageSize)); err != nil && err != io.EOF {
		return err
	}
	b = b[pageHead:]
	count := uint64(head.count)
	if count == manyFree {
		count, b = order.Uint64(b), b[8:]
	}
	if count > uint64(len(b)/8) {
		return fmt.Errorf("it has no room for %d pages", count)
	}
	for i := range count {
		if err := l.claim(order.Uint64(b[8*i:]), 0); err != nil {
			return err
		}
	}
	return nil
}
