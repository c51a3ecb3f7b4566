package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gongkai/crawler"
	"gongkai/store/frontier"
)

// A shelf is the folder of reports, and what one archive keeps of its own. For each run there are YYYY-MM-DDThhmmZ.txt and
// .json; latest.txt and latest.json are copies of the last ones, whichever archive they are of. Archives may share a folder
// of reports. Which ones are its own an archive knows by reports.json in its folder, which holds what the next report must
// know as well; without it, the next report begins at its own run.
type shelf struct {
	dir     string // of the reports
	archive string // folder of the archive
}

func (c *config) shelf() shelf { return shelf{c.Report.Path, c.Archive.Path} }

type shelfState struct {
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

func (s shelf) file(name string) string { return filepath.Join(s.dir, name) }

// state reads what the last report has left; a damaged file counts as none, and so does a missing one, but for what
// reports of the archive tell that are older than the file.
func (s shelf) state() shelfState {
	var st shelfState
	data, err := os.ReadFile(filepath.Join(s.archive, stateFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		st = s.adopt()
	case err == nil && json.Unmarshal(data, &st) != nil:
		st = shelfState{}
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
func (s shelf) adopt() (st shelfState) {
	names, err := s.names()
	if err != nil || len(names) == 0 {
		return st
	}
	runs, err := runsOf(s.archive)
	if err != nil {
		return st
	}
	for _, name := range names {
		if n, err := s.get(name); err == nil && slices.ContainsFunc(runs, n.tells) {
			st.Reports = append(st.Reports, name)
			st.Told = n.To
		}
	}
	latest, err := s.get("latest")
	if err != nil || !slices.ContainsFunc(runs, latest.tells) {
		return st
	}
	var old shelfState
	if data, err := os.ReadFile(s.file(oldState)); err == nil && json.Unmarshal(data, &old) == nil {
		old.Reports = st.Reports
		return old
	}
	return st
}

// tells reports whether a report is on a run.
func (n *nightReport) tells(r frontier.Run) bool {
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

// learn draws from a run what the next report must know.
func (st *shelfState) learn(n *nightReport, sum crawler.Summary) {
	st.Told = n.To
	for _, p := range sum.Portals {
		if p.New+p.Unchanged > 0 {
			st.Portals[p.ID] = n.Ended
		}
	}
	if n.ExitCode == exitDone || n.ExitCode == exitPartial {
		st.Success[lane(n.Kind)] = n.Ended
		delete(st.Failed, lane(n.Kind))
	} else {
		st.Failed[lane(n.Kind)] = clip(n.Outcome, mostRepeated)
	}
}

// put writes a report, and what the next one must know; it returns the name of the report. Of the archive's reports the
// newest are kept, as many as keep says; 0 keeps all.
func (s shelf) put(n *nightReport, st shelfState, keep int) (name string, err error) {
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return "", err
	}
	if name, err = s.claim(n.Started.UTC().Format("2006-01-02T1504Z")); err != nil {
		return "", err
	}
	if err := errors.Join(s.sweep(), s.write(name, n)); err != nil {
		return name, errors.Join(err, s.remove(name))
	}
	st.Reports = append(st.Reports, name)
	if drop := len(st.Reports) - keep; keep > 0 && drop > 0 {
		for _, old := range st.Reports[:drop] {
			if err := s.remove(old); err != nil {
				return name, err
			}
		}
		st.Reports = st.Reports[drop:]
	}
	data, err := json.Marshal(st)
	if err == nil {
		err = os.MkdirAll(s.archive, 0o777) // a run that could not begin is reported too
	}
	if err == nil {
		err = replaceFile(filepath.Join(s.archive, stateFile), data)
	}
	return name, err
}

// claim returns a name that no report has: another archive may report into the folder at the same time.
func (s shelf) claim(wanted string) (name string, err error) {
	for i := 1; ; i++ {
		name = wanted
		if i > 1 {
			name += fmt.Sprint("-", i)
		}
		f, err := os.OpenFile(s.file(name+".json"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			return name, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// sweep removes files that were begun an hour ago and have no name yet: whoever wrote them was killed.
func (s shelf) sweep() error {
	left, err := filepath.Glob(s.file(newPrefix + "*"))
	for _, name := range left {
		if info, gone := os.Lstat(name); gone == nil && time.Since(info.ModTime()) > time.Hour {
			err = errors.Join(err, os.RemoveAll(name))
		}
	}
	return err
}

// remove removes the files of a report; those that are missing are as good as removed.
func (s shelf) remove(name string) error {
	for _, ending := range []string{".txt", ".json"} {
		if err := os.Remove(s.file(name + ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// write writes the files of a report, over those it has.
func (s shelf) write(name string, n *nightReport) error {
	data, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := n.text(&text); err != nil {
		return err
	}
	for _, name := range []string{name, "latest"} {
		err = errors.Join(err, replaceFile(s.file(name+".json"), append(data, '\n')), replaceFile(s.file(name+".txt"), text.Bytes()))
	}
	return err
}

// newPrefix begins the name of a file that is not whole yet.
const newPrefix = ".new-"

// replaceFile writes a file so that nobody ever sees half of it.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), newPrefix+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// runs lists the archive's own reports that are there, oldest first.
func (s shelf) runs() ([]string, error) {
	all, err := s.names()
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, name := range all {
		there[name] = true
	}
	return slices.DeleteFunc(s.state().Reports, func(name string) bool { return !there[name] }), nil
}

// names lists the reports in the folder, whichever archive they are of, oldest first.
func (s shelf) names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
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

// get reads a report.
func (s shelf) get(name string) (n nightReport, err error) {
	data, err := os.ReadFile(s.file(name + ".json"))
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	return n, err
}

func checkWebhook(address string) error {
	if address == "" {
		return nil
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("report.webhook: %q is no address such as https://example.org/hook", address)
	}
	return nil
}

// post sends a report to a webhook. It takes no longer than the patience, whatever the other side does. The address
// may hold a secret, so its path is in no error.
func post(ctx context.Context, address string, patience time.Duration, n *nightReport) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "gongkai/"+version())
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return fmt.Errorf("webhook %s: %w", req.URL.Host, err)
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, 64<<10) // what it answers does not matter, and may never end
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("webhook %s: answers %s", req.URL.Host, res.Status)
	}
	return nil
}
