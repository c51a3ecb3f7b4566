package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// The codecs of rows and payloads. The numbers are in the archive: they do not change.
const (
	codecPlain = 0
	codecZstd  = 1
)

// maxPlain is the largest row or payload that is read back. It bounds what a damaged length can make us allocate,
// far above what a crawl accepts.
const maxPlain = 1 << 30

// A codec packs and unpacks bytes. It may be used by several goroutines.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() codec {
	// Rows carry a CRC and payloads a SHA-256: zstd's own checksum would be four bytes for nothing.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // options that never depend on input
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPlain))
	if err != nil {
		panic(err) // likewise
	}
	return codec{enc, dec}
}

// pack appends plain to head, whose first byte becomes the number of the codec that made it smallest.
func (c codec) pack(head, plain []byte) []byte {
	packed := c.enc.EncodeAll(plain, head)
	packed[0] = codecZstd
	if len(packed)-len(head) < len(plain) {
		return packed
	}
	head[0] = codecPlain
	return append(head[:len(head):len(head)], plain...)
}

// unpack reverses pack. The result shares no memory with data.
func (c codec) unpack(number byte, data []byte) ([]byte, error) {
	switch number {
	case codecPlain:
		return bytes.Clone(data), nil
	case codecZstd:
		return c.dec.DecodeAll(data, nil)
	}
	return nil, fmt.Errorf("codec %d is not known to this program", number)
}

// rowHead is the length of what precedes a row's data: codec, CRC-32C of the plain bytes.
const rowHead = 1 + 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// packRow makes a row of a value.
func (c codec) packRow(value any) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false) // rows are read by people, and URLs are full of &
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	head := make([]byte, rowHead)
	binary.BigEndian.PutUint32(head[1:], crc32.Checksum(plain.Bytes(), castagnoli))
	return c.pack(head, plain.Bytes()), nil
}

// unpackRow reads a row into value. Any other bytes than those packed are ErrDamaged.
func (c codec) unpackRow(row []byte, value any) error {
	if len(row) < rowHead {
		return fmt.Errorf("%w: row of %d bytes", ErrDamaged, len(row))
	}
	plain, err := c.unpack(row[0], row[rowHead:])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if crc32.Checksum(plain, castagnoli) != binary.BigEndian.Uint32(row[1:]) {
		return fmt.Errorf("%w: row does not match its checksum", ErrDamaged)
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
