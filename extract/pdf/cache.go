package pdf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
)

// The code that is kept runs in this process. So the folder must be one that nobody else can change, and a file in it
// is only used with the digest beside it that was written when it was whole: wazero's own sum does not cover all of it.

const (
	digestSuffix = ".sha256"
	mostKept     = 3         // files: of other processors that share the folder, of other versions
	abandoned    = time.Hour // after which what was being written will not be finished
)

// openCache returns the cache of compiled code in a folder.
func openCache(dir string) (wazero.CompilationCache, error) {
	if err := makePrivate(dir); err != nil {
		return nil, err
	}
	if err := eachKept(dir, dropDamaged); err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(dir)
}

// sealCache writes the digests of what is new in a folder. Without one, it is compiled again.
func sealCache(dir string) error {
	return eachKept(dir, func(name string) error {
		if _, err := os.Lstat(name + digestSuffix); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sum, err := digestOf(name)
		if err != nil {
			return err
		}
		f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
		if err != nil {
			return err
		}
		_, err = f.WriteString(sum)
		if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
			err = os.Rename(f.Name(), name+digestSuffix)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
		return err
	})
}

// dropDamaged takes away a file that is not what it was when its digest was written.
func dropDamaged(name string) error {
	sum, err := digestOf(name)
	if errors.Is(err, fs.ErrNotExist) { // another process has taken it away
		return nil
	}
	want, none := os.ReadFile(name + digestSuffix)
	if err != nil || none == nil && string(want) == sum {
		return err
	}
	return drop(name)
}

func drop(name string) error {
	err := os.Remove(name)
	if none := os.Remove(name + digestSuffix); !errors.Is(none, fs.ErrNotExist) {
		err = errors.Join(err, none)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// eachKept calls do with the newest files of code in a folder, and takes away older ones and what was never finished.
func eachKept(dir string, do func(name string) error) error {
	names, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if err != nil {
		return err
	}
	times := map[string]time.Time{}
	for _, name := range names {
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) || strings.HasSuffix(name, digestSuffix):
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is no file", name)
		case !strings.HasSuffix(name, ".tmp"):
			times[name] = info.ModTime()
		case time.Since(info.ModTime()) > abandoned:
			_ = os.Remove(name)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return times[name].IsZero() })
	slices.SortStableFunc(names, func(a, b string) int { return times[b].Compare(times[a]) })
	for i, name := range names {
		if i >= mostKept {
			do = drop
		}
		if err := do(name); err != nil {
			return err
		}
	}
	return nil
}

func digestOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// makePrivate makes a folder, and refuses it when another user can change it or one that it is in.
func makePrivate(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	there := dir
	for _, err := os.Lstat(there); errors.Is(err, fs.ErrNotExist) && there != filepath.Dir(there); _, err = os.Lstat(there) {
		there = filepath.Dir(there)
	}
	if err := ownWay(there); err != nil { // before anything is made there
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	inside, err := filepath.Glob(filepath.Join(dir, "wazero-*"))
	for _, path := range append(inside, dir) {
		info, none := os.Lstat(path)
		if err = errors.Join(err, none, ownWay(path)); err == nil && info.Mode()&others != 0 {
			err = fmt.Errorf("%s: others can write there", path)
		}
	}
	return err
}

// ownWay refuses a path on which another user can put something else in the place of a folder.
func ownWay(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for last := ""; path != last; last, path = path, filepath.Dir(path) {
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if !info.IsDir() || !ours(info) || info.Mode()&others != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("%s is no folder that only its owner can change", path)
		}
	}
	return nil
}
