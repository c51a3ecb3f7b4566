package markup

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Some servers read a page in the wrong encoding and write what they took it for. Where each step can be taken back
// without a guess, the text of the page is had again; where bytes were lost on the way, the page stays as it is served.

// The ways in which a page is encoded twice, as Encoding.Undone names them.
const (
	undoneLatin  = "utf-8 taken for windows-1252"
	undoneGBK    = "utf-8 taken for gb18030"
	undoneLatGBK = "gb18030 taken for windows-1252"
	undoneHZ     = "hz"
)

const (
	// leastUndone is how many characters an undone text must have gained: fewer are found in names and by chance.
	leastUndone = 20
	// mostDepth is how often a text may be encoded over again.
	mostDepth = 3
)

// undo takes back what was encoded over again and says what that was; "" where nothing was, or not for certain.
func undo(text []byte) (plain []byte, what string) {
	plain = text
	for range mostDepth {
		better, how := undoOnce(plain)
		if how == "" {
			break
		}
		plain, what = better, how
	}
	if _, han, good := inks(plain); what != "" && (han < leastUndone || good*4 < han) {
		return text, ""
	}
	return plain, what
}

func undoOnce(text []byte) ([]byte, string) {
	latin, han, good := inks(text)
	switch {
	case latin+han == 0:
		if plain, err := simplifiedchinese.HZGB2312.NewDecoder().Bytes(text); bytes.Contains(text, []byte("~{")) && err == nil {
			if _, n, frequent := inks(plain); n >= leastUndone && frequent*4 >= n {
				return plain, undoneHZ
			}
		}
	case latin >= 2*leastUndone:
		if plain, gained, lost := recode(text, latinBytes); gained >= leastUndone && lost*10 <= gained {
			return plain, undoneLatin
		}
		if raw, ok := latinText(text); ok && !utf8.Valid(raw) {
			var enc Encoding
			plain := decodeWith(simplifiedchinese.GB18030, raw, &enc)
			if _, n, frequent := inks(plain); enc.Replaced == 0 && n >= leastUndone && frequent*4 >= n {
				return plain, undoneLatGBK
			}
		}
	case han >= leastUndone && good*8 < han: // real prose has half of its characters among the frequent ones
		if plain, gained, lost := recode(text, gbkBytes); gained >= leastUndone && lost*10 <= gained {
			return plain, undoneGBK
		}
	}
	return text, ""
}

// inks counts, in the first part of a text, the characters of Latin-1 and windows-1252 beyond ASCII, the Chinese ones,
// and how many of these are frequent.
func inks(text []byte) (latin, han, good int) {
	for i := 0; i < len(text) && latin+han < 4000; {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		switch _, ok := latinByte(r); {
		case ok:
			latin++
		case unicode.Is(unicode.Han, r):
			han++
			if r < 1<<16 && isFrequent[r] {
				good++
			}
		}
	}
	return latin, han, good
}

// recode turns each run of characters beyond ASCII into the bytes that it was read from and takes these for UTF-8. A
// run of which nothing sensible comes stays as it is. gained are the characters had, lost the runs that stay though
// they look as the others did.
func recode(text []byte, back func(run []byte) ([]byte, bool)) (plain []byte, gained, lost int) {
	plain = make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			plain = append(plain, text[i])
			i++
			continue
		}
		from := i
		for i < len(text) && text[i] >= utf8.RuneSelf {
			i++
		}
		run := text[from:i]
		raw, ok := back(run)
		if ok && utf8.Valid(raw) && utf8.RuneCount(raw) < utf8.RuneCount(run) {
			gained += utf8.RuneCount(raw)
			plain = append(plain, raw...)
			continue
		}
		if ok && utf8.RuneCount(run) > 2 {
			lost++
		}
		plain = append(plain, run...)
	}
	return plain, gained, lost
}

// latinByte returns the byte that windows-1252 or Latin-1 has for a character beyond ASCII.
func latinByte(r rune) (byte, bool) {
	if r >= 0x80 && r < 0x100 {
		return byte(r), true
	}
	b, ok := charmap.Windows1252.EncodeRune(r)
	return b, ok && b >= utf8.RuneSelf
}

func latinBytes(run []byte) ([]byte, bool) {
	raw := make([]byte, 0, len(run))
	for _, r := range string(run) {
		b, ok := latinByte(r)
		if !ok {
			return nil, false
		}
		raw = append(raw, b)
	}
	return raw, true
}

// latinText turns a whole text back into the bytes that it was read from.
func latinText(text []byte) ([]byte, bool) {
	raw := make([]byte, 0, len(text))
	for _, r := range string(text) {
		b, ok := byte(r), r < utf8.RuneSelf
		if !ok {
			b, ok = latinByte(r)
		}
		if !ok {
			return nil, false
		}
		raw = append(raw, b)
	}
	return raw, true
}

func gbkBytes(run []byte) ([]byte, bool) {
	raw, err := simplifiedchinese.GB18030.NewEncoder().Bytes(run)
	return raw, err == nil
}
