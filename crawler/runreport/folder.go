package runreport

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gongkai/crawler"
	"gongkai/store/atomicfile"
	"gongkai/store/frontier"
)

// A Folder is the folder of reports, and what one archive keeps of its own. For each run there are YYYY-MM-DDThhmmZ.txt
// and .json; latest.txt and latest.json are copies of the last ones, whichever archive they are of. Archives may share
// a folder of reports. Which ones are its own an archive knows by reports.json in its folder, which holds what the next
// report must know as well; without it, the next report begins at its own run.
type Folder struct {
	Dir     string // of the reports
	Archive string // folder of the archive
}

// A State is what the next report must know.
type State struct {
	Told    uint64               `json:"told"`              // the newest capture that a report has told of
	Portals map[string]time.Time `json:"portals"`           // when each has given something last
	Success map[string]time.Time `json:"success"`           // when a run of each kind came to its end last: crawl, backfill
	Failed  map[string]string    `json:"failed,omitempty"`  // why the last run of a kind could not do its work
	Reports []string             `json:"reports,omitempty"` // names of the archive's own, oldest first
}

// stateFile is in the folder of an archive. oldState is where all archives with one folder of reports had it once.
const (
	stateFile = "reports.json"
	oldState  = "state.json"
)

// File returns the path of a file in the folder, such as the name of a report with .txt or .json behind it.
func (f Folder) File(name string) string { return filepath.Join(f.Dir, name) }

// State reads what the last report has left; a damaged file counts as none, and so does a missing one, but for what
// reports of the archive tell that are older than the file.
func (f Folder) State() State {
	var st State
	data, err := os.ReadFile(filepath.Join(f.Archive, stateFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		st = f.adopt()
	case err == nil && json.Unmarshal(data, &st) != nil:
		st = State{}
	}
	for _, m := range []*map[string]time.Time{&st.Portals, &st.Success} {
		if *m == nil {
			*m = map[string]time.Time{}
		}
	}
	if st.Failed == nil {
		st.Failed = map[string]string{}
	}
	return st
}

// adopt finds the archive's own among the reports in the folder: those on runs that its frontier knows. What the last
// report of all has left is of this archive when that report is.
func (f Folder) adopt() (st State) {
	names, err := f.names()
	if err != nil || len(names) == 0 {
		return st
	}
	runs, err := runsOf(f.Archive)
	if err != nil {
		return st
	}
	for _, name := range names {
		if n, err := f.Get(name); err == nil && slices.ContainsFunc(runs, n.tells) {
			st.Reports = append(st.Reports, name)
			st.Told = n.To
		}
	}
	latest, err := f.Get("latest")
	if err != nil || !slices.ContainsFunc(runs, latest.tells) {
		return st
	}
	var old State
	if data, err := os.ReadFile(f.File(oldState)); err == nil && json.Unmarshal(data, &old) == nil {
		old.Reports = st.Reports
		return old
	}
	return st
}

// tells reports whether a report is on a run.
func (n *Report) tells(r frontier.Run) bool {
	return n.Kind == r.Kind && !r.Started.Before(n.Started) && !r.Started.After(n.Ended)
}

// runsOf reads what an archive's frontier knows of runs.
func runsOf(archive string) ([]frontier.Run, error) {
	f, err := frontier.OpenReadOnly(archive)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Runs(math.MaxInt)
}

// Learn draws from a run what the next report must know. done says that it has done its work, in part at least.
func (st *State) Learn(n *Report, sum crawler.Summary, done bool) {
	st.Told = n.To
	for _, p := range sum.Portals {
		if p.New+p.Unchanged > 0 {
			st.Portals[p.ID] = n.Ended
		}
	}
	if done {
		st.Success[BaseKind(n.Kind)] = n.Ended
		delete(st.Failed, BaseKind(n.Kind))
	} else {
		st.Failed[BaseKind(n.Kind)] = clip(n.Outcome, mostRepeated)
	}
}

// BaseKind is the kind of a run without its years: backfill for "backfill 2008-2024".
func BaseKind(kind string) string { word, _, _ := strings.Cut(kind, " "); return word }

// Put writes a report with its text for people, and what the next one must know; it returns the name of the report. Of
// the archive's reports the newest are kept, as many as keep says; 0 keeps all.
func (f Folder) Put(n *Report, text string, st State, keep int) (name string, err error) {
	if err := os.MkdirAll(f.Dir, 0o777); err != nil {
		return "", err
	}
	if name, err = f.claim(n.Started.UTC().Format("2006-01-02T1504Z")); err != nil {
		return "", err
	}
	if err := errors.Join(f.sweep(), f.Write(name, n, text)); err != nil {
		return name, errors.Join(err, f.remove(name))
	}
	st.Reports = append(st.Reports, name)
	if drop := len(st.Reports) - keep; keep > 0 && drop > 0 {
		for _, old := range st.Reports[:drop] {
			if err := f.remove(old); err != nil {
				return name, err
			}
		}
		st.Reports = st.Reports[drop:]
	}
	data, err := json.Marshal(st)
	if err == nil {
		err = os.MkdirAll(f.Archive, 0o777) // a run that could not begin is reported too
	}
	if err == nil {
		err = atomicfile.Write(filepath.Join(f.Archive, stateFile), data)
	}
	return name, err
}

// claim returns a name that no report has: another archive may report into the folder at the same time.
func (f Folder) claim(wanted string) (name string, err error) {
	for i := 1; ; i++ {
		name = wanted
		if i > 1 {
			name += fmt.Sprint("-", i)
		}
		file, err := os.OpenFile(f.File(name+".json"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			return name, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// sweep removes files that were begun an hour ago and have no name yet: whoever wrote them was killed.
func (f Folder) sweep() error {
	left, err := filepath.Glob(f.File(atomicfile.Prefix + "*"))
	for _, name := range left {
		if info, gone := os.Lstat(name); gone == nil && time.Since(info.ModTime()) > time.Hour {
			err = errors.Join(err, os.RemoveAll(name))
		}
	}
	return err
}

// remove removes the files of a report; those that are missing are as good as removed.
func (f Folder) remove(name string) error {
	for _, ending := range []string{".txt", ".json"} {
		if err := os.Remove(f.File(name + ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Write writes the files of a report, over those it has.
func (f Folder) Write(name string, n *Report, text string) error {
	data, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	for _, name := range []string{name, "latest"} {
		err = errors.Join(err, atomicfile.Write(f.File(name+".json"), append(data, '\n')), atomicfile.Write(f.File(name+".txt"), []byte(text)))
	}
	return err
}

// Runs lists the archive's own reports that are there, oldest first.
func (f Folder) Runs() ([]string, error) {
	all, err := f.names()
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, name := range all {
		there[name] = true
	}
	return slices.DeleteFunc(f.State().Reports, func(name string) bool { return !there[name] }), nil
}

// names lists the reports in the folder, whichever archive they are of, oldest first.
func (f Folder) names() ([]string, error) {
	entries, err := os.ReadDir(f.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name, isReport := strings.CutSuffix(entry.Name(), ".json")
		if isReport && reportName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		// The second of a minute comes before the tenth.
		return cmp.Or(strings.Compare(a[:runName], b[:runName]), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	return names, nil
}

// runName is how long the name of a report is without the number that it has when it is not the first of its minute.
const runName = len("2006-01-02T1504Z")

var reportName = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d{4}Z(-\d+)?$`)

// Get reads a report.
func (f Folder) Get(name string) (n Report, err error) {
	data, err := os.ReadFile(f.File(name + ".json"))
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	return n, err
}
