package seeds

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gongkai/extract/division"
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
	byLevel, governments, byConfidence := map[string]int{}, map[string]string{}, map[string]int{}
	for _, p := range portals {
		byLevel[p.Level]++
		byConfidence[p.Confidence]++
		if p.Evidence == "" || p.Agency == "" {
			t.Errorf("portal %s: agency %q, evidence %q", p.ID, p.Agency, p.Evidence)
		}
		if day, err := time.Parse(time.DateOnly, p.Checked); err == nil && time.Until(day) > 24*time.Hour { // not for the loader: clocks can be wrong
			t.Errorf("portal %s: checked on %s, which is still to come", p.ID, p.Checked)
		}
		if p.ID == p.Division {
			governments[p.Division] = p.ID
		}
		if p.Level != "central" && division.Find(p.Agency, p.Division) != p.Division && !strings.Contains(p.ID, "-") {
			t.Errorf("portal %s: %s is not of %s", p.ID, p.Agency, p.Division)
		}
		if (len(p.Start) == 0) != (p.Confidence == Unknown) || p.Listed() != (p.Confidence != HomeOnly && p.Confidence != Unknown) {
			t.Errorf("portal %s: confidence %s with %v", p.ID, p.Confidence, p.Start)
		}
	}
	if len(portals) < 3290 || byLevel["province"] < 31 || byLevel["prefecture"] < 333 || byLevel["county"] < 2830 || byLevel["central"] < 56 || byConfidence[Unknown] > 4 {
		t.Errorf("%d portals, by level %v, by confidence %v", len(portals), byLevel, byConfidence)
	}
	// Every division that has a government has a portal, but for a few without an address.
	for _, id := range []string{"changshu", "anju", "xinyu", "qujiang", "jiangyou"} {
		i := slices.IndexFunc(portals, func(p Portal) bool { return p.ID == id })
		if i < 0 {
			t.Fatalf("no portal %s", id)
		}
		governments[portals[i].Division] = id
	}
	var without []string
	for _, d := range division.All() {
		if d.Until == 0 && governments[d.Code] == "" && !strings.HasSuffix(d.Level, "zone") {
			without = append(without, d.Code+d.Name)
		}
	}
	want := "350527金门县 460321西沙群岛 460322南沙群岛 460323中沙群岛的岛礁及其海域 500105江北区 500112渝北区 620201嘉峪关市 632857大柴旦行政委员会 710000台湾省 810000香港特别行政区 820000澳门特别行政区"
	if got := strings.Join(without, " "); got != want {
		t.Errorf("without a portal:\n got %s\nwant %s", got, want)
	}
}

// TestCatalogueMistakes: what is wrong with a table of the catalogue is told with file, line and reason.
func TestCatalogueMistakes(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	row := "330100,330100,杭州市人民政府,prefecture,http://www.hangzhou.gov.cn/,,,,home,2026-04-26,seen\n"
	change := func(from, to string) string { return head + strings.Replace(row, from, to, 1) }
	tests := []struct{ name, text, want string }{
		{"none", head + row, ""},
		{"columns", strings.Replace(head, "agency", "body", 1) + row, "a.csv:1: columns are id,division,body"},
		{"fields", head + "330100,330100\n", "a.csv:2: wrong number of fields"},
		{"quote", head + row + "\"330100,x\n", "a.csv:3: extraneous or missing \" in quoted-field"},
		{"unknown code", change(",330100", ",330199"), `a.csv:2: portal 330100: division "330199" is not in the list of divisions`},
		{"former code", change(",330100,杭州市人民政府,prefecture", ",110228,密云县人民政府,county"), `a.csv:2: portal 330100: division "110228" is 110118 today`},
		{"level", change("prefecture", "province"), `a.csv:2: portal 330100: division "330100" is a prefecture, not a province`},
		{"no evidence", change(",seen", ", "), "a.csv:2: portal 330100: evidence is missing"},
		{"no confidence", change(",home,", ",,"), "a.csv:2: portal 330100: confidence is missing"},
		{"confidence", change(",home,", ",sure,"), `a.csv:2: portal 330100: confidence "sure" is none of verified, seen`},
		{"day", change("2026-04-26", "26.4.2026"), `a.csv:2: portal 330100: checked "26.4.2026" is no day`},
		{"address", change("http://www.hangzhou.gov.cn/", "www.hangzhou.gov.cn"), `a.csv:2: portal 330100: home "www.hangzhou.gov.cn" is no absolute`},
		{"no address", change("http://www.hangzhou.gov.cn/", ""), "a.csv:2: portal 330100: start is missing"},
		{"home and a listing", change("/,,,,home", "/,http://www.hangzhou.gov.cn/nb/,,,home"), `a.csv:2: portal 330100: confidence is "home" with start "http://www.hangzhou.gov.cn/nb/"`},
		{"no listing", change(",home,", ",seen,"), `a.csv:2: portal 330100: confidence is "seen" with start ""`},
		{"verified when", change("/,,,,home,2026-04-26", "/,http://www.hangzhou.gov.cn/nb/,,,verified,"), "a.csv:2: portal 330100: verified, and no day checked"},
		{"another's id", strings.Replace(head+row, "330100,330100", "330200,330100", 1), "a.csv:2: portal 330200: id begins with 330200, the division is 330100"},
		{"another's name", change("杭州市", "宁波市"), `a.csv:2: portal 330100: agency "宁波市人民政府" is not of division 330100`},
		{"too low", change("prefecture", "county"), `a.csv:2: portal 330100: level is "county", division 330100 is a prefecture`},
		{"a mirror", change("hangzhou.gov.cn", "tiehuamiye.com"), `a.csv:2: portal 330100: "http://www.tiehuamiye.com/" is not below gov.cn`},
		{"no host", change("www.", "www.."), `a.csv:2: portal 330100: home "http://www..hangzhou.gov.cn/" has no host such as`},
		{"capitals", change("www.", "WWW."), `a.csv:2: portal 330100: home "http://WWW.hangzhou.gov.cn/" has no host such as`},
		{"port", change("gov.cn/", "gov.cn:99999/"), `a.csv:2: portal 330100: home "http://www.hangzhou.gov.cn:99999/" has no port`},
		{"not UTF-8", change(",seen", ",\xff\xfe"), `a.csv:2: portal 330100: evidence "\xff\xfe" has characters`},
		{"NUL", change(",seen", ",a\x00b"), `a.csv:2: portal 330100: evidence "a\x00b" has characters`},
		{"same id", head + row + strings.Replace(row, "www.", "zwgk.", 1), "a.csv:3: portal 330100: id is taken by the portal in line 2"},
		{"same start", head + row + strings.Replace(strings.Replace(row, "330100,", "330100-x,", 1), "http://", "https://", 1), `a.csv:3: portal 330100-x: start "https://www.hangzhou.gov.cn/" is that of the portal in a.csv:2`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := catalogue(fstest.MapFS{"a.csv": {Data: []byte(tt.text)}})
			if tt.want == "" && err == nil {
				return
			}
			if err == nil || tt.want == "" || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	_, err := catalogue(fstest.MapFS{"a.csv": {Data: []byte(head + row)}, "b.toml": {Data: []byte(strings.Replace(good, `"hz"`, `"330100"`, 1) + "evidence = \"seen\"\nconfidence = \"seen\"\n")}})
	if err == nil || err.Error() != "b.toml:2: portal 330100: id is taken in a.csv:2" {
		t.Errorf("got %v", err)
	}
}

// TestRenamed: a portal entered under a former code is of the division of today.
func TestRenamed(t *testing.T) {
	for code, want := range map[string]string{"330100": "330100", "330183": "330111", "110103": "110103"} {
		text := strings.NewReplacer("330100", code, "prefecture", "county").Replace(good)
		if code == "330100" {
			text = good
		}
		p, err := parse("f.toml", []byte(text))
		if err != nil || p[0].Division != want {
			t.Errorf("%s: got %v, %v, want %s", code, p, err, want)
		}
	}
}

func BenchmarkBuiltin(b *testing.B) {
	for b.Loop() {
		if _, err := Builtin(); err != nil {
			b.Fatal(err)
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
		{"confidence", good + "confidence = \"high\"\n", []string{`f.toml:7: portal hz: confidence "high" is none of verified, seen, derived, home, none`}},
		{"home page only", strings.Replace(good, "start    = [\"http://www.hangzhou.gov.cn/col/col1/index.html\"]", "home = \"http://www.hangzhou.gov.cn/\"", 1), nil},
		{"no address", strings.Replace(good, "start    = [\"http://www.hangzhou.gov.cn/col/col1/index.html\"]", "confidence = \"none\"", 1), nil},
		{"none with one", good + "confidence = \"none\"\n", []string{`f.toml:7: portal hz: confidence is "none", but there is a start`}},
		{"division unknown", strings.Replace(good, "330100", "unknown", 1), nil},
		{"division in no province", strings.Replace(good, "330100", "990100", 1), []string{`f.toml:4: portal hz: division "990100" lies in 990000, which is not`}},
		{"too high", strings.Replace(good, "prefecture", "province", 1), []string{`f.toml:4: portal hz: division "330100" is a prefecture, not a province`}},
		{"checked", good + "checked = \"yesterday\"\n", []string{`f.toml:7: portal hz: checked "yesterday" is no day`}},
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
