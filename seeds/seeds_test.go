package seeds

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = `[[portal]]
id       = "hz"
agency   = "杭州市人民政府"
division = "330100"
level    = "prefecture"
start    = ["http://www.hangzhou.gov.cn/col/col1/index.html"]
`

func TestBuiltin(t *testing.T) {
	portals, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if len(portals) < 5 {
		t.Errorf("got %d portals, want the five samples at least", len(portals))
	}
	for _, p := range portals {
		if p.Evidence == "" {
			t.Errorf("portal %s: no evidence for its addresses", p.ID)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my-portals.toml")
	text := good + "family = \"hanweb-jpage\"\ntls = [\"old\", \"unverified\"]\nrows = \"ul.list a\"\nnext = \"a.next\"\nevidence = \"seen\"\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	portals, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(portals) != 1 {
		t.Fatalf("got %d portals, want 1", len(portals))
	}
	p := portals[0]
	if p.ID != "hz" || p.Agency != "杭州市人民政府" || p.Division != "330100" || p.Family != "hanweb-jpage" ||
		len(p.Start) != 1 || len(p.TLS) != 2 || p.Rows.IsZero() || p.Next.IsZero() {
		t.Errorf("got %+v", p)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v", err)
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // in this order, one a line
	}{
		{"none", good, nil},
		{"central without division", strings.NewReplacer(`"330100"`, `""`, "prefecture", "central").Replace(good), nil},
		{"byte order mark", "\ufeff" + good, nil},
		{"empty", "", nil},
		{"unknown key", good + "frequency = 3\n", []string{`f.toml:7: unknown key "frequency"`}},
		{"unknown table", "[[portals]]\nid = \"x\"\n", []string{`f.toml:1: unknown key "portals"`}},
		{"syntax", "[[portal]]\nid = \"hz\n", []string{"f.toml:2: toml: "}},
		{"wrong type", "[[portal]]\nid = 3\n", []string{"f.toml:2: toml: "}},
		{"no id", strings.Replace(good, `"hz"`, `""`, 1), []string{`f.toml:2: portal without an id: id "" is not made of`}},
		{"id shape", strings.Replace(good, `"hz"`, `"Hang Zhou"`, 1), []string{`f.toml:2: portal Hang Zhou: id "Hang Zhou" is not made of`}},
		{"duplicate id", good + "\n" + good, []string{"f.toml:9: portal hz: id is taken by the portal in line 2"}},
		{"division", strings.Replace(good, "330100", "3301", 1), []string{`f.toml:4: portal hz: division "3301" is no six-digit code`}},
		{"central code", strings.Replace(good, "330100", "000000", 1), []string{`f.toml:4: portal hz: division "000000" is no six-digit code`}},
		{"division missing", strings.Replace(good, `division = "330100"`, "", 1), []string{"f.toml:1: portal hz: division is missing"}},
		{"level", strings.Replace(good, "prefecture", "city", 1), []string{`f.toml:5: portal hz: level "city" is none of central, province,`}},
		{"no start", strings.Replace(good, `["http://www.hangzhou.gov.cn/col/col1/index.html"]`, "[]", 1), []string{"f.toml:6: portal hz: start is missing"}},
		{"relative start", strings.Replace(good, "http://www.hangzhou.gov.cn", "", 1), []string{`f.toml:6: portal hz: start "/col/col1/index.html" is no absolute http or https address`}},
		{"other scheme", strings.Replace(good, "http:", "file:", 1), []string{"is no absolute http or https address"}},
		{"user", strings.Replace(good, "www.", "u:p@www.", 1), []string{"carries a user name"}},
		{"tls", good + "tls = [\"none\"]\n", []string{`f.toml:7: portal hz: tls "none" is neither old nor unverified`}},
		{"selector", good + "\nrows = \"a[[\"\n", []string{`f.toml:8: portal hz: selector "a[[": `}},
		{"several", strings.NewReplacer("330100", "x", "prefecture", "city").Replace(good), []string{"f.toml:5: ", "f.toml:4: "}},
		{"second portal", good + "\n[[portal]]\nid = \"two\"\nagency = \"甲县人民政府\"\ndivision = \"330199\"\nlevel = \"county\"\nstart = [\n  \"http://a.gov.cn/\",\n  \"b\",\n]\n", []string{`f.toml:13: portal two: start "b" is no absolute`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("f.toml", []byte(tt.text))
			if len(tt.want) == 0 {
				if err != nil {
					t.Errorf("got error %v, want none", err)
				}
				return
			}
			if err == nil {
				t.Fatal("got no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("got %d errors, want %d:\n%v", len(lines), len(tt.want), err)
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("got  %s\nwant %s", lines[i], want)
				}
			}
		})
	}
}

func TestMerge(t *testing.T) {
	got := Merge(
		[]Portal{{ID: "a", Agency: "1"}, {ID: "b", Agency: "1"}},
		[]Portal{{ID: "c", Agency: "2"}, {ID: "a", Agency: "2"}},
	)
	var text []string
	for _, p := range got {
		text = append(text, p.ID+p.Agency)
	}
	if want := "a2 b1 c2"; strings.Join(text, " ") != want {
		t.Errorf("got %v, want %s", text, want)
	}
}
