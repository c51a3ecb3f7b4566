package extract

import (
	"gongkai/extract/form"
	"slices"
)

// figureDoubts are the kinds of problems that touch figures. Whose figures they are touches them, too.
var figureDoubts = []string{"identity", "cell", "row", "column", "missing", "conflict", "domain", "table", "alignment", "label", "year", "unit"}

// quality draws the one word that a researcher can filter on.
func (r *Report) quality() string {
	if !slices.ContainsFunc(r.Figures, func(f form.Figure) bool { return f.Statutory() }) {
		return QualityUnread
	}
	if slices.ContainsFunc(r.Problems, func(p form.Problem) bool {
		return slices.Contains(figureDoubts, p.Kind) || p.Kind == "agency" && p.Where == "scope"
	}) {
		return QualityDoubtful
	}
	if len(r.Problems) > 0 {
		return QualityNoted
	}
	return QualityClean
}
