package seeds

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

//go:embed builtin/*.toml builtin/*.csv
var builtin embed.FS

// Builtin returns the embedded catalogue, by file name.
func Builtin() ([]Portal, error) {
	folder, err := fs.Sub(builtin, "builtin")
	if err != nil {
		return nil, err
	}
	return catalogue(folder)
}

// catalogue reads a folder of seeds files of both forms. Its error names every mistake, one a line.
func catalogue(folder fs.FS) ([]Portal, error) {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var all []Portal
	var errs []error
	ids, starts := make(map[string]string), make(map[string]string)
	for _, f := range files {
		data, err := fs.ReadFile(folder, f.Name())
		if err != nil {
			return nil, err
		}
		read := parseTOML
		if path.Ext(f.Name()) == ".csv" {
			read = parseCSV
		}
		entries, err := read(f.Name(), data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		portals, err := entries.portals(true)
		errs = append(errs, err, entries.taken(portals, ids, starts))
		all = append(all, portals...)
	}
	return all, errors.Join(errs...)
}

// taken reports ids and start pages that another file, or another line, has as well.
func (e entries) taken(portals []Portal, ids, starts map[string]string) error {
	var errs []error
	for i, p := range portals {
		at := fmt.Sprintf("%s:%d", e.name, e.lines(i, "id"))
		if other, taken := ids[p.ID]; taken && !strings.HasPrefix(other, e.name+":") {
			errs = append(errs, fmt.Errorf("%s: portal %s: id is taken in %s", at, p.ID, other))
		}
		ids[p.ID] = at
		for _, s := range p.Start {
			if other, taken := starts[pageKey(s)]; taken {
				errs = append(errs, fmt.Errorf("%s:%d: portal %s: start %q is that of the portal in %s", e.name, e.lines(i, "start"), p.ID, s, other))
			}
			starts[pageKey(s)] = at
		}
	}
	return errors.Join(errs...)
}

// pageKey is what the addresses of one page over http and https have in common.
func pageKey(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return strings.TrimPrefix(rest, "www.")
}

// Load reads a seeds file. Its error names every mistake, one a line, each with file, line and reason.
func Load(name string) ([]Portal, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read seeds: %w", err)
	}
	return parse(name, data)
}

// parse reads a user's seeds file; name stands for it in errors.
func parse(name string, data []byte) ([]Portal, error) {
	e, err := parseTOML(name, data)
	if err != nil {
		return nil, err
	}
	return e.portals(false)
}

// entry is a portal as the file spells it. Selectors stay text here, so that a bad one is reported like every
// other mistake: with the portal's id.
type entry struct {
	ID         string   `toml:"id"`
	Agency     string   `toml:"agency"`
	Division   string   `toml:"division"`
	Level      string   `toml:"level"`
	Home       string   `toml:"home"`
	Start      []string `toml:"start"`
	Hub        string   `toml:"hub"`
	Family     string   `toml:"family"`
	TLS        []string `toml:"tls"`
	Evidence   string   `toml:"evidence"`
	Confidence string   `toml:"confidence"`
	Checked    string   `toml:"checked"`
	Rows       string   `toml:"rows"`
	Next       string   `toml:"next"`
}

// entries are those of one file.
type entries struct {
	name  string                      // of the file
	all   []entry                     // in its order
	lines func(i int, key string) int // where a key of the i-th stands
}

// portals returns the entries as Portals, or all that is wrong with them. strict is for the embedded catalogue.
func (e entries) portals(strict bool) ([]Portal, error) {
	portals := make([]Portal, 0, len(e.all))
	first := make(map[string]int)
	var errs []error
	for i, entry := range e.all {
		p, mistakes := entry.portal()
		if strict {
			mistakes = append(mistakes, entry.strict()...)
		}
		if other, taken := first[entry.ID]; taken && entry.ID != "" {
			mistakes = append(mistakes, mistake{"id", fmt.Sprintf("id is taken by the portal in line %d", e.lines(other, "id"))})
		} else {
			first[entry.ID] = i
		}
		for _, m := range mistakes {
			errs = append(errs, fmt.Errorf("%s:%d: portal %s: %s", e.name, e.lines(i, m.key), entry.label(), m.reason))
		}
		portals = append(portals, p)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return portals, nil
}

// parseTOML reads the form of users' files.
func parseTOML(name string, data []byte) (entries, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Notepad writes one, TOML knows none
	var file struct {
		Portal []entry `toml:"portal"`
	}
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&file)
	if err != nil {
		return entries{}, located(name, err)
	}
	lines := sync.OnceValue(func() positions { return linesOf(data) }) // nearly always nobody asks
	return entries{name, file.Portal, func(i int, key string) int { return lines().of(i, key) }}, nil
}

// columns are those of the catalogue's tables.
var columns = []string{"id", "division", "agency", "level", "home", "start", "hub", "family", "confidence", "checked", "evidence"}

// parseCSV reads a table of the catalogue: the columns above, several start pages apart by blanks.
func parseCSV(name string, data []byte) (entries, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.ReuseRecord = len(columns), true
	e := entries{name: name}
	var at []int
	e.lines = func(i int, _ string) int { return at[i] }
	for {
		f, err := r.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return e, nil
		case errors.As(err, &syntax):
			return e, fmt.Errorf("%s:%d: %w", name, syntax.Line, syntax.Err)
		case err != nil:
			return e, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		if line == 1 {
			if !slices.Equal(f, columns) {
				return e, fmt.Errorf("%s:1: columns are %s, want %s", name, strings.Join(f, ","), strings.Join(columns, ","))
			}
			continue
		}
		at = append(at, line)
		e.all = append(e.all, entry{ID: f[0], Division: f[1], Agency: f[2], Level: f[3], Home: f[4], Start: strings.Fields(f[5]), Hub: f[6],
			Family: f[7], Confidence: f[8], Checked: f[9], Evidence: f[10]})
	}
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
