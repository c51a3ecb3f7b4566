package extract

import (
	"bytes"

	"gongkai/extract/markup"
	"gongkai/extract/pdf"
)

// Cost says how much memory reading a body takes at most, with the body itself and what it is packed and decoded to. It
// has so many bytes and begins with head, of which the first kilobyte tells enough. A hostile page of 4 bytes a tag comes
// close to it, others stay far below.
func Cost(head []byte, size int64) int64 {
	const fixed = 256 << 10
	cost := fixed + 4*size + min(64*size, markup.MostWeight+markup.MostMarkup*4)
	switch head = head[:min(len(head), 1024)]; {
	case bytes.Contains(head, []byte("%PDF-")):
		cost = fixed + 4*size + pdf.MaxMemory + markup.MostWeight/2
	case bytes.HasPrefix(head, []byte("PK\x03\x04")): // a Word file is far larger than it is packed
		cost = fixed + 4*size + markup.MostWeight + markup.MostMarkup*4
	}
	return cost
}

// MostCost is Cost for a body of which only the length is known, and which may be packed.
func MostCost(size int64) int64 {
	return max(Cost(nil, size), Cost([]byte("%PDF-"), size), Cost([]byte("PK\x03\x04"), size))
}
