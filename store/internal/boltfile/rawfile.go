package boltfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// A RawFile is a bbolt file that may be damaged anywhere. Its pages are read without bbolt, which would take the first odd
// one for a reason to give up. It must not be written to meanwhile: see Hold.
type RawFile struct {
	layout
	roots  []uint64 // pages where the tree of all buckets may begin, the likeliest first
	unsure bool     // whether the first of them is that of the newest commit
}

// OpenRaw opens a file, whatever is in it.
func OpenRaw(path string) (w *RawFile, err error) {
	w = new(RawFile)
	if w.file, err = os.Open(path); err != nil {
		return nil, err
	}
	if err := w.survey(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close ends the use of the file.
func (w *RawFile) Close() error { return w.file.Close() }

// Size returns the length of the file.
func (w *RawFile) Size() int64 { return int64(w.pages) * int64(w.pageSize) }

// survey finds where the trees begin: where the newest sound page of metadata says or, when one is damaged, where a page
// looks as if a later commit had begun there.
func (w *RawFile) survey() error {
	info, err := w.file.Stat()
	if err != nil {
		return err
	}
	type state struct {
		root, txid uint64
	}
	var sound []state
	for _, size := range []int{os.Getpagesize(), 4096, 16384, 65536} {
		w.pageSize, w.pages = size, uint64(info.Size())/uint64(size)
		for id := range uint64(2) {
			b := make([]byte, pageHead+metaSize)
			if _, err := w.file.ReadAt(b, int64(id)*int64(size)); err != nil && err != io.EOF {
				return err
			}
			if checkMeta(b, id, size) == "" {
				sound = append(sound, state{order.Uint64(b[pageHead+16:]), order.Uint64(b[pageHead+48:])})
			}
		}
		if len(sound) > 0 {
			break
		}
	}
	if len(sound) == 0 {
		w.pageSize, w.pages = os.Getpagesize(), uint64(info.Size())/uint64(os.Getpagesize())
	}
	slices.SortFunc(sound, func(a, b state) int { return cmp.Compare(b.txid, a.txid) })
	for _, s := range sound {
		w.roots = append(w.roots, s.root)
	}
	if len(sound) < 2 {
		w.unsure = true
		return w.guess()
	}
	return nil
}

// guess looks through the file for pages that list buckets. The one whose buckets have come to the highest numbers is
// the newest; what the sound metadata names is believed before one that is no newer.
func (w *RawFile) guess() error {
	best, named := uint64(0), uint64(0)
	for id := uint64(2); id < w.pages; id++ {
		head, err := w.head(id)
		if err != nil {
			return err
		}
		if head.id != id || head.flags != flagLeaf || head.count == 0 {
			continue
		}
		p, err := w.page(id)
		if err != nil || slices.ContainsFunc(p.elements, func(e element) bool { return e.flags != flagBucket || len(e.value) < bucketHead }) {
			continue
		}
		sum := uint64(1)
		for _, e := range p.elements {
			sum += order.Uint64(e.value[8:])
		}
		if slices.Contains(w.roots, id) {
			named = max(named, sum)
		} else if sum > best {
			best = sum
			w.roots = slices.DeleteFunc(w.roots, func(r uint64) bool { return r == 0 })
			w.roots = append([]uint64{id}, w.roots...)
		}
	}
	if best <= named && len(w.roots) > 1 && best > 0 {
		w.roots = append(w.roots[1:], w.roots[0])
	}
	return nil
}

// Bucket passes the keys and values of a bucket to visit, in order, as far as its tree leads to sound pages. Each page
// that is not goes to bad, with whether it is where the bucket ends. That the bucket is nowhere to be found, or that a later
// commit may have added to it, is told as a bad page at its end, too. What visit gets is its own until it returns.
func (w *RawFile) Bucket(name []byte, visit func(k, v []byte) error, bad func(what string, last bool)) error {
	for i, root := range w.roots {
		var found *element
		err := w.tree(root, nil, true, 0, func(e element) error {
			if bytes.Equal(e.key, name) && e.flags == flagBucket && len(e.value) >= bucketHead {
				found = &element{key: bytes.Clone(e.key), value: bytes.Clone(e.value)}
			}
			return nil
		}, func(string, bool) {})
		if err != nil {
			return err
		}
		if found == nil {
			continue
		}
		if i > 0 || w.unsure {
			bad("the newest commit cannot be found", true)
		}
		each := func(e element) error {
			if e.flags != 0 {
				return nil
			}
			return visit(e.key, e.value)
		}
		if root := order.Uint64(found.value); root != 0 {
			return w.tree(root, nil, true, 0, each, bad)
		}
		p, err := parsePage(found.value[bucketHead:], 0)
		if err != nil {
			bad(fmt.Sprintf("bucket %s: %v", name, err), true)
		}
		for _, e := range p.elements {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	}
	bad("nothing leads to the bucket "+string(name), true)
	return nil
}

// tree walks the sound pages of a tree. last tells that the page is at its end.
func (w *RawFile) tree(id uint64, first []byte, last bool, depth int, leaf func(element) error, bad func(string, bool)) error {
	p, err := w.page(id)
	switch {
	case err != nil:
	case depth > deepest:
		err = errors.New("the tree is too deep to be one")
	case first != nil && (len(p.elements) == 0 || !bytes.Equal(first, p.elements[0].key)):
		err = errors.New("its first key is not the one that the page above it has")
	}
	if err != nil {
		bad(fmt.Sprintf("page %d: %v", id, err), last)
		return nil
	}
	for i, e := range p.elements {
		if p.leaf {
			err = leaf(e)
		} else {
			err = w.tree(e.child, e.key, last && i == len(p.elements)-1, depth+1, leaf, bad)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Scraps passes everything that looks like a key and a value to visit, from all pages of the file, in use, free, or
// damaged: for those who can tell by themselves what is of use to them. What visit gets is its own until it returns.
func (w *RawFile) Scraps(visit func(k, v []byte) error) error {
	for id := uint64(2); id < w.pages; id++ {
		elements, err := w.scraps(id)
		if err != nil {
			return err
		}
		for _, e := range elements {
			if e.flags == 0 {
				if err := visit(e.key, e.value); err != nil {
					return err
				}
				continue
			}
			if len(e.value) < bucketHead || order.Uint64(e.value) != 0 {
				continue
			}
			inner, _ := parsePage(e.value[bucketHead:], 0)
			for _, e := range inner.elements {
				if err := visit(e.key, e.value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// scraps reads what a page may have held when it was a leaf.
func (w *RawFile) scraps(id uint64) ([]element, error) {
	if p, err := w.page(id); err == nil {
		if !p.leaf {
			return nil, nil
		}
		return p.elements, nil
	}
	const most = 8 // pages; of what is damaged not more is looked for
	b := make([]byte, int(min(most, w.pages-id))*w.pageSize)
	if _, err := w.file.ReadAt(b, int64(id)*int64(w.pageSize)); err != nil && err != io.EOF {
		return nil, err
	}
	count := int(order.Uint32(b[pageHead+4:])) / pageElem // where the first key is tells how many elements stand before it
	if count == 0 || count > w.pageSize/pageElem {
		count = int(readHead(b).count)
	}
	var list []element
	for i := range count {
		if e, ok := scrap(b, i); ok {
			list = append(list, e)
		}
	}
	return list, nil
}

// scrap reads an element of a leaf wherever it says its key is.
func scrap(b []byte, i int) (e element, ok bool) {
	begin := pageHead + i*pageElem
	if begin+pageElem > len(b) {
		return e, false
	}
	flags, pos := order.Uint32(b[begin:]), uint64(begin)+uint64(order.Uint32(b[begin+4:]))
	ksize, vsize := uint64(order.Uint32(b[begin+8:])), uint64(order.Uint32(b[begin+12:]))
	if flags > flagBucket || ksize == 0 || pos+ksize+vsize > uint64(len(b)) {
		return e, false
	}
	return element{flags: flags, key: b[pos : pos+ksize], value: b[pos+ksize : pos+ksize+vsize]}, true
}
