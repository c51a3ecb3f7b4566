// Package store is the archive: what portals served, as they served it, and the records read from it. It does
// not visit portals, does not read documents, and does not decide what a figure means; it keeps, finds, and
// proves that what it gives back is what it was given.
//
// Where to read on:
//
//	open.go       the layout of the file; opening it, and refusing what is none
//	capture.go    what is kept: Capture, Record, Part
//	add.go        a capture on its way in, with records.go, borrow.go, plan.go; group commits are boltfile's
//	captures.go   finding captures; records.go, brief.go, latest.go: finding records
//	log.go, tx.go the log and transactions; dictionary.go: what it takes to unpack an item
//	recordrow.go  a record as a row, and recordread.go the reader of rows
//	chain.go      the hashes over all commits
//	snapshot.go   the archive as it was at a moment
//	revision.go   how a record differs from the one before; shrinkage.go: what it has lost; choose.go: which of rivals stands
//	verify.go     proving all of it: log and chain, with verify_index.go, verify_file.go
//	rewrite.go    making another file: backup.go, compact.go, merge.go, repair.go
//	lost.go       what a repair could not bring back; origins.go: what a capture was in an archive that was merged
//
// Below it: internal/item is the form of what the log has, internal/boltfile the database, frontier what is to do, warc the
// exchange with other archives, export the tables, history what became of a page, reading the way from captures to records.
package store
