package docx

import (
	"strconv"
	"strings"
)

// format writes a number as a list of Word would. Kinds of number that are not known are written in digits.
func format(kind string, n int) string {
	switch kind {
	case "none", "bullet":
		return ""
	case "decimalZero":
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
	case "decimalFullWidth", "decimalFullWidth2":
		return digits(n, []rune("０１２３４５６７８９"))
	case "chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting", "taiwaneseCountingThousand", "koreanCounting":
		return counting(n, []rune("〇一二三四五六七八九"), []rune("十百千"))
	case "chineseLegalSimplified":
		return counting(n, []rune("零壹贰叁肆伍陆柒捌玖"), []rune("拾佰仟"))
	case "ideographLegalTraditional", "japaneseLegal":
		return counting(n, []rune("零壹貳參肆伍陸柒捌玖"), []rune("拾佰仟"))
	case "ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital":
		return digits(n, []rune("〇一二三四五六七八九"))
	case "ideographTraditional":
		return cycle(n, "甲乙丙丁戊己庚辛壬癸")
	case "ideographZodiac":
		return cycle(n, "子丑寅卯辰巳午未申酉戌亥")
	case "decimalEnclosedCircle", "decimalEnclosedCircleChinese":
		return enclosed(n, '①')
	case "decimalEnclosedParen":
		return enclosed(n, '⑴')
	case "decimalEnclosedFullstop":
		return enclosed(n, '⒈')
	case "ideographEnclosedCircle":
		if n >= 1 && n <= 10 {
			return string('㊀' + rune(n-1))
		}
	case "lowerLetter":
		return letters(n, 'a')
	case "upperLetter":
		return letters(n, 'A')
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	}
	return strconv.Itoa(n)
}

func digits(n int, zeroToNine []rune) string {
	var b strings.Builder
	for _, d := range strconv.Itoa(n) {
		b.WriteRune(zeroToNine[d-'0'])
	}
	return b.String()
}

// counting writes a number below 10,000 in words: 十一, 二十, 一百零三.
func counting(n int, zeroToNine, units []rune) string {
	if n < 1 || n > 9999 {
		return strconv.Itoa(n)
	}
	var out []rune
	text := strconv.Itoa(n)
	gap := false
	for i, c := range text {
		d, power := int(c-'0'), len(text)-1-i
		if d == 0 {
			gap = true
			continue
		}
		if gap {
			out = append(out, '零')
			gap = false
		}
		// Ten is 十, not 一十, but with the legal digits it is 壹拾.
		if d != 1 || power != 1 || len(out) > 0 || zeroToNine[1] != '一' {
			out = append(out, zeroToNine[d])
		}
		if power > 0 {
			out = append(out, units[power-1])
		}
	}
	return string(out)
}

func cycle(n int, signs string) string {
	runes := []rune(signs)
	return string(runes[(max(n, 1)-1)%len(runes)])
}

// enclosed writes 1 to 20 as the one character that Unicode has for each.
func enclosed(n int, first rune) string {
	if n < 1 || n > 20 {
		return strconv.Itoa(n)
	}
	return string(first + rune(n-1))
}

// letters writes a, b, … z, aa, bb, as Word counts.
func letters(n int, first rune) string {
	if n < 1 || n > 26*20 {
		return strconv.Itoa(n)
	}
	return strings.Repeat(string(first+rune((n-1)%26)), (n-1)/26+1)
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, step := range [...]struct {
		value int
		sign  string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"},
		{9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= step.value {
			b.WriteString(step.sign)
			n -= step.value
		}
	}
	return b.String()
}
