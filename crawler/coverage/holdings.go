package coverage

import (
	"cmp"
	"iter"
	"slices"

	"gongkai/extract"
	"gongkai/store"
)

// A Holding is what an archive holds of one agency.
type Holding struct {
	Key     extract.AgencyKey
	Name    string // on its report of the latest year
	Level   string
	Portals []string       // ids of the portals that its reports are from
	Years   map[int]string // to the best quality held
	Forms   map[int]string // to what the report of that quality was read from: see extract.FormHTML
}

// Holdings lists what an archive holds of each agency, by key. Pages that are no reports, and reports whose agency or
// year is not known, do not count.
func Holdings(s *store.Store) ([]Holding, error) { return holdingsOf(s.Outlines()) }

func holdingsOf(records iter.Seq2[store.Record, error]) ([]Holding, error) {
	at := map[extract.AgencyKey]*Holding{}
	newest := map[extract.AgencyKey]int{} // the year that the name is from
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if r.Report == nil || r.Rejected != "" || r.Report.Agency.Key == "" || r.Report.Year == 0 {
			continue
		}
		key := r.Report.Agency.Key
		h := at[key]
		if h == nil {
			h = &Holding{Key: key, Years: map[int]string{}, Forms: map[int]string{}}
			at[key] = h
		}
		if r.Report.Year >= newest[key] {
			newest[key], h.Name, h.Level = r.Report.Year, r.Report.Agency.Name, r.Report.Agency.Level
		}
		if !slices.Contains(h.Portals, r.Portal) {
			h.Portals = append(h.Portals, r.Portal)
		}
		if old, ok := h.Years[r.Report.Year]; !ok || qualityRank(r.Report.Quality) > qualityRank(old) {
			h.Years[r.Report.Year], h.Forms[r.Report.Year] = r.Report.Quality, r.Report.Form
		}
	}
	var all []Holding
	for _, h := range at {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b Holding) int { return cmp.Compare(a.Key, b.Key) })
	return all, nil
}

func qualityRank(quality string) int {
	return slices.Index([]string{extract.QualityUnread, extract.QualityDoubtful, extract.QualityNoted, extract.QualityClean}, quality)
}
