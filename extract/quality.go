package extract

import "slices"

// figureDoubts are the kinds of problems that touch figures. Whose figures they are touches them, too.
var figureDoubts = []string{"identity", "cell", "row", "column", "missing", "conflict", "domain", "table", "alignment", "label", "year", "unit"}

// quality draws the one word that a researcher can filter on.
func (r *Report) quality() string {
	if !slices.ContainsFunc(r.Figures, func(f Figure) bool { return f.statutory() }) {
		return QualityUnread
	}
	if slices.ContainsFunc(r.Problems, func(p Problem) bool {
		return slices.Contains(figureDoubts, p.Kind) || p.Kind == "agency" && p.Where == "scope"
	}) {
		return QualityDoubtful
	}
	if len(r.Problems) > 0 {
		return QualityNoted
	}
	return QualityClean
}
