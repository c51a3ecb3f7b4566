package boltfile

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// disk counts commits, each of which takes a millisecond.
type disk struct{ commits, changes int }

func (d *disk) commit(change func(*disk) error) error {
	time.Sleep(time.Millisecond)
	before := *d
	if err := change(d); err != nil {
		*d = before
		return err
	}
	d.commits++
	return nil
}

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(disk)
		g := NewGroup(d.commit)
		began := time.Now()
		for range 100 {
			if err := g.Do(func(d *disk) error { d.changes++; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if d.commits != 100 || time.Since(began) != 100*time.Millisecond {
			t.Errorf("one after the other: %d commits in %v", d.commits, time.Since(began))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d := new(disk)
		g := NewGroup(d.commit)
		bad := errors.New("bad")
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for n := range 50 {
					time.Sleep(time.Duration(i+1) * 100 * time.Microsecond) // each reads at its own pace
					want := error(nil)
					if i == 7 && n%10 == 3 {
						want = bad
					}
					if err := g.Do(func(d *disk) error { d.changes++; return want }); err != want {
						t.Errorf("got %v, want %v", err, want)
					}
				}
			})
		}
		wg.Wait()
		if d.changes != 20*50-5 || d.commits > 150 {
			t.Errorf("many at once: %d changes in %d commits", d.changes, d.commits)
		}
	})
}
