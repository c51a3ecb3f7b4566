package seeds

import (
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	portals := []Portal{
		{ID: "zj", Division: "330000", Level: "province", Confidence: HomeOnly},
		{ID: "hz", Division: "330100", Level: "prefecture", Confidence: Seen, Family: "hanweb-jpage"},
		{ID: "xh", Division: "330106", Level: "county", Confidence: HomeOnly},
		{ID: "js", Division: "320000", Level: "province", Confidence: HomeOnly},
		{ID: "mee", Level: "central", Confidence: Verified},
	}
	for _, tt := range []struct {
		name string
		f    Filter
		want string
	}{
		{"all", Filter{}, "zj hz xh js mee"},
		{"province", Filter{Divisions: []string{"330000"}}, "zj hz xh"},
		{"prefecture", Filter{Divisions: []string{"330100"}}, "hz xh"},
		{"county", Filter{Divisions: []string{"330106"}}, "xh"},
		{"central", Filter{Divisions: []string{"000000"}}, "mee"},
		{"two", Filter{Divisions: []string{"320000", "330106"}}, "xh js"},
		{"level", Filter{Levels: []string{"province"}}, "zj js"},
		{"family", Filter{Families: []string{"hanweb-jpage"}}, "hz"},
		{"confidence", Filter{Confidences: []string{"home", "verified"}, Levels: []string{"county", "central"}}, "xh mee"},
	} {
		var got []string
		for _, p := range tt.f.Choose(portals) {
			got = append(got, p.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, got, tt.want)
		}
	}
	for want, f := range map[string]Filter{
		`division "33" is not in GB/T 2260`: {Divisions: []string{"33"}},
		`level "city" is none of central`:   {Levels: []string{"city"}},
		`confidence "high" is none of`:      {Confidences: []string{"high"}},
	} {
		if err := f.Check(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
