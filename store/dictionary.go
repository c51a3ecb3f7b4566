package store

import (
	"fmt"

	"gongkai/store/internal/item"
)

// What the two caches of a store may hold: some 300 dictionaries, and some 80 pages that have just been archived.
const (
	dictBytes   = 32 << 20
	recentBytes = 8 << 20
)

// dictionaryFor returns the dictionary that an item needs, or nil.
func (t *txn) dictionaryFor(it *item.Item, depth int) (*item.Dictionary, error) {
	if it.Codec < item.CodecDict {
		return nil, nil
	}
	d, err := t.dictionary(it.Dict, it.At, depth)
	if err != nil || it.Codec != item.CodecPage {
		return d, err
	}
	if page := t.store.dicts.Get(it.Page); page != nil {
		return d.With(page, it.From, it.N)
	}
	// A page is not proven when an item borrows from it, which would take as long as the rest: the item is, by its own sum. Nor
	// is it kept: no other item is likely to need it.
	s := t.store
	room, _ := s.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	defer s.rooms.Put(room) // with copies what is needed
	page, err := t.dictionaryAt(it.Page, it.At, depth, func(it *item.Item, under *item.Dictionary) (plain []byte, err error) {
		if plain, err = s.packer.Unproven(it, under, *room); err == nil {
			*room = plain
		}
		return plain, err
	})
	if err != nil {
		return nil, err
	}
	return d.With(page, it.From, it.N)
}

// dictionary reads the item at a position, which must precede the item that needs it.
func (t *txn) dictionary(at, before item.Position, depth int) (*item.Dictionary, error) {
	if d := t.store.dicts.Get(at); d != nil {
		return d, nil
	}
	d, err := t.dictionaryAt(at, before, depth, t.store.packer.Unpack)
	if err == nil && at < t.base { // what this transaction has appended may be undone
		t.store.dicts.Put(d)
	}
	return d, err
}

func (t *txn) dictionaryAt(at, before item.Position, depth int, unpack func(*item.Item, *item.Dictionary) ([]byte, error)) (*item.Dictionary, error) {
	if at >= before || depth >= item.MaxDepth+1 {
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
	d := &item.Dictionary{At: at, Plain: plain}
	if under != nil {
		d.Depth = under.Depth + 1
	}
	return d, nil
}

// unpack returns an item's plain bytes.
func (t *txn) unpack(it *item.Item) ([]byte, error) {
	d, err := t.dictionaryFor(it, 0)
	if err != nil {
		return nil, err
	}
	return t.store.packer.Unpack(it, d)
}

// unpack returns the plain bytes of an item that was read before, outside of any transaction.
func (s *Store) unpack(it *item.Item) (plain []byte, err error) {
	if it.Codec < item.CodecDict {
		return s.packer.Unpack(it, nil)
	}
	var d *item.Dictionary
	if it.Codec == item.CodecDict {
		d = s.dicts.Get(it.Dict)
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
	return s.packer.Unpack(it, d)
}
