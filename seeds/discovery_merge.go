package seeds

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// MergeDiscoveries writes the discoveries of several archives' folders into another one, where there is no file yet, in the
// order of their times, those that several have once. It writes none where there are none.
func MergeDiscoveries(to string, dirs ...string) error {
	type line struct {
		time time.Time
		text string
	}
	var lines []line
	seen := map[string]bool{}
	for _, dir := range dirs {
		f, err := os.Open(filepath.Join(dir, DiscoveryFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		r := bufio.NewReader(f)
		for err == nil {
			var text string
			if text, err = r.ReadString('\n'); err != nil { // a last line that was cut off is no discovery
				break
			}
			var one Discovery
			if json.Unmarshal([]byte(text), &one) == nil && !seen[text] {
				seen[text] = true
				lines = append(lines, line{one.Time, text})
			}
		}
		if err := errors.Join(f.Close(), ignore(err, io.EOF)); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.time.Compare(b.time) })
	f, err := os.OpenFile(filepath.Join(to, DiscoveryFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if err == nil {
			_, err = f.WriteString(l.text)
		}
	}
	return errors.Join(err, f.Sync(), f.Close())
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
