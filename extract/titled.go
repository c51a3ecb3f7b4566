package extract

import "gongkai/extract/text"

// TitledReport reports whether a page calls itself an annual report: by the site standard's meta tag, a headline, the
// title element, or a line by itself. It is quick, and says nothing of whether there is a report.
func (d *Document) TitledReport() bool {
	for title := range d.titles(body{}, Hints{}) {
		if _, ok := ReportTitle(text.Compact(title)); ok {
			return true
		}
	}
	return false
}
