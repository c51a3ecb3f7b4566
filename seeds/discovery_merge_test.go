package seeds

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMergeDiscoveries(t *testing.T) {
	one := `{"portal":"a","time":"2024-01-02T00:00:00Z","outcome":"found","requests":1,"listings":[{"url":"http://a/new","rows":3,"confidence":"verified","evidence":"e"}]}` + "\n"
	two := `{"portal":"a","time":"2024-01-01T00:00:00Z","outcome":"not found","requests":1}` + "\n"
	var dirs []string
	for _, text := range []string{one, two + one + `{"portal":"b","ti`, ""} {
		dir := t.TempDir()
		dirs = append(dirs, dir)
		if text != "" {
			if err := os.WriteFile(filepath.Join(dir, DiscoveryFile), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	to := t.TempDir()
	if err := MergeDiscoveries(to, dirs[2]); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(to, DiscoveryFile)); err == nil {
		t.Error("a file of nothing")
	}
	if err := MergeDiscoveries(to, dirs...); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(to, DiscoveryFile))
	if want := two + one; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	d, err := ReadDiscoveries(to)
	if err != nil || d.Whose("http://a/new") != "a" {
		t.Error(err)
	}
	if err := MergeDiscoveries(to, dirs...); err == nil || !strings.Contains(err.Error(), "exist") {
		t.Errorf("over another file: %v", err)
	}
}
