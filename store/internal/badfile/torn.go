package badfile

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
)

// sector is what a disk writes wholly or not at all.
const sector = 512

// An Image is what a file may hold after power was lost during a commit.
type Image struct {
	Name string
	File []byte // belongs to the loop, until it goes on
	Done bool   // all was written but for the last page, and perhaps that: the commit may show
}

// Torn yields images of a bbolt file, of which it is given what it held before a commit and after it. As long as the pages
// of the commit are not synced, any of them may have been written, in any order, wholly or in part, and the file may have
// grown or not: some subsets by rule, and so many at random. When they are, so may be any part of the page that makes them
// valid.
func Torn(before, after []byte, pageSize, random int) iter.Seq[Image] {
	c := torn{before: before, after: after, size: pageSize, image: make([]byte, 0, len(after))}
	for p := 0; p*pageSize < len(after); p++ {
		switch {
		case bytes.Equal(c.page(before, p), c.page(after, p)):
		case p < 2:
			c.meta = p
		default:
			c.dirty = append(c.dirty, p)
		}
	}
	return func(yield func(Image) bool) {
		_ = c.unsynced(yield, random) && c.synced(yield)
	}
}

// A torn is a commit.
type torn struct {
	before, after []byte
	size          int
	dirty         []int // pages that it writes
	meta          int   // the page that makes them valid
	image         []byte
}

func (c *torn) page(file []byte, p int) []byte {
	return file[min(p*c.size, len(file)):min((p+1)*c.size, len(file))]
}

// begin begins an image with the file as it was, grown or not.
func (c *torn) begin(grown bool) {
	c.image = append(c.image[:0], c.before...)
	if grown && len(c.after) > len(c.before) {
		c.image = append(c.image, make([]byte, len(c.after)-len(c.before))...)
	}
}

// write writes so many bytes of a page, from its beginning or up to its end. What is behind the end of a file that has
// not grown gets lost.
func (c *torn) write(p, n int, fromEnd bool) {
	from, to := p*c.size, p*c.size+n
	if fromEnd {
		from, to = (p+1)*c.size-n, (p+1)*c.size
	}
	if to <= len(c.image) && to <= len(c.after) {
		copy(c.image[from:to], c.after[from:to])
	}
}

// unsynced yields images of which the last page is the old one.
func (c *torn) unsynced(yield func(Image) bool, random int) bool {
	n := len(c.dirty)
	subset := func(name string, length func(i int) (n int, fromEnd bool)) bool {
		for _, grown := range []bool{true, false} {
			c.begin(grown)
			for i, p := range c.dirty {
				length, fromEnd := length(i)
				c.write(p, length, fromEnd)
			}
			if !yield(Image{Name: fmt.Sprint(name, ", grown ", grown), File: c.image}) {
				return false
			}
			if len(c.before) == len(c.after) {
				break
			}
		}
		return true
	}
	whole := func(yes bool) (int, bool) {
		if yes {
			return c.size, false
		}
		return 0, false
	}
	if !subset("first halves", func(int) (int, bool) { return c.size / 2, false }) || !subset("second halves", func(int) (int, bool) { return c.size / 2, true }) {
		return false
	}
	for k := range n + 1 {
		if !subset(fmt.Sprint("first ", k), func(i int) (int, bool) { return whole(i < k) }) ||
			!subset(fmt.Sprint("last ", k), func(i int) (int, bool) { return whole(i >= n-k) }) ||
			!subset(fmt.Sprint("all but number ", k), func(i int) (int, bool) { return whole(i != k) }) {
			return false
		}
	}
	for k := range random {
		r := rand.New(rand.NewPCG(5, uint64(k)))
		if !subset(fmt.Sprint("random ", k), func(int) (int, bool) {
			if k%2 == 0 {
				return whole(r.IntN(2) == 0)
			}
			return sector * r.IntN(c.size/sector+1), r.IntN(2) == 0
		}) {
			return false
		}
	}
	return true
}

// synced yields images with all pages, and a part of the last one: even a part of a sector.
func (c *torn) synced(yield func(Image) bool) bool {
	for n := 0; n <= c.size; {
		c.begin(true)
		for _, p := range c.dirty {
			c.write(p, c.size, false)
		}
		c.write(c.meta, n, false)
		if !yield(Image{Name: fmt.Sprint("synced, ", n, " bytes of page ", c.meta), File: c.image, Done: true}) {
			return false
		}
		if n < 128 { // what counts in it
			n += 8
		} else {
			n += sector - n%sector
		}
	}
	return true
}

// Lost yields images in which one page of a commit was never written though the disk had said so.
func Lost(before, after []byte, pageSize int) iter.Seq[Image] {
	return func(yield func(Image) bool) {
		for p := 2; p*pageSize < len(after); p++ {
			was, is := make([]byte, pageSize), after[p*pageSize:(p+1)*pageSize]
			copy(was, before[min(p*pageSize, len(before)):])
			if bytes.Equal(was, is) {
				continue
			}
			image := bytes.Clone(after)
			copy(image[p*pageSize:], was)
			if !yield(Image{Name: fmt.Sprint("page ", p, " was lost"), File: image, Done: true}) {
				return
			}
		}
	}
}
