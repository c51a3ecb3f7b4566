// Package item is the form in which the archive's log has things: how an item is laid out, proven, packed against its
// neighbours, and unpacked. It neither keeps items nor finds them: that is the archive's part.
package item

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
)

// The kinds of items in the log. The numbers are in the archive: they do not change.
const (
	Capture = 1 // a row: JSON Capture
	Body    = 2 // a payload: the body as served that a capture brought
	Record  = 3 // a row: JSON Record
	Gap     = 4 // what a repair found where an item had been, and could make nothing of
)

// The codecs of items. The numbers are in the archive: they do not change.
const (
	CodecPlain = 0 // as it is
	CodecZstd  = 1 // a zstd frame
	CodecDict  = 2 // a zstd frame that needs a dictionary: the plain bytes of an item before it
	CodecPage  = 3 // a zstd frame that needs a dictionary: the plain bytes of an item before it, and then a piece of a body
)

// A Position is a place in the log, counted in bytes from its beginning.
type Position uint64

// Key is the position as the indexes have it: big-endian, so that keys ascend as positions do.
func (p Position) Key() []byte { return binary.BigEndian.AppendUint64(nil, uint64(p)) }

// An Item is one thing in the log:
//
//	kind u8, codec u8, id uvarint, plain uvarint, stored uvarint,
//	dict uvarint                            of codecs 2 and 3: position of the item that is the dictionary
//	page, from, length uvarint              of codec 3: position of the body, and the piece of it
//	sum                                     of the plain bytes: SHA-256 of a payload, CRC-32C of a row
//	check CRC-32C u32                       of all that precedes it
//	data                                    as many bytes as stored says
type Item struct {
	Kind, Codec byte
	ID          uint64 // of the capture it is, belongs to or was read from
	Plain       int    // bytes
	Dict        Position
	Page        Position
	From, N     int
	Sum         Digest // of a row, only the first four bytes
	Data        []byte

	At   Position // where it was read
	Head int      // length of what precedes data
	Size int      // of data, also when that was not read
}

// ErrDamaged means that an item is not what was put into the log.
var ErrDamaged = errors.New("archive is damaged")

// MaxHead is more than any head of an item takes.
const MaxHead = 2 + 7*binary.MaxVarintLen64 + sha256.Size + 4

// MaxPlain is the largest row or payload that is read back. It bounds what a damaged length can make us allocate,
// far above what a crawl accepts.
const MaxPlain = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SumOf returns the sum by which an item of a kind proves its plain bytes.
func SumOf(kind byte, plain []byte) (d Digest) {
	if kind == Body {
		return sha256.Sum256(plain)
	}
	binary.BigEndian.PutUint32(d[:], crc32.Checksum(plain, castagnoli))
	return d
}

func (it *Item) sumSize() int {
	if it.Kind == Body {
		return sha256.Size
	}
	return crc32.Size
}

// AppendTo appends the item as it is in the log.
func (it *Item) AppendTo(b []byte) []byte {
	begin := len(b)
	b = append(b, it.Kind, it.Codec)
	b = binary.AppendUvarint(b, it.ID)
	b = binary.AppendUvarint(b, uint64(it.Plain))
	b = binary.AppendUvarint(b, uint64(len(it.Data)))
	if it.Codec >= CodecDict {
		b = binary.AppendUvarint(b, uint64(it.Dict))
	}
	if it.Codec == CodecPage {
		b = binary.AppendUvarint(b, uint64(it.Page))
		b = binary.AppendUvarint(b, uint64(it.From))
		b = binary.AppendUvarint(b, uint64(it.N))
	}
	b = append(b, it.Sum[:it.sumSize()]...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli))
	return append(b, it.Data...)
}

// Length is how much of the log the item takes.
func (it *Item) Length() int { return it.Head + it.Size }

// ParseHead reads what precedes the data of the item at a position, of which b has the beginning. It leaves Data out. ErrDamaged when
// there is no item, or a head that does not match its checksum.
func ParseHead(b []byte, at Position) (it Item, err error) {
	bad := func(what string) (Item, error) {
		return Item{}, fmt.Errorf("%w: no item at %d of the log: %s", ErrDamaged, at, what)
	}
	if len(b) < 2 {
		return bad("it ends there")
	}
	it = Item{Kind: b[0], Codec: b[1], At: at}
	if it.Kind < Capture || it.Kind > Gap || it.Codec > CodecPage {
		return bad("unknown kind or codec")
	}
	rest := b[2:]
	whole := true
	next := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			whole = false
			return 0
		}
		rest = rest[n:]
		return v
	}
	it.ID = next()
	plain, size := next(), next()
	if it.Codec >= CodecDict {
		it.Dict = Position(next())
	}
	var from, n uint64
	if it.Codec == CodecPage {
		it.Page, from, n = Position(next()), next(), next()
	}
	sum := it.sumSize()
	if !whole || len(rest) < sum+crc32.Size {
		return bad("it is cut short")
	}
	copy(it.Sum[:], rest[:sum])
	it.Head = len(b) - len(rest) + sum
	if crc32.Checksum(b[:it.Head], castagnoli) != binary.BigEndian.Uint32(b[it.Head:]) {
		return bad("its head does not match its checksum")
	}
	it.Head += crc32.Size
	if max(plain, size, from, n) > MaxPlain {
		return bad("it claims too many bytes")
	}
	it.Plain, it.Size, it.From, it.N = int(plain), int(size), int(from), int(n)
	return it, nil
}

// Prove returns an ErrDamaged unless plain is what the item was made of.
func (it *Item) Prove(plain []byte) error {
	if len(plain) == it.Plain && SumOf(it.Kind, plain) == it.Sum {
		return nil
	}
	if it.Kind == Body {
		return fmt.Errorf("%w: the bytes kept have the digest %s", ErrDamaged, SumOf(it.Kind, plain))
	}
	return fmt.Errorf("%w: row does not match its checksum", ErrDamaged)
}

// A Digest is the SHA-256 of a body as served.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads a digest in hexadecimal.
func ParseDigest(s string) (Digest, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		return Digest{}, fmt.Errorf("%q is not a SHA-256", s)
	}
	return Digest(b), nil
}
