package extract

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gongkai/extract/text"
)

var (
	digitDate = regexp.MustCompile(`((?:19|20)\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?(?:[\sT]*(\d{1,2}):(\d{2}))?`)
	plainDate = regexp.MustCompile(`^((?:19|20)\d{2})(\d{2})(\d{2})$`)
	hanDate   = regexp.MustCompile(`([一二][〇○零O0一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日`)
)

// china is the time zone of all portals.
var china = time.FixedZone("China", 8*60*60)

// instant is a time with its zone; secondsOf leaves out what is finer than a minute, and the colon of the zone.
var (
	instant   = regexp.MustCompile(`(?:19|20)\d{2}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})\b`)
	secondsOf = regexp.MustCompile(`(T\d{2}:\d{2})(?::\d{2}(?:[.,]\d+)?)?(?:(Z)|([+-]\d{2}):?(\d{2}))`)
)

// ParseDate finds the first date in a text and returns its day as 2006-01-02 and, where one is printed, the minute
// as 15:04. Portals print Chinese time (UTC+8) without saying so. Days that do not exist are no dates, and neither
// is the middle of an index number such as 2026-02-00018. A time that says its zone (RFC 3339) is brought to China's.
func ParseDate(s string) (day, minute string, ok bool) {
	s = indexNumber.ReplaceAllString(text.Narrow(text.Simplify(s)), "")
	if m := instant.FindString(s); m != "" {
		if t, err := time.Parse("2006-01-02T15:04Z0700", secondsOf.ReplaceAllString(strings.Replace(m, " ", "T", 1), "$1$2$3$4")); err == nil {
			t = t.In(china)
			return t.Format(time.DateOnly), t.Format("15:04"), true
		}
	}
	if m := digitDate.FindStringSubmatch(s); m != nil {
		day, ok = validDay(atoi(m[1]), atoi(m[2]), atoi(m[3]))
		if h, min := atoi(m[4]), atoi(m[5]); ok && m[4] != "" && h < 24 && min < 60 {
			minute = fmt.Sprintf("%02d:%02d", h, min)
		}
		return day, minute, ok
	}
	if m := hanDate.FindStringSubmatch(s); m != nil {
		day, ok = validDay(atoi(hanDigits.Replace(strings.ReplaceAll(m[1], "O", "0"))), hanNumber(m[2]), hanNumber(m[3]))
		return day, "", ok
	}
	if m := plainDate.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		day, ok = validDay(atoi(m[1]), atoi(m[2]), atoi(m[3]))
		return day, "", ok
	}
	return "", "", false
}

func validDay(y, m, d int) (string, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // the patterns above match digits only
	return n
}

// hanNumber reads 一 to 三十一.
func hanNumber(s string) int {
	tens, ones, found := strings.Cut(s, "十")
	if !found {
		return atoi(hanDigits.Replace(s))
	}
	n := 10
	if tens != "" {
		n = 10 * atoi(hanDigits.Replace(tens))
	}
	return n + atoi(hanDigits.Replace(ones))
}
