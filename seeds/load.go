package seeds

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

//go:embed builtin/*.toml
var builtin embed.FS

// Builtin returns the embedded catalogue.
func Builtin() ([]Portal, error) {
	names, err := fs.Glob(builtin, "builtin/*.toml")
	if err != nil {
		return nil, err
	}
	var all []Portal
	seen := make(map[string]string)
	for _, name := range names {
		data, err := fs.ReadFile(builtin, name)
		if err != nil {
			return nil, err
		}
		portals, err := parse(name, data)
		if err != nil {
			return nil, err
		}
		for _, p := range portals {
			if other, taken := seen[p.ID]; taken {
				return nil, fmt.Errorf("%s: portal %s: id is taken in %s", name, p.ID, other)
			}
			seen[p.ID] = name
		}
		all = append(all, portals...)
	}
	return all, nil
}

// Load reads a seeds file. Its error names every mistake, one a line, each with file, line and reason.
func Load(path string) ([]Portal, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read seeds: %w", err)
	}
	return parse(path, data)
}

// entry is a portal as the file spells it. Selectors stay text here, so that a bad one is reported like every
// other mistake: with the portal's id.
type entry struct {
	ID       string   `toml:"id"`
	Agency   string   `toml:"agency"`
	Division string   `toml:"division"`
	Level    string   `toml:"level"`
	Start    []string `toml:"start"`
	Family   string   `toml:"family"`
	TLS      []string `toml:"tls"`
	Evidence string   `toml:"evidence"`
	Rows     string   `toml:"rows"`
	Next     string   `toml:"next"`
}

// parse reads one seeds file; name stands for it in errors.
func parse(name string, data []byte) ([]Portal, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Notepad writes one, TOML knows none
	var file struct {
		Portal []entry `toml:"portal"`
	}
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&file)
	if err != nil {
		return nil, located(name, err)
	}
	lines := linesOf(data)
	portals := make([]Portal, 0, len(file.Portal))
	first := make(map[string]int)
	var errs []error
	for i, e := range file.Portal {
		p, mistakes := e.portal()
		if line, taken := first[e.ID]; taken && e.ID != "" {
			mistakes = append(mistakes, mistake{"id", fmt.Sprintf("id is taken by the portal in line %d", line)})
		} else {
			first[e.ID] = lines.of(i, "id")
		}
		for _, m := range mistakes {
			errs = append(errs, fmt.Errorf("%s:%d: portal %s: %s", name, lines.of(i, m.key), e.label(), m.reason))
		}
		portals = append(portals, p)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return portals, nil
}

// label names an entry in an error.
func (e entry) label() string {
	if e.ID == "" {
		return "without an id"
	}
	return e.ID
}

// located puts file and line before what the TOML library found.
func located(name string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var errs []error
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			key := e.Key()
			errs = append(errs, fmt.Errorf("%s:%d: unknown key %q", name, line, key[len(key)-1]))
		}
		return errors.Join(errs...)
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, _ := decode.Position()
		return fmt.Errorf("%s:%d: %w", name, line, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// positions holds for each portal of a file the line of its header, under "", and of each of its keys.
type positions []map[string]int

// of returns the line of a key of the i-th portal, or of its header when the key is absent.
func (p positions) of(i int, key string) int {
	if i >= len(p) {
		return 1 // an inline table: portal = [{…}]
	}
	if line, ok := p[i][key]; ok {
		return line
	}
	return p[i][""]
}

// linesOf finds where the portals of a well-formed file stand.
func linesOf(data []byte) positions {
	var found positions
	var parser unstable.Parser
	parser.Reset(data)
	for parser.NextExpression() {
		e := parser.Expression()
		it := e.Key()
		if !it.Next() {
			continue
		}
		key, line := string(it.Node().Data), parser.Shape(it.Node().Raw).Start.Line
		switch {
		case e.Kind != unstable.KeyValue:
			found = append(found, map[string]int{"": line})
		case len(found) > 0:
			found[len(found)-1][key] = line
		}
	}
	return found
}
