package docx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// lists knows the document's numbering and counts along. Agencies number the six headings by hand or by Word's lists;
// in the second case the numbers stand nowhere in the text.
type lists struct {
	abstract map[string]*[listLevels]level // abstractNum id -> its levels
	nums     map[string]*num
	styles   map[string]style
	counts   map[string]*[listLevels]int // abstractNum id -> where each level stands; nums of one list count on
}

const (
	listLevels = 9
	maxBased   = 32 // of styles based on styles
)

type level struct {
	start  int
	format string
	text   string // "%1、"
}

// A num is a use of a list.
type num struct {
	list   string
	starts map[int]int // levels that begin anew, with the number they begin at; emptied as they are used
}

type style struct {
	based string
	list  listItem
}

// A listItem is what properties say about a paragraph's place in a list.
type listItem struct {
	num      string
	level    int
	numSet   bool
	levelSet bool
}

// readLists reads the parts that say how paragraphs are numbered. Both may be missing.
func readLists(z *zip.Reader) (*lists, error) {
	l := &lists{abstract: map[string]*[listLevels]level{}, nums: map[string]*num{}, styles: map[string]style{},
		counts: map[string]*[listLevels]int{}}
	for _, part := range [...]struct {
		name string
		read func(data []byte) error
	}{{"numbering", l.readNumbering}, {"styles", l.readStyles}} {
		f := findPart(z, part.name)
		if f == nil {
			continue
		}
		data, err := readPart(f, maxPart)
		if errors.Is(err, ErrTooLarge) {
			return nil, err
		}
		if err != nil {
			continue // without numbers the text is still the text
		}
		_ = part.read(data) // likewise: what was read before the XML broke is used
	}
	return l, nil
}

func (l *lists) readNumbering(data []byte) error {
	var list, use string
	var levels *[listLevels]level
	at := 0
	return eachStart(data, func(e xml.StartElement) {
		switch e.Name.Local {
		case "abstractNum":
			list, use = attr(e, "abstractNumId"), ""
			levels = &[listLevels]level{}
			l.abstract[list] = levels
		case "num":
			use = attr(e, "numId")
			l.nums[use] = &num{starts: map[int]int{}}
		case "abstractNumId":
			if n := l.nums[use]; n != nil {
				n.list = attr(e, "val")
			}
		case "lvl", "lvlOverride":
			at = min(digitsOf(attr(e, "ilvl")), listLevels-1)
		case "startOverride":
			if n := l.nums[use]; n != nil {
				n.starts[at] = number(e)
			}
		default:
			if levels != nil && use == "" { // a level redefined in a num is rare, and left
				levels[at].set(e)
			}
		}
	})
}

func (v *level) set(e xml.StartElement) {
	switch e.Name.Local {
	case "start":
		v.start = number(e)
	case "numFmt":
		v.format = attr(e, "val")
	case "lvlText":
		v.text = attr(e, "val")
	}
}

func (l *lists) readStyles(data []byte) error {
	id := ""
	return eachStart(data, func(e xml.StartElement) {
		s := l.styles[id]
		switch e.Name.Local {
		case "style":
			id = attr(e, "styleId")
			return
		case "basedOn":
			s.based = attr(e, "val")
		case "numId":
			s.list.num, s.list.numSet = attr(e, "val"), true
		case "ilvl":
			s.list.level, s.list.levelSet = number(e), true
		default:
			return
		}
		l.styles[id] = s
	})
}

// eachStart calls f for every start element of a part.
func eachStart(data []byte, f func(e xml.StartElement)) error {
	dec := newDecoder(data)
	depth := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errTooDeep
			}
			f(e)
		case xml.EndElement:
			depth--
		}
	}
}

// label counts a paragraph and returns its number with what follows it, or "". A paragraph without text is not counted:
// Word shows a number there, but such paragraphs are leftovers.
func (l *lists) label(p *paragraph) string {
	item := l.itemOf(p)
	n := l.nums[item.num]
	if n == nil || strings.TrimSpace(p.text.String()) == "" {
		return ""
	}
	levels := l.abstract[n.list]
	if levels == nil {
		return ""
	}
	at := min(item.level, listLevels-1)
	counts := l.count(n, levels, at)
	text := levels[at].text
	for i := range levels {
		if place := "%" + string(rune('1'+i)); strings.Contains(text, place) {
			text = strings.ReplaceAll(text, place, format(levels[i].format, max(counts[i], 1)))
		}
	}
	if levels[at].format == "bullet" || text == "" {
		return ""
	}
	if last := text[len(text)-1]; last >= '0' && last <= '9' || last >= 'A' && last <= 'z' {
		text += " " // the tab that Word puts after it keeps "1" and "2023年" apart
	}
	return text
}

// itemOf is a paragraph's place in a list by its own properties, else by its style and those that is based on.
func (l *lists) itemOf(p *paragraph) listItem {
	item := p.list
	id := p.style
	for range maxBased {
		s, ok := l.styles[id]
		if !ok || id == "" {
			break
		}
		if !item.numSet && s.list.numSet {
			item.num, item.numSet = s.list.num, true
		}
		if !item.levelSet && s.list.levelSet {
			item.level, item.levelSet = s.list.level, true
		}
		id = s.based
	}
	return item
}

// count advances a level and begins those below it anew. The array holds the numbers to show.
func (l *lists) count(n *num, levels *[listLevels]level, at int) *[listLevels]int {
	counts := l.counts[n.list]
	if counts == nil {
		counts = &[listLevels]int{}
		for i := range counts {
			counts[i] = levels[i].start - 1
		}
		l.counts[n.list] = counts
	}
	if start, ok := n.starts[at]; ok {
		counts[at] = start - 1
		delete(n.starts, at)
	}
	counts[at]++
	for i := at + 1; i < listLevels; i++ {
		counts[i] = levels[i].start - 1
	}
	return counts
}
