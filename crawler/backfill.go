package crawler

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"gongkai/crawler/visit"
	"gongkai/extract"
	"gongkai/store"
)

// Years is a range of years, both included. The zero one is none.
type Years struct{ First, Last int }

func (y Years) String() string {
	if y.First == y.Last {
		return strconv.Itoa(y.First)
	}
	return fmt.Sprintf("%d-%d", y.First, y.Last)
}

// Hold reports whether a year is among them.
func (y Years) Hold(year int) bool { return y.First <= year && year <= y.Last }

// backfills reports whether past years are what is asked for.
func (c *Crawler) backfills() bool { return c.Years != Years{} }

// overBudget is why sites are left alone once a run has sent as many requests as it may.
const overBudget = "the run has sent as many requests as it may"

// within drops what a backfill need not ask for: reports that cannot be of its years, and columns of other years.
func (w *walk) within(targets []visit.Target) []visit.Target {
	if !w.conf.backfills() {
		return targets
	}
	return slices.DeleteFunc(targets, func(t visit.Target) bool {
		if t.Kind == store.KindReport {
			return !mayBeOf(w.conf.Years, t)
		}
		year := columnYear(t.Title)
		return t.Depth > 0 && year != 0 && (year < w.conf.Years.First || year > w.conf.Years.Last+1)
	})
}

// mayBeOf reports whether a report may be of these years. Its title decides, if that names a year. A date tells less:
// a report is published in its year or later, and when a portal was rebuilt all its pages may have the date of that.
func mayBeOf(y Years, t visit.Target) bool {
	if years := extract.TitleYears(t.Title); len(years) > 0 {
		return slices.ContainsFunc(years, y.Hold)
	}
	published := yearOfDate(t.Date)
	if published == 0 {
		published = yearOfAddress(t.URL)
	}
	return published == 0 || published >= y.First
}

func yearOfDate(date string) int {
	day, _, ok := extract.ParseDate(date)
	if !ok {
		return 0
	}
	year, _ := strconv.Atoi(day[:4]) // YYYY-MM-DD
	return year
}

// datePath finds the day or month of publication that most families put into an address: /2019/1/15/, /201901/,
// t20190115_1234.html, 2019-01/15/.
var datePath = regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d{2})(?:[-/]?(?:0[1-9]|1[0-2])(?:[-/]?(?:0[1-9]|[12]\d|3[01]))?|/(?:[1-9]|1[0-2])/(?:[1-9]|[12]\d|3[01]))(?:[^0-9]|$)`)

func yearOfAddress(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	m := datePath.FindStringSubmatch(u.Path)
	if m == nil {
		return 0
	}
	year, _ := strconv.Atoi(m[1]) // the expression has seen digits
	return year
}

var bareYear = regexp.MustCompile(`^\s*((?:19|20)\d{2})\s*(?:年|年度)?\s*$`)

// columnYear returns the year that a column is called by; 0 when its name is none.
func columnYear(title string) int {
	m := bareYear.FindStringSubmatch(title)
	if m == nil {
		return 0
	}
	year, _ := strconv.Atoi(m[1]) // the expression has seen digits
	return year
}

// deepest is how many columns below a start page the run follows.
func (c *Crawler) deepest() int {
	if c.backfills() {
		return visit.DeepestBackfill
	}
	return visit.Deepest
}
