package seeds

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func found(portal string, instead []string, urls ...string) Discovery {
	d := Discovery{Portal: portal, Time: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), Instead: instead, Outcome: Found}
	for _, u := range urls {
		d.Listings = append(d.Listings, Listing{URL: u, Rows: 3, Confidence: Verified, Evidence: "named 年报"})
	}
	return d
}

// TestDiscoveries: what was added is there again after a restart, whatever the last line looks like.
func TestDiscoveries(t *testing.T) {
	dir := t.TempDir()
	d, err := ReadDiscoveries(dir)
	if err != nil {
		t.Fatal(err)
	}
	home := []string{"http://a.gov.cn/"}
	for _, one := range []Discovery{found("a", home, "http://a.gov.cn/nb/"), {Portal: "b", Outcome: NotFound}, {Portal: "a", Outcome: Blocked}} {
		if err := d.Add(one); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, DiscoveryFile)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"portal":"a","outcome":"fou`) // killed while it wrote
	f.Close()
	if d, err = ReadDiscoveries(dir); err != nil {
		t.Fatal(err)
	}
	if last, ok := d.Last("a"); !ok || last.Outcome != Blocked {
		t.Errorf("got %+v, %v", last, ok)
	}
	if err := d.Add(Discovery{Portal: "c", Outcome: NotFound}); err != nil {
		t.Fatal(err)
	}
	if d, err = ReadDiscoveries(dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Last("c"); !ok {
		t.Error("what was added after a line that was cut off is lost")
	}
	text, _ := os.ReadFile(path)
	if n := strings.Count(string(text), "\n"); n != 4 {
		t.Errorf("%d lines, want 4:\n%s", n, text)
	}
	got := d.Apply([]Portal{{ID: "a", Start: home}, {ID: "b", Start: []string{"http://b.gov.cn/"}}})
	if !slices.Equal(got[0].Start, []string{"http://a.gov.cn/nb/"}) || got[0].Home != home[0] || got[0].Confidence != Verified || got[0].Checked != "2026-11-25" || !got[0].Listed() {
		t.Errorf("got %+v", got[0])
	}
	if again := d.Apply([]Portal{{ID: "a", Start: home}}); !slices.Equal(again[0].Given, home) {
		t.Errorf("what the catalogue has is forgotten: %+v", again[0])
	}
	if got[1].Start[0] != "http://b.gov.cn/" {
		t.Errorf("got %+v", got[1])
	}
	if got := d.Apply([]Portal{{ID: "a", Start: []string{"http://a.gov.cn/gk/"}}}); got[0].Start[0] != "http://a.gov.cn/gk/" {
		t.Errorf("a correction of the catalogue is overruled: %+v", got[0])
	}
	if err := os.WriteFile(path, []byte("{}\nnonsense\n{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadDiscoveries(dir); err == nil || !strings.Contains(err.Error(), DiscoveryFile+":2: ") {
		t.Errorf("got %v", err)
	}
}

// TestUnits: bodies below a government are portals of their own, and what is found on them counts.
func TestUnits(t *testing.T) {
	d, err := ReadDiscoveries(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := []string{"http://a.gov.cn/"}
	one := found("a", home, "http://a.gov.cn/nb/")
	one.Units = []Portal{{ID: "a-czj", Start: []string{"http://a.gov.cn/czj/"}, Confidence: HomeOnly}, {ID: "taken", Start: []string{"http://a.gov.cn/x/"}}}
	for _, one := range []Discovery{one, found("a-czj", one.Units[0].Start, "http://a.gov.cn/czj/nb/")} {
		if err := d.Add(one); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, p := range d.Apply([]Portal{{ID: "a", Start: home}, {ID: "taken", Start: []string{"http://t.gov.cn/"}}}) {
		got = append(got, p.ID+" "+p.Start[0])
	}
	if want := "a http://a.gov.cn/nb/, a-czj http://a.gov.cn/czj/nb/, taken http://t.gov.cn/"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestComplete(t *testing.T) {
	for _, tt := range []struct {
		d    Discovery
		want Portal
	}{
		{Discovery{Site: "平昌县人民政府门户网站", Division: "511923"}, Portal{Agency: "平昌县人民政府", Division: "511923", Level: "county"}},
		{Discovery{Site: "平昌县", Division: "511923"}, Portal{Agency: "平昌县人民政府", Division: "511923", Level: "county"}},
		{Discovery{Site: "首页", Division: "511923"}, Portal{Agency: "平昌县人民政府", Division: "511923", Level: "county"}},
		{Discovery{Site: "水利部", SiteID: "bm20000001"}, Portal{Agency: "水利部", Level: "central"}},
		{Discovery{Site: "某某网"}, Portal{Agency: "某某网", Level: "county"}},
	} {
		got := tt.d.Complete(Portal{ID: "x", Start: []string{"http://x.gov.cn/"}})
		tt.want.ID, tt.want.Start, tt.want.Home = "x", []string{"http://x.gov.cn/"}, "http://x.gov.cn/"
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.d.Site, got, tt.want)
		}
	}
}

// TestAppend: a file written is read again as the same, keeps what stood in it, and is never half.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my.toml")
	p := []Portal{
		{ID: "a", Agency: `甲县"人民政府`, Division: "330106", Level: "county", Home: "http://a.gov.cn/", Start: []string{"http://a.gov.cn/nb/", "http://a.gov.cn/lnnb/"}, Confidence: Verified, Checked: "2026-11-25", Evidence: "a\\b\tc\u00a0\x01"},
		{ID: "b", Agency: "水利部", Level: "central", Home: "http://b.gov.cn/", Start: []string{"http://b.gov.cn/"}, Confidence: HomeOnly},
		{ID: "c", Agency: "某", Level: "county", Start: []string{"http://c.gov.cn/x"}},
	}
	if left, err := Append(path, p[:2]); err != nil || len(left) > 0 {
		t.Fatal(left, err)
	}
	comment := "# mine\n"
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append([]byte(comment), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	left, err := Append(path, p[1:])
	if err != nil || len(left) != 1 || left[0].ID != "b" {
		t.Fatal(left, err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, p) {
		t.Errorf("got  %+v\nwant %+v", got, p)
	}
	text, _ = os.ReadFile(path)
	if !strings.HasPrefix(string(text), comment) {
		t.Errorf("the comment is lost:\n%s", text)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := Append(path, []Portal{{ID: "No", Agency: "x", Level: "county", Start: []string{"http://c.gov.cn/"}}}); err == nil {
		t.Error("a bad id was written")
	}
	if after, _ := os.ReadFile(path); string(after) != string(text) {
		t.Error("a file that cannot be written right was changed")
	}
	names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}
