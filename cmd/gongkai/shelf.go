package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gongkai/crawler"
)

// A shelf is the folder of reports, beside an archive. For each run there are YYYY-MM-DDThhmmZ.txt and .json; latest.txt
// and latest.json are copies of the last ones. state.json is what the next report must know; without it, the next report
// begins at its own run.
type shelf string

type shelfState struct {
	Told    uint64               `json:"told"`    // the newest capture that a report has told of
	Portals map[string]time.Time `json:"portals"` // when each has given something last
	Success map[string]time.Time `json:"success"` // when a run of each kind came to its end last: crawl, backfill
}

func (s shelf) file(name string) string { return filepath.Join(string(s), name) }

// state reads what the last report has left; a damaged or missing file counts as none.
func (s shelf) state() shelfState {
	var st shelfState
	if data, err := os.ReadFile(s.file("state.json")); err == nil && json.Unmarshal(data, &st) != nil {
		st = shelfState{}
	}
	if st.Portals == nil {
		st.Portals = map[string]time.Time{}
	}
	if st.Success == nil {
		st.Success = map[string]time.Time{}
	}
	return st
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
		kind, _, _ := strings.Cut(n.Kind, " ")
		st.Success[kind] = n.Ended
	}
}

// put writes a report, and what the next one must know; it returns the name of the report.
func (s shelf) put(n *nightReport, st shelfState) (name string, err error) {
	if err := os.MkdirAll(string(s), 0o777); err != nil {
		return "", err
	}
	for i := 1; ; i++ {
		name = n.Started.UTC().Format("2006-01-02T1504Z")
		if i > 1 {
			name += fmt.Sprint("-", i)
		}
		if _, err := os.Stat(s.file(name + ".json")); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := s.write(name, n); err != nil {
		return name, err
	}
	data, err := json.Marshal(st)
	return name, errors.Join(err, replaceFile(s.file("state.json"), data))
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

// replaceFile writes a file so that nobody ever sees half of it.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
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

// runs lists the reports there are, oldest first.
func (s shelf) runs() ([]string, error) {
	entries, err := os.ReadDir(string(s))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name, isReport := strings.CutSuffix(entry.Name(), ".json")
		if isReport && name != "latest" && name != "state" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

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
