package item

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A Dictionary is what a frame may refer to besides itself: bytes that the archive holds already.
type Dictionary struct {
	At    Position // of the item it is the plain bytes of
	Plain []byte
	Depth int // how many dictionaries it takes to read it

	Page    Position // with a piece of a body behind it: where that is
	From, N int
	Once    bool // nothing but one item is packed with it
}

// MaxDepth is how many dictionaries, one needed for the next, it may take to read an item. Losing one loses all that
// needs it, so there are few.
const MaxDepth = 4

// MaxDictionary bounds what a dictionary is made of, and so the memory of those who pack.
const MaxDictionary = 256 << 10

// A Packer packs and unpacks bytes. It may be used by several goroutines, and takes some 30 MB whatever the number of
// dictionaries.
type Packer struct {
	whole *zstd.Encoder // without a dictionary
	plain *zstd.Decoder // of items without a dictionary

	turns    chan struct{} // as many may pack with dictionaries at a time as there are processors
	mu       sync.Mutex
	encoders map[int][]*encoder // idle ones by window, the last used last
	decoders []*decoder
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
	at, page Position
	from, n  int
}

func (d *Dictionary) key() key { return key{d.At + 1, d.Page, d.From, d.N} } // the zero one is nobody's

// mostIdle is how many encoders, and mostDecoders how many decoders, wait for the same dictionary to come again.
const (
	mostIdle     = 16
	mostDecoders = 8
)

// NewPacker returns a packer that needs no closing.
func NewPacker() *Packer {
	// Rows carry a CRC and payloads a SHA-256: zstd's own checksum would be four bytes for nothing.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // options that never depend on input
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(MaxPlain))
	if err != nil {
		panic(err) // options that never depend on input
	}
	return &Packer{whole: enc, plain: dec, turns: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), encoders: make(map[int][]*encoder)}
}

// Pack makes an item's data, codec and sum of its plain bytes, with a dictionary or, if that is nil, without. The data may be
// the plain bytes themselves, where packing saves nothing.
func (p *Packer) Pack(it *Item, plain []byte, d *Dictionary) {
	it.Plain, it.Sum = len(plain), SumOf(it.Kind, plain)
	p.Repack(it, plain, d)
}

// Repack is Pack for an item that is proven to have those plain bytes.
func (p *Packer) Repack(it *Item, plain []byte, d *Dictionary) {
	it.Dict, it.Page, it.From, it.N = 0, 0, 0, 0
	var packed []byte
	if d == nil {
		it.Codec = CodecZstd
		packed = p.whole.EncodeAll(plain, make([]byte, 0, len(plain)/4+64))
	} else {
		it.Codec, it.Dict = CodecDict, d.At
		if d.N > 0 {
			it.Codec, it.Page, it.From, it.N = CodecPage, d.Page, d.From, d.N
		}
		packed = p.encode(plain, d)
	}
	if len(packed) >= len(plain) {
		it.Codec, it.Dict, it.Page, it.From, it.N = CodecPlain, 0, 0, 0, 0
		packed = plain
	}
	it.Data, it.Size = packed, len(packed)
}

// encode is worth the fastest level only: what a dictionary holds is found at any.
func (p *Packer) encode(plain []byte, d *Dictionary) []byte {
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
func windowFor(d *Dictionary, n int) int {
	return max(1<<bits.Len(uint(len(d.Plain)+n)), blockSize)
}

// encoder returns one that is prepared for a dictionary and n bytes: an idle one that is, or the one that has been idle
// for longest, or a new one.
func (p *Packer) encoder(d *Dictionary, n int) *encoder {
	window := windowFor(d, n)
	e := p.idle(window, d.key())
	if e == nil {
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true), zstd.WithEncoderDictRaw(0, d.Plain))
		if err != nil {
			panic(err) // options that never depend on input
		}
		e = &encoder{Encoder: enc, dict: d.key(), window: window}
	}
	e.out.Reset()
	if e.dict == d.key() {
		e.Reset(&e.out)
	} else if err := e.ResetWithOptions(&e.out, zstd.WithEncoderDictRaw(0, d.Plain)); err != nil {
		panic(err) // options that never depend on input
	}
	e.dict = d.key()
	return e
}

// idle takes an encoder with a window out of those that are idle; nil when there are few.
func (p *Packer) idle(window int, dict key) *encoder {
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
func (p *Packer) release(e *encoder, d *Dictionary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.encoders[e.window]; d.Once {
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

// Unpack returns an item's plain bytes, proven to be those it was made of. They share no memory with the item.
func (p *Packer) Unpack(it *Item, d *Dictionary) ([]byte, error) {
	plain, err := p.Unproven(it, d, nil)
	if err != nil {
		return nil, err
	}
	return plain, it.Prove(plain)
}

// Unproven is Unpack for bytes of which something else will tell whether they are right. They are put into dst, if that is
// large enough.
func (p *Packer) Unproven(it *Item, d *Dictionary, dst []byte) (plain []byte, err error) {
	if room := it.room(); cap(dst) < room {
		dst = make([]byte, 0, room)
	}
	switch {
	case it.Codec == CodecPlain:
		plain = append(dst[:0], it.Data...)
	case d == nil:
		plain, err = p.plain.DecodeAll(it.Data, dst[:0])
	default:
		plain, err = p.decode(it, d, dst[:0])
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, nil
}

// room is how much memory an item's plain bytes are worth at once: a damaged length must not cost a gigabyte.
func (it *Item) room() int { return min(it.Plain, 64*len(it.Data)+1024) + 16 }

func (p *Packer) decode(it *Item, d *Dictionary, dst []byte) ([]byte, error) {
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
		e.Decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(MaxPlain), zstd.WithDecoderDictRaw(0, d.Plain))
	case e.dict != d.key():
		err = e.ResetWithOptions(nil, zstd.WithDecoderDictRaw(0, d.Plain))
	}
	if err != nil {
		return nil, err
	}
	e.dict = d.key()
	plain, err := e.DecodeAll(it.Data, dst)
	p.mu.Lock()
	if len(p.decoders) < 2*mostDecoders {
		p.decoders = append(p.decoders, e)
	}
	p.mu.Unlock()
	return plain, err
}

// With returns the dictionary with a piece of a page behind it. ErrDamaged when the page has no such piece.
func (d *Dictionary) With(page *Dictionary, from, n int) (*Dictionary, error) {
	if from < 0 || n < 0 || from+n > len(page.Plain) {
		return nil, fmt.Errorf("%w: an item needs more of the page at %d than there is", ErrDamaged, page.At)
	}
	return &Dictionary{At: d.At, Plain: slices.Concat(d.Plain, page.Plain[from:from+n]), Depth: max(d.Depth, page.Depth), Page: page.At, From: from, N: n}, nil
}
