package pace

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestLockRanks: whoever goes first has the lock first, whenever they come, and finds the clock as it was left.
func TestLockRanks(t *testing.T) {
	traffic, err := OpenTraffic(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer traffic.Close()
	synctest.Test(t, func(t *testing.T) {
		first, err := traffic.Lock(t.Context(), "a.gov.cn", Backfill)
		if err != nil {
			t.Fatal(err)
		}
		var order []Rank
		for _, r := range []Rank{Backfill, Nightly, Guest} {
			go func() {
				lock, err := traffic.Lock(t.Context(), "a.gov.cn", r)
				if err != nil {
					t.Error(err)
					return
				}
				defer lock.Unlock()
				order = append(order, r)
				if host, _, err := lock.Host(); err != nil || host.Strikes != 4 {
					t.Errorf("rank %d finds %+v, %v", r, host, err)
				}
			}()
			synctest.Wait()
			if wanted, _ := first.Wanted(); wanted != (r > Backfill) {
				t.Errorf("wanted by rank %d: %v", r, wanted)
			}
		}
		clock := Clock{Delay: time.Second}
		clock.Host.Strikes = 4
		if err := first.Keep(clock.Host); err != nil {
			t.Fatal(err)
		}
		first.Unlock()
		synctest.Wait()
		if len(order) != 3 || order[0] != Guest || order[1] != Nightly || order[2] != Backfill {
			t.Errorf("the order was %v", order)
		}
	})
}
