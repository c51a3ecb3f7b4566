package crawler

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"gongkai/extract"
)

// What reads a page may end the process, whatever bounds it: the system ends one that takes too much memory, and Go one
// whose stack overflows. Whoever starts it again reads the same page again. So a note lies in a file while a page is
// read, and one that is found when a process begins is a death. A page that has one is read alone, so that only it can
// be the cause of the next; a page that has two is not read any more, until there is another extractor.

// mostDeaths is how often the reading of a page may end the process.
const mostDeaths = 2

// noted is how long the reading of a page may take before there is a note: hardly any takes as long, and whatever ends the
// process by itself takes longer.
const noted = 50 * time.Millisecond

// errDeadly means that a page is not read as its reading has ended the process.
var errDeadly = fmt.Errorf("%w: reading it ended the process %d times", extract.ErrTooLarge, mostDeaths)

// deathsFolder lies in the archive's folder.
const deathsFolder = "reading"

// deaths knows which pages were being read when the process ended, by the SHA-256 of their bodies.
type deaths struct {
	folder string
	mu     sync.Mutex
	known  map[string]int
}

// A death is what a file says: of a page that is being read now, ending in .now, or of one whose reading has ended the
// process.
type death struct {
	Version int       `json:"version"` // of the extractor
	Deaths  int       `json:"deaths,omitempty"`
	Time    time.Time `json:"time"`
}

const nowSuffix = ".now"

// open reads the notes of earlier processes.
func (d *deaths) open(dir string, retry bool) error {
	d.folder, d.known = filepath.Join(dir, deathsFolder), map[string]int{}
	entries, err := os.ReadDir(d.folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var now []string
	for _, e := range entries {
		path := filepath.Join(d.folder, e.Name())
		var note death
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		wrong := json.Unmarshal(data, &note)
		sum, reading := strings.CutSuffix(e.Name(), nowSuffix)
		if reading && (wrong != nil || note.Version == extract.Version) { // it may have ended before it was written
			now = append(now, sum)
			continue
		}
		if wrong != nil || note.Version != extract.Version || retry {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		d.known[e.Name()] = note.Deaths
	}
	for _, sum := range now {
		if err := d.die(sum); err != nil {
			return err
		}
	}
	return nil
}

// die counts a death.
func (d *deaths) die(sum string) error {
	d.known[sum]++
	err := d.write(sum, death{Version: extract.Version, Deaths: d.known[sum], Time: time.Now().UTC()})
	return errors.Join(err, os.Remove(filepath.Join(d.folder, sum+nowSuffix)))
}

func (d *deaths) write(name string, note death) error {
	data, err := json.Marshal(note)
	if err == nil {
		err = os.MkdirAll(d.folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(d.folder, name), data, 0o644)
	}
	return err
}

// died returns how often the reading of a body has ended the process.
func (b *Budget) died(sum string) int {
	if b == nil {
		return 0
	}
	d := &b.deaths
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[sum]
}

// begin says that a body is being read, until done is called. Its error is errDeadly.
func (b *Budget) begin(sum string) (done func(), err error) {
	if b == nil || sum == "" {
		return func() {}, nil
	}
	d := &b.deaths
	if b.died(sum) >= mostDeaths {
		return nil, errDeadly
	}
	// Without a note a page that ends the process would be read once more: no reason not to read this one.
	over, there := false, false
	timer := time.AfterFunc(noted, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if there = !over; there {
			_ = d.write(sum+nowSuffix, death{Version: extract.Version, Time: time.Now().UTC()})
		}
	})
	return func() {
		timer.Stop()
		d.mu.Lock()
		defer d.mu.Unlock()
		over = true
		d.survived(sum, there)
	}, nil
}

// survived forgets a page that was read, and the note of it if there is one.
func (d *deaths) survived(sum string, there bool) {
	if there {
		os.Remove(filepath.Join(d.folder, sum+nowSuffix))
	}
	if d.known[sum] > 0 && d.known[sum] < mostDeaths {
		delete(d.known, sum)
		os.Remove(filepath.Join(d.folder, sum))
	}
}

// cost is extract.Cost for a body with a SHA-256: one whose reading ended the process takes everything, and is alone.
func (b *Budget) cost(sum string, head []byte, size int64) int64 {
	if b.died(sum) > 0 {
		return b.total
	}
	return extract.Cost(head, size)
}
