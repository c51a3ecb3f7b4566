package store

import (
	"bytes"
	lru "container/list"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A dictionary is what a frame may refer to besides itself: bytes that the archive holds already.
type dictionary struct {
	at    position // of the item it is the plain bytes of
	plain []byte
	depth int // how many dictionaries it takes to read it

	page    position // with a piece of a body behind it: where that is
	from, n int
	once    bool // nothing but one item is packed with it
}

// maxDepth is how many dictionaries, one needed for the next, it may take to read an item. Losing one loses all that
// needs it, so there are few.
const maxDepth = 4

// maxDictionary and maxPacked bound what is packed with a dictionary, and so the memory of those who pack.
const (
	maxDictionary = 256 << 10
	maxPacked     = 512 << 10
)

// A packer packs and unpacks bytes. It may be used by several goroutines, and takes some 30 MB whatever the number of
// dictionaries.
type packer struct {
	whole *zstd.Encoder // without a dictionary
	plain *zstd.Decoder // likewise

	turns    chan struct{} // as many may pack with dictionaries at a time as there are processors
	mu       sync.Mutex
	encoders map[int][]*encoder // idle ones by window, the last used last
	decoders []*decoder
	rooms    sync.Pool // *[]byte, for pages that are needed for a moment
}

// An encoder is prepared for one dictionary: to prepare it for another takes as long as to pack a page. It is used as a
// stream, because the package would prepare it twice for EncodeAll.
type encoder struct {
	*zstd.Encoder
	dict   key
	window int
	out    bytes.Buffer
}

type decoder struct {
	*zstd.Decoder
	dict key
}

// A key tells dictionaries apart.
type key struct {
	at, page position
	from, n  int
}

func (d *dictionary) key() key { return key{d.at + 1, d.page, d.from, d.n} } // the zero one is nobody's

// mostIdle is how many encoders, and mostDecoders how many decoders, wait for the same dictionary to come again.
const (
	mostIdle     = 16
	mostDecoders = 8
)

func newPacker() *packer {
	// Rows carry a CRC and payloads a SHA-256: zstd's own checksum would be four bytes for nothing.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // options that never depend on input
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPlain))
	if err != nil {
		panic(err) // likewise
	}
	return &packer{whole: enc, plain: dec, turns: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), encoders: make(map[int][]*encoder)}
}

// pack makes an item's data of its plain bytes, with a dictionary or, if that is nil, without.
func (p *packer) pack(it *item, plain []byte, d *dictionary) {
	it.plain, it.sum = len(plain), sumOf(it.kind, plain)
	p.repack(it, plain, d)
}

// repack is pack for an item that is proven to have those plain bytes.
func (p *packer) repack(it *item, plain []byte, d *dictionary) {
	it.dict, it.page, it.from, it.n = 0, 0, 0, 0
	var packed []byte
	if d == nil {
		it.codec = codecZstd
		packed = p.whole.EncodeAll(plain, make([]byte, 0, len(plain)/4+64))
	} else {
		it.codec, it.dict = codecDict, d.at
		if d.n > 0 {
			it.codec, it.page, it.from, it.n = codecPage, d.page, d.from, d.n
		}
		packed = p.encode(plain, d)
	}
	if len(packed) >= len(plain) {
		it.codec, it.dict, it.page, it.from, it.n = codecPlain, 0, 0, 0, 0
		packed = plain
	}
	it.data, it.size = packed, len(packed)
}

// encode is worth the fastest level only: what a dictionary holds is found at any.
func (p *packer) encode(plain []byte, d *dictionary) []byte {
	p.turns <- struct{}{}
	defer func() { <-p.turns }()
	e := p.encoder(d, len(plain))
	if len(plain) > blockSize {
		e.ResetContentSize(&e.out, int64(len(plain)))
	}
	_, err := e.Write(plain)
	if err = errors.Join(err, e.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	packed := bytes.Clone(e.out.Bytes())
	p.release(e, d)
	return packed
}

// blockSize is that of zstd: what is not longer has its length in the frame's head anyway.
const blockSize = 128 << 10

// windowFor returns how far back an encoder must see, a power of two: its memory depends on it.
func windowFor(d *dictionary, n int) int {
	return max(1<<bits.Len(uint(len(d.plain)+n)), blockSize)
}

// encoder returns one that is prepared for a dictionary and n bytes: an idle one that is, or the one that has been idle
// for longest, or a new one.
func (p *packer) encoder(d *dictionary, n int) *encoder {
	window := windowFor(d, n)
	e := p.idle(window, d.key())
	if e == nil {
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true), zstd.WithEncoderDictRaw(0, d.plain))
		if err != nil {
			panic(err) // options that never depend on input
		}
		e = &encoder{Encoder: enc, dict: d.key(), window: window}
	}
	e.out.Reset()
	if e.dict == d.key() {
		e.Reset(&e.out)
	} else if err := e.ResetWithOptions(&e.out, zstd.WithEncoderDictRaw(0, d.plain)); err != nil {
		panic(err) // likewise
	}
	e.dict = d.key()
	return e
}

// idle takes an encoder with a window out of those that are idle; nil when there are few.
func (p *packer) idle(window int, dict key) *encoder {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.encoders[window]
	e := takeIdle(&list, func(e *encoder) bool { return e.dict == dict })
	if e == nil {
		e = takeIdle(&list, func(e *encoder) bool { return e.dict == key{} || len(list) >= mostIdle })
	}
	p.encoders[window] = list
	return e
}

// release gives an encoder back. One with a dictionary that will not come again is the next to be prepared for another.
func (p *packer) release(e *encoder, d *dictionary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.encoders[e.window]; d.once {
		e.dict = key{}
		p.encoders[e.window] = slices.Insert(list, 0, e)
	} else {
		p.encoders[e.window] = append(list, e)
	}
}

// takeIdle takes the first that fits out of a list; nil when none does.
func takeIdle[T any](list *[]*T, fits func(*T) bool) *T {
	for i, e := range *list {
		if fits(e) {
			*list = append((*list)[:i], (*list)[i+1:]...)
			return e
		}
	}
	return nil
}

// unpack returns an item's plain bytes, proven to be those it was made of. They share no memory with the item.
func (p *packer) unpack(it *item, d *dictionary) ([]byte, error) {
	plain, err := p.unproven(it, d, nil)
	if err != nil {
		return nil, err
	}
	return plain, it.prove(plain)
}

// unproven is unpack for bytes of which something else will tell whether they are right. They are put into dst, if that is
// large enough.
func (p *packer) unproven(it *item, d *dictionary, dst []byte) (plain []byte, err error) {
	if room := it.room(); cap(dst) < room {
		dst = make([]byte, 0, room)
	}
	switch {
	case it.codec == codecPlain:
		plain = append(dst[:0], it.data...)
	case d == nil:
		plain, err = p.plain.DecodeAll(it.data, dst[:0])
	default:
		plain, err = p.decode(it, d, dst[:0])
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, nil
}

// room is how much memory an item's plain bytes are worth at once: a damaged length must not cost a gigabyte.
func (it *item) room() int { return min(it.plain, 64*len(it.data)+1024) + 16 }

func (p *packer) decode(it *item, d *dictionary, dst []byte) ([]byte, error) {
	p.mu.Lock()
	e := takeIdle(&p.decoders, func(e *decoder) bool { return e.dict == d.key() })
	if e == nil && len(p.decoders) >= mostDecoders {
		e = takeIdle(&p.decoders, func(*decoder) bool { return true })
	}
	p.mu.Unlock()
	var err error
	switch {
	case e == nil:
		e = new(decoder)
		e.Decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderDictRaw(0, d.plain))
	case e.dict != d.key():
		err = e.ResetWithOptions(nil, zstd.WithDecoderDictRaw(0, d.plain))
	}
	if err != nil {
		return nil, err
	}
	e.dict = d.key()
	plain, err := e.DecodeAll(it.data, dst)
	p.mu.Lock()
	if len(p.decoders) < 2*mostDecoders {
		p.decoders = append(p.decoders, e)
	}
	p.mu.Unlock()
	return plain, err
}

// A shelf keeps the dictionaries that were used last, up to a number of bytes. Several goroutines may use it.
type shelf struct {
	room  int
	mu    sync.Mutex
	byAt  map[position]*lru.Element
	order *lru.List // of *dictionary, last used first
	bytes int
}

// What is on the shelves: some 300 dictionaries, and some 80 pages that have just been archived.
const (
	shelfBytes  = 32 << 20
	recentBytes = 8 << 20
)

func newShelf(room int) *shelf {
	return &shelf{room: room, byAt: make(map[position]*lru.Element), order: lru.New()}
}

func (s *shelf) get(at position) *dictionary {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byAt[at]
	if e == nil {
		return nil
	}
	s.order.MoveToFront(e)
	return e.Value.(*dictionary)
}

func (s *shelf) put(d *dictionary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byAt[d.at] != nil {
		return
	}
	s.byAt[d.at] = s.order.PushFront(d)
	for s.bytes += len(d.plain); s.bytes > s.room && s.order.Len() > 1; {
		last := s.order.Remove(s.order.Back()).(*dictionary)
		delete(s.byAt, last.at)
		s.bytes -= len(last.plain)
	}
}

// dictionaryFor returns the dictionary that an item needs, or nil.
func (t *txn) dictionaryFor(it *item, depth int) (*dictionary, error) {
	if it.codec < codecDict {
		return nil, nil
	}
	d, err := t.dictionary(it.dict, it.at, depth)
	if err != nil || it.codec != codecPage {
		return d, err
	}
	if page := t.store.shelf.get(it.page); page != nil {
		return d.with(page, it.from, it.n)
	}
	// A page is not proven when an item borrows from it, which would take as long as the rest: the item is, by its own sum. Nor
	// is it kept: no other item is likely to need it.
	p := t.store.packer
	room, _ := p.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	defer p.rooms.Put(room) // with copies what is needed
	page, err := t.dictionaryAt(it.page, it.at, depth, func(it *item, under *dictionary) (plain []byte, err error) {
		if plain, err = p.unproven(it, under, *room); err == nil {
			*room = plain
		}
		return plain, err
	})
	if err != nil {
		return nil, err
	}
	return d.with(page, it.from, it.n)
}

// with returns the dictionary with a piece of a page behind it.
func (d *dictionary) with(page *dictionary, from, n int) (*dictionary, error) {
	if from < 0 || n < 0 || from+n > len(page.plain) {
		return nil, fmt.Errorf("%w: an item needs more of the page at %d than there is", ErrDamaged, page.at)
	}
	return &dictionary{at: d.at, plain: slicesConcat(d.plain, page.plain[from:from+n]), depth: max(d.depth, page.depth), page: page.at, from: from, n: n}, nil
}

// dictionary reads the item at a position, which must precede the item that needs it.
func (t *txn) dictionary(at, before position, depth int) (*dictionary, error) {
	if d := t.store.shelf.get(at); d != nil {
		return d, nil
	}
	d, err := t.dictionaryAt(at, before, depth, t.store.packer.unpack)
	if err == nil && at < t.base { // what this transaction has appended may be undone
		t.store.shelf.put(d)
	}
	return d, err
}

func (t *txn) dictionaryAt(at, before position, depth int, unpack func(*item, *dictionary) ([]byte, error)) (*dictionary, error) {
	if at >= before || depth >= maxDepth+1 {
		return nil, fmt.Errorf("%w: the dictionary at %d is none for the item at %d", ErrDamaged, at, before)
	}
	it, err := t.item(at)
	if err != nil {
		return nil, fmt.Errorf("dictionary: %w", err)
	}
	under, err := t.dictionaryFor(&it, depth+1)
	if err != nil {
		return nil, err
	}
	plain, err := unpack(&it, under)
	if err != nil {
		return nil, fmt.Errorf("dictionary at %d: %w", at, err)
	}
	d := &dictionary{at: at, plain: plain}
	if under != nil {
		d.depth = under.depth + 1
	}
	return d, nil
}

// unpack returns an item's plain bytes.
func (t *txn) unpack(it *item) ([]byte, error) {
	d, err := t.dictionaryFor(it, 0)
	if err != nil {
		return nil, err
	}
	return t.store.packer.unpack(it, d)
}

// unpack returns the plain bytes of an item that was read before, outside of any transaction.
func (s *Store) unpack(it *item) (plain []byte, err error) {
	if it.codec < codecDict {
		return s.packer.unpack(it, nil)
	}
	var d *dictionary
	if it.codec == codecDict {
		d = s.shelf.get(it.dict)
	}
	if d == nil {
		err = s.view(func(t *txn) error {
			d, err = t.dictionaryFor(it, 0)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return s.packer.unpack(it, d)
}

// rowOf returns the plain bytes of a row: the JSON of a value, in one line.
func rowOf(value any) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false) // rows are read by people, and URLs are full of &
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(plain.Bytes(), []byte("\n")), nil
}

// parseRow reads a row into value.
func parseRow(plain []byte, value any) error {
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
