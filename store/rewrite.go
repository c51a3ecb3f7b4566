package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/atomicfile"
	"gongkai/store/internal/boltfile"
)

// Compact, repair and merge make a new file beside the old one, in a folder of their own. It is proven before it takes the
// name, and what had the name keeps another one: whatever happens in between, there is an archive, and it is whole.

// A Rewrite says how they are to work.
type Rewrite struct {
	// Watch is called now and then with what is being done, and how far it has come, 0 of 0 where nobody knows; nil: nobody
	// watches.
	Watch func(doing string, done, total uint64)
	// Stop is asked again and again: its error ends the work, and nothing has changed; nil: nobody stops it.
	Stop func() error
	// From are folders of archives, backups as a rule, that may give a repair what is damaged here.
	From []string

	step func(string) // is told of each step that a kill may come between; for tests
}

// at tells of a step.
func (o *Rewrite) at(step string) {
	if o.step != nil {
		o.step(step)
	}
}

// doing tells how far the work has come.
func (o *Rewrite) doing(what string, done, total uint64) {
	if o.Watch != nil {
		o.Watch(what, done, total)
	}
}

// stopped is what Stop says.
func (o *Rewrite) stopped() error {
	if o.Stop == nil {
		return nil
	}
	return o.Stop()
}

// reason is err, unless the work was stopped: whatever failed then, it is for that.
func (o *Rewrite) reason(err error) error {
	if stop := o.stopped(); stop != nil && err != nil {
		return stop
	}
	return err
}

// finish makes the final file of a work folder of a draft, and proves it.
func (o *Rewrite) finish(from *boltfile.File, work string) (v Verification, err error) {
	o.at("squeeze")
	o.doing("writing the new file", 0, 0)
	final := filepath.Join(work, "final")
	if err := squeeze(from, final); err != nil {
		return v, err
	}
	o.at("prove")
	o.doing("proving the new file", 0, 0)
	s, err := OpenReadOnly(final)
	if err != nil {
		return v, err
	}
	s.StopWhen(o.Stop)
	v, err = s.faultless()
	err = errors.Join(err, s.Close())
	if stop := o.stopped(); stop != nil {
		return v, stop
	}
	if err != nil {
		err = fmt.Errorf("the new file is not as it should be, and was thrown away: %w", err)
	}
	return v, err
}

// copyBucket copies a bucket as it is, if there is one.
func copyBucket(to, from *boltfile.File, name []byte) error {
	for after, done := []byte(nil), false; !done; {
		err := to.Update(func(tx *bolt.Tx) error {
			return from.View(func(source *bolt.Tx) (err error) {
				after, done, err = copySome(tx, source, name, after)
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// squeeze writes what is in a file into a new one in an empty folder, in the order of the keys and so without a gap, and
// makes that durable.
func squeeze(from *boltfile.File, dir string) error {
	to, err := openFile(dir, false)
	if err != nil {
		return err
	}
	to.DB().NoSync = true
	for _, name := range append(buckets[:len(buckets):len(buckets)], rareBuckets...) {
		if err == nil {
			err = translate(copyBucket(to, from, name))
		}
	}
	var used int64
	err = errors.Join(err, to.View(func(tx *bolt.Tx) error { used = tx.Size(); return nil }), to.Close())
	if err != nil {
		return err
	}
	return cut(filepath.Join(dir, fileName), used)
}

// cut takes from a file what it has grown ahead, and makes it durable.
func cut(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// copySome copies what follows a key in a bucket, as much as is good for one commit.
func copySome(to, from *bolt.Tx, name, after []byte) (last []byte, done bool, err error) {
	source := from.Bucket(name)
	if source == nil {
		return nil, true, nil
	}
	b, err := to.CreateBucketIfNotExists(name)
	if err != nil {
		return nil, false, err
	}
	if b.FillPercent = 1; bytes.Equal(name, urlBucket) || bytes.Equal(name, digestBucket) || bytes.Equal(name, keyBucket) {
		b.FillPercent = 0.9 // what comes later goes in between
	}
	c := source.Cursor()
	k, v := c.First()
	if after != nil {
		if k, v = c.Seek(after); bytes.Equal(k, after) {
			k, v = c.Next()
		}
	}
	for size := 0; k != nil && size < 8*batchBytes; k, v = c.Next() {
		if err := b.Put(bytes.Clone(k), bytes.Clone(v)); err != nil {
			return nil, false, err
		}
		last, size = bytes.Clone(k), size+len(k)+len(v)
	}
	return last, k == nil, b.SetSequence(source.Sequence())
}

// faultless verifies an archive wholly; its error names the first fault.
func (s *Store) faultless() (Verification, error) {
	var first string
	v, err := s.Verify(1, 1, func(f Fault) error {
		if first == "" {
			first = f.String()
		}
		return nil
	})
	if err == nil && v.Faults > 0 {
		err = fmt.Errorf("%w: %d faults, the first: %s", ErrDamaged, v.Faults, first)
	}
	return v, err
}

// workPrefix begins the names of folders in which new files are made, beside the archive, on the same disk. Whoever has
// the right to write to the archive may remove them.
const workPrefix = ".rewrite-"

// workFolder makes a folder for the work, with one for each of two files, and removes those that a kill left behind.
func workFolder(dir string) (work string, err error) {
	if err := sweep(dir); err != nil {
		return "", err
	}
	if work, err = os.MkdirTemp(dir, workPrefix+"*"); err != nil {
		return "", err
	}
	return work, errors.Join(os.Mkdir(filepath.Join(work, "draft"), 0o777), os.Mkdir(filepath.Join(work, "final"), 0o777))
}

// sweep removes what rewritings that were killed have left in a folder, to which only the caller writes, and
// new files that nobody has given their name for so long that nobody will.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, workPrefix) || strings.HasPrefix(name, atomicfile.Prefix) && abandoned(e) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
		}
	}
	return err
}

// abandoned reports whether something that takes seconds was begun an hour ago.
func abandoned(e os.DirEntry) bool {
	info, err := e.Info()
	return err == nil && time.Since(info.ModTime()) > time.Hour
}

// replace puts a new file in the place of the archive's, which keeps on under another name. At any moment there is an
// archive under the name: the old one or, when that has its second name for certain, the new one.
func replace(dir, fresh, kept string, step func(string)) error {
	name := filepath.Join(dir, fileName)
	step("link")
	if err := secondName(name, filepath.Join(dir, kept)); err != nil {
		return err
	}
	step("sync")
	if err := atomicfile.SyncDir(dir); err != nil {
		return err
	}
	step("rename")
	if err := os.Rename(fresh, name); err != nil {
		return err
	}
	step("resync")
	return atomicfile.SyncDir(dir)
}

// secondName gives a file a second name. Where the file system has no links it gets a copy.
func secondName(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
		return err
	}
	return copyFile(from, to)
}

// copyFile copies a file. The copy appears under its name when it is whole.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	f, err := atomicfile.Create(to)
	if err != nil {
		return err
	}
	if _, err := f.ReadFrom(source); err != nil {
		f.Discard()
		return err
	}
	return f.Publish()
}

// freeName returns a name for the file that is replaced: that of the archive, a word, and the day; and a number if there
// is one already.
func freeName(dir, word, day string) string {
	base := fileName + "." + word + "-" + day
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprint(base, "-", i)
		}
		if _, err := os.Lstat(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) {
			return name
		}
	}
}

func sizeOfFile(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// newDraft makes an empty archive in a work folder. Nothing of it is safe on the disk: until it is whole nobody needs it.
func newDraft(work string) (*Store, error) {
	dir := filepath.Join(work, "draft")
	if err := initialise(dir); err != nil {
		return nil, err
	}
	file, err := openFile(dir, false)
	if err != nil {
		return nil, err
	}
	file.DB().NoSync = true
	return attach(dir, file, false), nil
}
