package boltfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Check reads the pages of the file and proves that each is as bbolt writes it, to the byte: a page that bbolt reads
// without complaint may still lead a writer astray, which looks for a child by its first key and frees pages by the
// length that their head tells. Of the pages that hold values it reads part number part of of, from 1; 1 of 1 is all.
// Each fault goes to found, whose error ends the check. ErrCircle when pages lead in circles. It reads some pages in each
// transaction, and the file may be written to meanwhile.
//
// What is in the values is for their owner to prove, as are the sequences of buckets. Pages that are free, and what a
// page has behind its last value, are nobody's.
func (f *File) Check(part, of int, found func(what string) error) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	c := checker{layout: layout{file: file}, part: uint32(part - 1), of: uint32(of), found: found}
	if err := c.metas(f); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := c.bucket(f, i)
		switch {
		case err != nil:
			return err
		case more && c.told <= mostFaults:
		case c.told > 0: // a file without fault is made of trees
			return c.circles(f)
		default:
			return nil
		}
	}
}

// circles looks for pages that lead in circles, by what bbolt follows: it minds neither keys nor order.
func (c *checker) circles(f *File) error {
	return f.read(func(tx *bolt.Tx) error {
		if c.round(uint64(tx.Cursor().Bucket().Root()), make(map[uint64]bool)) {
			return fmt.Errorf("%w: %w", ErrDamaged, ErrCircle)
		}
		return nil
	})
}

// round reports whether a way down from a page leads back to a page on it. on has the pages seen, with whether they are on
// the way.
func (c *checker) round(id uint64, on map[uint64]bool) bool {
	if open, seen := on[id]; seen {
		return open
	}
	on[id] = true
	for _, below := range c.below(id) {
		if c.round(below, on) {
			return true
		}
	}
	on[id] = false
	return false
}

// A checker checks the pages of a file.
type checker struct {
	layout
	part, of uint32
	found    func(what string) error
	told     int

	name  []byte // of the bucket
	after []byte // the key from which the next transaction goes on; nil: from the first
	left  int    // pages that this transaction may still read
}

const (
	pagesAtOnce = 1024 // in one transaction
	deepest     = 32   // more than any tree is
	mostFaults  = 1000 // told of one file
)

// errPause ends a transaction, not the check.
var errPause = errors.New("to be gone on with in another transaction")

// metas checks the two pages that tell which state is the newest. When one is damaged, bbolt takes the other without a
// word: all that the last commit brought would be gone.
func (c *checker) metas(f *File) error {
	var faults []string
	for range 5 { // one may just be written
		faults = nil
		for id := range uint64(2) {
			b := make([]byte, pageHead+metaSize)
			var size int
			err := f.read(func(tx *bolt.Tx) error {
				size = tx.DB().Info().PageSize
				_, err := c.file.ReadAt(b, int64(id)*int64(size))
				return err
			})
			if err != nil {
				return err
			}
			if what := checkMeta(b, id, size); what != "" {
				faults = append(faults, fmt.Sprintf("page %d, which tells of the last commit or the one before: %s", id, what))
			}
		}
		if len(faults) == 0 {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, what := range faults {
		if err := c.found(what); err != nil {
			return err
		}
	}
	return nil
}

// metaSize is the length of what a page of metadata has behind its head, its checksum included.
const metaSize = 64

// sumOf is the checksum that metadata must have at its end.
func sumOf(meta []byte) uint64 {
	sum := fnv.New64a()
	sum.Write(meta[:metaSize-8])
	return sum.Sum64()
}

func checkMeta(b []byte, id uint64, pageSize int) string {
	head, meta := readHead(b), b[pageHead:]
	switch txid := order.Uint64(meta[48:]); {
	case sumOf(meta) != order.Uint64(meta[metaSize-8:]):
		return "its checksum is that of something else"
	case head != pageHeader{id: id, flags: flagMeta}:
		return "its head is that of another page"
	case txid%2 != id || int(order.Uint32(meta[8:])) != pageSize:
		return "it is that of another file"
	}
	return ""
}

// bucket checks the i-th bucket of the file, and, before the first, the tree that holds them all; false when there is
// none.
func (c *checker) bucket(f *File, i int) (more bool, err error) {
	c.after = nil
	for {
		var faults []string // told when the transaction has ended
		tell := func(what string) error { faults = append(faults, what); return nil }
		err = f.read(func(tx *bolt.Tx) error {
			faults = nil
			more, err = c.step(tx, i, tell)
			return err
		})
		for _, what := range faults {
			if c.told++; c.told > mostFaults {
				return false, nil
			}
			if err := c.found(what); err != nil {
				return false, err
			}
		}
		if err != errPause {
			return more, err
		}
	}
}

// measure learns how many pages the file has, and how large they are.
func (l *layout) measure(tx *bolt.Tx) error {
	l.pageSize = tx.DB().Info().PageSize
	l.pages = uint64(tx.Size()) / uint64(l.pageSize)
	return nil
}

// step checks some pages of a bucket.
func (c *checker) step(tx *bolt.Tx, i int, tell func(string) error) (more bool, err error) {
	if err := c.measure(tx); err != nil {
		return false, err
	}
	c.left, c.name = pagesAtOnce, nil
	names := tell
	if i > 0 || c.after != nil {
		names = func(string) error { return nil } // it was told
	}
	var buckets []element
	after := c.after
	c.after = nil
	root := walker{checker: c, tell: names, whole: true, leaf: func(e element) { buckets = append(buckets, e) }}
	if err := root.walk(uint64(tx.Cursor().Bucket().Root()), nil, nil, 0); err != nil || i >= len(buckets) {
		return false, err
	}
	c.after, c.name = after, buckets[i].key
	w := walker{checker: c, tell: tell}
	return true, w.bucket(buckets[i])
}

// A walker goes through the tree of one bucket.
type walker struct {
	*checker
	tell  func(what string) error
	whole bool          // all leaves, whatever their part
	leaf  func(element) // takes the elements of leaves; nil: there are to be values only
}

// bucket checks the tree of a bucket, which stands in a file of its own pages or, when it is small, in the element.
func (w *walker) bucket(e element) error {
	if e.flags != flagBucket || len(e.value) < bucketHead {
		return w.tell(fmt.Sprintf("%q stands where buckets do, and is none", e.key))
	}
	if root := order.Uint64(e.value); root != 0 {
		return w.walk(root, nil, nil, 0)
	}
	p, err := parsePage(e.value[bucketHead:], 0)
	if err == nil && !p.leaf {
		err = errors.New("it is no leaf")
	}
	if err == nil {
		err = valuesOnly(p)
	}
	if err != nil {
		return w.tell(fmt.Sprintf("bucket %s: %v", w.name, err))
	}
	return nil
}

// walk checks the page with a number, and all below it. Its first key must be first, and all its keys below next, unless
// these are nil.
func (w *walker) walk(id uint64, first, next []byte, depth int) error {
	w.left--
	p, err := w.page(id)
	if err == nil {
		err = p.between(first, next, depth)
	}
	if err == nil && p.leaf && w.leaf == nil {
		err = valuesOnly(p)
	}
	if err != nil {
		return w.tell(fmt.Sprintf("page %d%s: %v", id, w.ofBucket(), err))
	}
	if p.leaf {
		for _, e := range p.elements {
			if w.leaf != nil {
				w.leaf(e)
			}
		}
		return nil
	}
	return w.children(p, next, depth)
}

// between proves that a page may stand where it does in a tree.
func (p page) between(first, next []byte, depth int) error {
	switch {
	case depth > deepest:
		return errors.New("the tree is too deep to be one")
	case len(p.elements) == 0 && first == nil && p.leaf:
		return nil
	case len(p.elements) == 0:
		return errors.New("it is empty")
	case first != nil && !bytes.Equal(first, p.elements[0].key):
		return fmt.Errorf("its first key is %x, and the page above it has %x", p.elements[0].key, first)
	}
	if last := p.elements[len(p.elements)-1].key; next != nil && bytes.Compare(last, next) >= 0 {
		return fmt.Errorf("its last key is %x, and %x follows", last, next)
	}
	return nil
}

// behind returns the key that all below the i-th element of a branch are to be less than.
func (p page) behind(i int, next []byte) []byte {
	if i+1 < len(p.elements) {
		return p.elements[i+1].key
	}
	return next
}

func (w *walker) ofBucket() string {
	if w.name == nil {
		return ""
	}
	return ", of " + string(w.name)
}

// children checks the pages below one that have not been checked.
func (w *walker) children(p page, next []byte, depth int) error {
	for i, e := range p.elements {
		if i+1 < len(p.elements) && w.after != nil && bytes.Compare(p.elements[i+1].key, w.after) <= 0 {
			continue // the transactions before have seen to it
		}
		if w.left <= 0 && !w.whole {
			w.after = bytes.Clone(e.key)
			return errPause
		}
		if !w.mine(e) {
			continue
		}
		if err := w.walk(e.child, e.key, p.behind(i, next), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// mine reports whether a child is to be read: another part reads it if it is a leaf, which its key tells apart for as
// long as it is not split. Whether it is a leaf stands in its head.
func (w *walker) mine(e element) bool {
	if w.whole || w.of <= 1 || crc32.ChecksumIEEE(e.key)%w.of == w.part {
		return true
	}
	head, err := w.head(e.child)
	return err != nil || head.flags != flagLeaf || head.id != e.child
}

func valuesOnly(p page) error {
	for _, e := range p.elements {
		if e.flags != 0 {
			return fmt.Errorf("its key %x is no value's", e.key)
		}
	}
	return nil
}

// What bbolt writes: each page has a head, then an element for each key, then keys and values, all in order and without
// a gap. Numbers are in the order of the machine.
const (
	pageHead   = 16
	pageElem   = 16 // of either kind
	bucketHead = 16

	flagBranch = 0x01
	flagLeaf   = 0x02
	flagMeta   = 0x04
	flagBucket = 0x01 // of an element

	mostPages = 1 << 14 // of one node; far more than any of ours takes
)

var order = binary.NativeEndian

// A layout reads pages from a file.
type layout struct {
	file     *os.File
	pageSize int
	pages    uint64 // there are
}

type pageHeader struct {
	id       uint64
	flags    uint16
	count    uint16
	overflow uint32 // pages that follow and belong to it
}

func readHead(b []byte) pageHeader {
	return pageHeader{order.Uint64(b), order.Uint16(b[8:]), order.Uint16(b[10:]), order.Uint32(b[12:])}
}

// A page is a node of a tree.
type page struct {
	leaf     bool
	elements []element
	size     int // bytes that are used
}

// An element is a key, with its value in a leaf and the page below it in a branch.
type element struct {
	flags uint32
	key   []byte
	value []byte
	child uint64
}

func (l *layout) head(id uint64) (pageHeader, error) {
	if id < 2 || id >= l.pages {
		return pageHeader{}, fmt.Errorf("there is no page of that number among %d", l.pages)
	}
	b := make([]byte, pageHead)
	_, err := l.file.ReadAt(b, int64(id)*int64(l.pageSize))
	return readHead(b), err
}

// below returns the numbers of the pages that a page leads to, whatever else is wrong with it: those below a branch, and
// the roots of the buckets in a leaf.
func (l *layout) below(id uint64) (all []uint64) {
	head, err := l.head(id)
	if err != nil {
		return nil
	}
	at := int64(id)*int64(l.pageSize) + pageHead
	elements := make([]byte, int(head.count)*pageElem)
	n, _ := l.file.ReadAt(elements, at)
	for i := 0; i+pageElem <= n; i += pageElem {
		switch e := elements[i:]; {
		case head.flags == flagBranch:
			all = append(all, order.Uint64(e[8:]))
		case head.flags == flagLeaf && order.Uint32(e)&flagBucket != 0:
			root := make([]byte, 8) // the value of a bucket begins with it
			if _, err := l.file.ReadAt(root, at+int64(i)+int64(order.Uint32(e[4:]))+int64(order.Uint32(e[8:]))); err == nil {
				all = append(all, order.Uint64(root))
			}
		}
	}
	return all
}

// page reads a page and proves its shape.
func (l *layout) page(id uint64) (page, error) {
	head, err := l.head(id)
	switch {
	case err != nil:
		return page{}, err
	case head.overflow >= mostPages || id+uint64(head.overflow) >= l.pages:
		return page{}, fmt.Errorf("it claims %d more pages", head.overflow)
	}
	b := make([]byte, (int(head.overflow)+1)*l.pageSize)
	if _, err := l.file.ReadAt(b, int64(id)*int64(l.pageSize)); err != nil {
		return page{}, err
	}
	p, err := parsePage(b, id)
	if err == nil && p.size <= len(b)-l.pageSize {
		err = fmt.Errorf("it has %d pages more than it needs", (len(b)-p.size)/l.pageSize)
	}
	return p, err
}

// parsePage reads a page. What it returns shares the bytes.
func parsePage(b []byte, id uint64) (page, error) {
	return parse(b, id, func(int, int) error { return nil })
}

// parse reads a page of which head and elements are there, and asks for those bytes of keys and of values that are buckets
// which it needs.
func parse(b []byte, id uint64, fill func(from, to int) error) (p page, err error) {
	if len(b) < pageHead {
		return p, errors.New("it is cut short")
	}
	head := readHead(b)
	if head.id != id || head.flags != flagLeaf && head.flags != flagBranch {
		return p, fmt.Errorf("its head is that of page %d of kind %#x", head.id, head.flags)
	}
	p.leaf = head.flags == flagLeaf
	p.size = pageHead + int(head.count)*pageElem
	if p.size > len(b) {
		return p, fmt.Errorf("it has no room for %d keys", head.count)
	}
	for i := range int(head.count) {
		e, ok := parseElement(b, i, p.leaf, &p.size)
		if !ok {
			return p, fmt.Errorf("key %d of %d is not where it should be", i+1, head.count)
		}
		need := p.size - len(e.value)
		if e.flags != 0 {
			need = p.size
		}
		if err := fill(p.size-len(e.value)-len(e.key), need); err != nil {
			return p, err
		}
		if i > 0 && bytes.Compare(p.elements[i-1].key, e.key) >= 0 {
			return p, fmt.Errorf("key %d, %x, does not follow %x", i+1, e.key, p.elements[i-1].key)
		}
		p.elements = append(p.elements, e)
	}
	return p, nil
}

// parseElement reads the i-th element of a page, whose key must be at a place; it moves that behind key and value.
func parseElement(b []byte, i int, leaf bool, at *int) (e element, ok bool) {
	begin := pageHead + i*pageElem
	raw := b[begin:]
	var pos, ksize, vsize uint32
	if leaf {
		e.flags, pos, ksize, vsize = order.Uint32(raw), order.Uint32(raw[4:]), order.Uint32(raw[8:]), order.Uint32(raw[12:])
	} else {
		pos, ksize, e.child = order.Uint32(raw), order.Uint32(raw[4:]), order.Uint64(raw[8:])
	}
	end := uint64(*at) + uint64(ksize) + uint64(vsize)
	if begin+int(pos) != *at || ksize == 0 || end > uint64(len(b)) {
		return e, false
	}
	e.key = b[*at : *at+int(ksize) : *at+int(ksize)]
	e.value = b[*at+int(ksize) : end : end]
	*at = int(end)
	return e, true
}
