package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// The kinds of items in the log. The numbers are in the archive: they do not change.
const (
	itemCapture = 1 // a row: JSON Capture
	itemBody    = 2 // a payload: the body as served that a capture brought
	itemRecord  = 3 // a row: JSON Record
	itemGap     = 4 // what a repair found where an item had been, and could make nothing of
)

// The codecs of items. The numbers are in the archive: they do not change.
const (
	codecPlain = 0 // as it is
	codecZstd  = 1 // a zstd frame
	codecDict  = 2 // a zstd frame that needs a dictionary: the plain bytes of an item before it
	codecPage  = 3 // a zstd frame that needs a dictionary: the plain bytes of an item before it, and then a piece of a body
)

// An item is one thing in the log:
//
//	kind u8, codec u8, id uvarint, plain uvarint, stored uvarint,
//	dict uvarint                            of codecs 2 and 3: position of the item that is the dictionary
//	page, from, length uvarint              of codec 3: position of the body, and the piece of it
//	sum                                     of the plain bytes: SHA-256 of a payload, CRC-32C of a row
//	check CRC-32C u32                       of all that precedes it
//	data                                    as many bytes as stored says
type item struct {
	kind, codec byte
	id          uint64 // of the capture it is, belongs to or was read from
	plain       int    // bytes
	dict        position
	page        position
	from, n     int
	sum         digest // of a row, only the first four bytes
	data        []byte

	at   position // where it was read
	head int      // length of what precedes data
	size int      // of data, also when that was not read
}

// maxHead is more than any head of an item takes.
const maxHead = 2 + 7*binary.MaxVarintLen64 + sha256.Size + 4

// maxPlain is the largest row or payload that is read back. It bounds what a damaged length can make us allocate,
// far above what a crawl accepts.
const maxPlain = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumOf returns the sum by which an item of a kind proves its plain bytes.
func sumOf(kind byte, plain []byte) (d digest) {
	if kind == itemBody {
		return sha256.Sum256(plain)
	}
	binary.BigEndian.PutUint32(d[:], crc32.Checksum(plain, castagnoli))
	return d
}

func (it *item) sumSize() int {
	if it.kind == itemBody {
		return sha256.Size
	}
	return crc32.Size
}

// appendTo appends the item as it is in the log.
func (it *item) appendTo(b []byte) []byte {
	begin := len(b)
	b = append(b, it.kind, it.codec)
	b = binary.AppendUvarint(b, it.id)
	b = binary.AppendUvarint(b, uint64(it.plain))
	b = binary.AppendUvarint(b, uint64(len(it.data)))
	if it.codec >= codecDict {
		b = binary.AppendUvarint(b, uint64(it.dict))
	}
	if it.codec == codecPage {
		b = binary.AppendUvarint(b, uint64(it.page))
		b = binary.AppendUvarint(b, uint64(it.from))
		b = binary.AppendUvarint(b, uint64(it.n))
	}
	b = append(b, it.sum[:it.sumSize()]...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli))
	return append(b, it.data...)
}

// length is how much of the log the item takes.
func (it *item) length() int { return it.head + it.size }

// parseHead reads what precedes an item's data.
func parseHead(b []byte, at position) (it item, err error) {
	bad := func(what string) (item, error) {
		return item{}, fmt.Errorf("%w: no item at %d of the log: %s", ErrDamaged, at, what)
	}
	if len(b) < 2 {
		return bad("it ends there")
	}
	it = item{kind: b[0], codec: b[1], at: at}
	if it.kind < itemCapture || it.kind > itemGap || it.codec > codecPage {
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
	it.id = next()
	plain, size := next(), next()
	if it.codec >= codecDict {
		it.dict = position(next())
	}
	var from, n uint64
	if it.codec == codecPage {
		it.page, from, n = position(next()), next(), next()
	}
	sum := it.sumSize()
	if !whole || len(rest) < sum+crc32.Size {
		return bad("it is cut short")
	}
	copy(it.sum[:], rest[:sum])
	it.head = len(b) - len(rest) + sum
	if crc32.Checksum(b[:it.head], castagnoli) != binary.BigEndian.Uint32(b[it.head:]) {
		return bad("its head does not match its checksum")
	}
	it.head += crc32.Size
	if max(plain, size, from, n) > maxPlain {
		return bad("it claims too many bytes")
	}
	it.plain, it.size, it.from, it.n = int(plain), int(size), int(from), int(n)
	return it, nil
}

// item reads an item of the log.
func (t *txn) item(at position) (item, error) {
	const ahead = 2048 // most rows are read at once
	b := t.read(at, ahead)
	it, err := parseHead(b, at)
	if err != nil {
		return it, err
	}
	if it.length() <= len(b) {
		it.data = b[it.head:it.length()]
		return it, nil
	}
	it.data = t.read(at+position(it.head), it.size)
	if len(it.data) != it.size {
		return it, fmt.Errorf("%w: item at %d of the log is cut short", ErrDamaged, at)
	}
	return it, nil
}

// itemOf reads an item that must be of a kind and belong to a capture; id 0 stands for any.
func (t *txn) itemOf(at position, kind byte, id uint64) (item, error) {
	it, err := t.item(at)
	if err == nil && (it.kind != kind || id != 0 && it.id != id) {
		err = fmt.Errorf("%w: at %d of the log is another item", ErrDamaged, at)
	}
	return it, err
}

// head reads an item without its data.
func (t *txn) head(at position) (item, error) { return parseHead(t.read(at, maxHead), at) }

var errCodec = errors.New("codec is not known to this program")

// prove checks that plain is what the item was made of.
func (it *item) prove(plain []byte) error {
	if len(plain) == it.plain && sumOf(it.kind, plain) == it.sum {
		return nil
	}
	if it.kind == itemBody {
		return fmt.Errorf("%w: the bytes kept have the digest %s", ErrDamaged, sumOf(it.kind, plain))
	}
	return fmt.Errorf("%w: row does not match its checksum", ErrDamaged)
}
