package reading

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
	"gongkai/extract/markup"
	"gongkai/store"
)

// What reads a page may end the process, whatever bounds it: the system ends one that takes too much memory, and Go one
// whose stack overflows. Whoever starts it again reads the same page again. So a note lies in a file while a page is
// read, and one that is found when a process begins is a death. A page that has one is read alone, so that only it can
// be the cause of the next; a page that has two is not read for a while, or until there is another extractor.
// Somebody else may have ended the process each time, so a page that is read after all has no death any more.

// mostDeaths is how often the reading of a page may end the process until it is not read for firstRest, and twice as
// long with each death more.
const (
	mostDeaths = 2
	firstRest  = 7 * 24 * time.Hour
	mostRest   = 8 // times that the rest is doubled at most
)

// noted is how long the reading of a page may take before there is a note: hardly any takes as long, and whatever ends the
// process by itself takes longer.
const noted = 50 * time.Millisecond

// errDeadly means that a page is not read as its reading has ended the process.
var errDeadly = fmt.Errorf("%w: reading it ended the process twice or more", markup.ErrTooLarge)

// deathsFolder lies in the archive's folder.
const deathsFolder = "reading"

// What is done with a page, one after the other: that the one did not end the process says nothing of the other.
const (
	stageParse   stage = ""
	stageListing stage = ".listing"
	stageReport  stage = ".report" // found in what was parsed
)

type stage string

// deaths knows which pages were being read when the process ended, by the SHA-256 of their bodies with the stage.
type deaths struct {
	folder string
	mu     sync.Mutex
	known  map[string]death
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
	d.folder, d.known = filepath.Join(dir, deathsFolder), map[string]death{}
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
		d.known[e.Name()] = note
	}
	for _, name := range now {
		if err := d.die(name, len(now) == 1); err != nil {
			return err
		}
	}
	return nil
}

// die counts a death. Of several pages that were being read nobody knows which it was: that is no second death of any.
func (d *deaths) die(name string, alone bool) error {
	note := d.known[name]
	if note.Deaths == 0 || alone {
		note.Deaths++
	}
	note.Version, note.Time = extract.Version, time.Now().UTC()
	d.known[name] = note
	return errors.Join(d.write(name, note), os.Remove(filepath.Join(d.folder, name+nowSuffix)))
}

// rests reports whether a page is not read now.
func (n death) rests() bool {
	return n.Deaths >= mostDeaths && time.Since(n.Time).Abs() < firstRest<<min(n.Deaths-mostDeaths, mostRest)
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

// Died returns how often the reading of a body has ended the process, and whether it is not read now.
func (b *Budget) Died(sum string) (n int, rests bool) {
	if b == nil {
		return 0, false
	}
	d := &b.deaths
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range []stage{stageParse, stageListing, stageReport} {
		note := d.known[sum+string(s)]
		n, rests = max(n, note.Deaths), rests || note.rests()
	}
	return n, rests
}

// BeginListing says that a body is being read as a listing, until done is called. Its error says that it is not read, as
// that has ended the process.
func (b *Budget) BeginListing(sum string) (done func(), err error) { return b.begin(sum, stageListing) }

// begin says that a body is being read, until done is called. Its error is errDeadly.
func (b *Budget) begin(sum string, s stage) (done func(), err error) {
	if b == nil || sum == "" {
		return func() {}, nil
	}
	d := &b.deaths
	if _, rests := b.Died(sum); rests {
		return nil, errDeadly
	}
	name := sum + string(s)
	// Without a note a page that ends the process would be read once more: no reason not to read this one.
	over, there := false, false
	timer := time.AfterFunc(noted, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if there = !over; there {
			_ = d.write(name+nowSuffix, death{Version: extract.Version, Time: time.Now().UTC()})
		}
	})
	return func() {
		timer.Stop()
		d.mu.Lock()
		defer d.mu.Unlock()
		over = true
		d.survived(name, there)
	}, nil
}

// survived forgets that a page was being read, and that this ended the process before.
func (d *deaths) survived(name string, there bool) {
	if there {
		os.Remove(filepath.Join(d.folder, name+nowSuffix))
	}
	if d.known[name].Deaths > 0 {
		delete(d.known, name)
		os.Remove(filepath.Join(d.folder, name))
	}
}

// Retries reports whether a record says that something was not read as that ended the process, and is to be tried now.
func (b *Budget) Retries(r *store.Record) bool {
	ready := func(why, sum string) bool {
		if b == nil || why != errDeadly.Error() {
			return false
		}
		_, rests := b.Died(sum)
		return !rests
	}
	for _, p := range r.Parts {
		if ready(p.Unread, p.SHA256) {
			return true
		}
	}
	return ready(r.Rejected, r.SHA256)
}

// Cost is extract.Cost for a body with a SHA-256: one whose reading ended the process takes everything, and is alone.
func (b *Budget) Cost(sum string, head []byte, size int64) int64 {
	if n, _ := b.Died(sum); n > 0 {
		return b.total
	}
	return extract.Cost(head, size)
}
