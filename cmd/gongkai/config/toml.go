package config

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// refuseBare returns an error that begins with the line when a duration or a size is a number without a unit: TOML
// would have delay = 3 mean three nanoseconds.
func refuseBare(data []byte) error {
	units := make(map[string]string)
	unitsOf(reflect.TypeFor[Config](), "", units)
	return settings(data, func(p *unstable.Parser, table string, e *unstable.Node) error { return unitless(p, table, e, units) })
}

// lineOf returns the line in which a setting stands, 0 when it stands in none, or in a table within a line.
func lineOf(data []byte, key string) (line int) {
	_ = settings(data, func(p *unstable.Parser, table string, e *unstable.Node) error {
		if keyOf(table, e) == key {
			keys := e.Key()
			keys.Next()
			line = cmp.Or(lineAt(p, e.Value().Data), lineAt(p, keys.Node().Data))
		}
		return nil
	})
	return line
}

// lineAt returns the line of a piece of what is parsed; 0 when it is none, as an empty text and one with escapes are
// not.
func lineAt(p *unstable.Parser, b []byte) int {
	data := p.Data()
	at := cap(data) - cap(b)
	if len(b) == 0 || at < 0 || at+len(b) > len(data) || &data[at] != &b[0] {
		return 0
	}
	return 1 + bytes.Count(data[:at], []byte("\n"))
}

// settings calls f with each setting of a file until f returns an error, which is returned. Broken syntax is for the
// decoder to tell.
func settings(data []byte, f func(p *unstable.Parser, table string, e *unstable.Node) error) error {
	p := new(unstable.Parser)
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = keyOf("", e)
		case unstable.KeyValue:
			if err := f(p, table, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// unitless looks at one setting, and those in a table in its line.
func unitless(p *unstable.Parser, table string, e *unstable.Node, units map[string]string) error {
	key, v := keyOf(table, e), e.Value()
	switch v.Kind {
	case unstable.InlineTable:
		for i := v.Children(); i.Next(); {
			if err := unitless(p, key, i.Node(), units); err != nil {
				return err
			}
		}
	case unstable.Integer, unstable.Float:
		if unit := units[key]; unit != "" {
			return fmt.Errorf("%d: %s: %s has no unit; write %s = %q", lineAt(p, v.Data), key, v.Data, key[strings.LastIndex(key, ".")+1:], string(v.Data)+unit)
		}
	}
	return nil
}

// keyOf returns the dotted key of a table or setting, in lower case: the decoder takes any.
func keyOf(table string, e *unstable.Node) string {
	for i := e.Key(); i.Next(); {
		table = strings.TrimPrefix(table+"."+strings.ToLower(string(i.Node().Data)), ".")
	}
	return table
}

// unitsOf collects the usual unit of each setting that needs one.
func unitsOf(t reflect.Type, prefix string, units map[string]string) {
	for f := range t.Fields() {
		key := strings.TrimPrefix(prefix+"."+f.Tag.Get("toml"), ".")
		switch {
		case f.Type == reflect.TypeFor[Duration]():
			units[key] = "s"
		case f.Type == reflect.TypeFor[Size]():
			units[key] = "MiB"
		case f.Type.Kind() == reflect.Struct && key != "":
			unitsOf(f.Type, key, units)
		}
	}
}
