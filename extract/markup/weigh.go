package markup

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrTooLarge says of a document of a kind that is read that reading it would take more memory or time than one
// document may. What is too large stays archived; the error that wraps it says what there is too much of.
var ErrTooLarge = errors.New("too large to be read")

// What one document may take. The largest reports are a megabyte of markup, 40,000 elements and 30,000 characters; what
// exceeds these limits by far is a trap, or no report.
const (
	MostBytes    = 16 << 20  // of a page or text as served
	MostMarkup   = 6 << 20   // of UTF-8 without what only says how something looks, and of a plain text
	MostWeight   = 128 << 20 // bytes of the tree that a page is parsed to, with what is made of it
	MostTogether = 160 << 20 // bytes of a page with its parts
	MostSlots    = 1_000_000 // in all tables of a page
)

// What parsing makes of a page, in bytes: an element or a text with its block, and an attribute.
const (
	NodeWeight      = 256
	attributeWeight = 64
)

// TooLarge refuses a document by its size.
func TooLarge(what string, size, most int) error {
	return fmt.Errorf("%w: %s of %d bytes, more than %d", ErrTooLarge, what, size, most)
}

// TooHeavy refuses a page by its tree.
func TooHeavy() error {
	return fmt.Errorf("%w: elements and attributes of more than %d MiB", ErrTooLarge, MostWeight>>20)
}

// weigh returns how much the tree of a page would take, or more, and of this what would be left without formatting
// elements. It looks no further than until that exceeds mostWeight. A tree may be far larger than its page: formatting
// elements that the element around them ends are opened anew in each one that follows, with all their attributes (HTML
// standard, 13.2.4.3).
func weigh(text []byte) (sum, bare int) {
	s := scale{text: text, open: map[string][]formatted{}, alike: map[string]int{}}
	for i := 0; i < len(text) && s.bare <= MostWeight; {
		at := bytes.IndexByte(text[i:], '<')
		if at != 0 { // a text
			s.bare += NodeWeight
			s.more += s.again
		}
		if at < 0 {
			break
		}
		i = s.markup(i + at)
	}
	return s.bare + s.more, s.bare
}

// A scale weighs the tree of a page without making it: what it cannot know it takes for heavy.
type scale struct {
	text  []byte
	bare  int                    // weight without formatting elements
	more  int                    // weight of these
	inner [][]byte               // names of elements that are open, none of them a formatting element
	open  map[string][]formatted // by name
	alike map[string]int         // of these, by tag
	again int                    // weight of these: what may be opened anew with every element
	most  int                    // weight of the heaviest of them so far
	cells int                    // elements so far from within which nothing outside is closed
}

// A formatted is a formatting element that is open.
type formatted struct {
	tag    string // with all attributes
	weight int
	inner  int // elements that were open when it began
	cells  int // elements so far that nothing is closed from within
}

// mostAlike is how many formatting elements with the same tag are opened anew (HTML standard, 13.2.4.3).
const mostAlike = 3

// adopted is how many elements the end tag of a formatting element makes at most where elements that began in it have
// not ended: three and itself, eight times (HTML standard, 13.2.6.4.7).
const adopted = 8 * 4

// markup weighs what begins with a "<", and returns where to go on.
func (s *scale) markup(at int) int {
	text, i := s.text, at+1
	switch {
	case i == len(text):
		return i
	case bytes.HasPrefix(text[i:], []byte("!--")):
		s.bare += NodeWeight
		return behind(text, i, "-->")
	case isLetter(text[i]):
		return s.startTag(at)
	case text[i] == '/' && i+1 < len(text) && isLetter(text[i+1]):
		return s.endTag(at)
	case text[i] == '/' || text[i] == '!' || text[i] == '?':
		s.bare += NodeWeight
		return behind(text, i, ">")
	}
	s.bare += NodeWeight
	return i
}

// behind returns the place behind the next end; that of the text if there is none.
func behind(text []byte, i int, end string) int {
	if at := bytes.Index(text[i:], []byte(end)); at >= 0 {
		return i + at + len(end)
	}
	return len(text)
}

func (s *scale) startTag(at int) int {
	name := word(s.text[at+1:], endName)
	i, attributes := s.attributes(at + 1 + len(name))
	weight := NodeWeight + attributes*attributeWeight
	s.more += s.again
	lower := string(bytes.ToLower(name[:min(len(name), longestName)]))
	if isFormatting([]byte(lower)) {
		s.more += weight
		s.bare += attributes * attributeWeight / 2 // for as long as it is read
	} else {
		s.bare += weight
	}
	switch {
	case formats[lower]:
		if lower == "a" || lower == "nobr" {
			s.close(lower) // one in another ends that
		}
		s.begin(lower, formatted{string(s.text[at:i]), weight, len(s.inner), s.cells})
	case voids[lower]:
	case holdsText(name):
		s.bare += NodeWeight
		if end := indexFold(s.text[i:], name); end >= 0 {
			return i + end
		}
		return len(s.text)
	default:
		s.bare += implied[lower] * NodeWeight
		if markers[lower] {
			s.cells++
		}
		s.inner = append(s.inner, name)
	}
	return i
}

// attributes returns the place behind a tag, and how many attributes it has.
func (s *scale) attributes(i int) (after, n int) {
	for {
		a, ok := nextAttribute(s.text, i)
		if !ok {
			return behind(s.text, i, ">"), n
		}
		i = a.end
		n++
	}
}

func (s *scale) endTag(at int) int {
	name := word(s.text[at+2:], endName)
	i, attributes := s.attributes(at + 2 + len(name))
	s.bare += attributes * attributeWeight // for as long as it is read
	lower := string(bytes.ToLower(name[:min(len(name), longestName)]))
	if formats[lower] {
		s.close(lower)
		return i
	}
	if n := len(s.inner); n > 0 && bytes.EqualFold(s.inner[n-1], name) {
		s.inner = s.inner[:n-1]
	} else {
		s.bare += NodeWeight // </p> makes one
	}
	return i
}

// begin notes a formatting element.
func (s *scale) begin(name string, f formatted) {
	if s.alike[f.tag]++; s.alike[f.tag] <= mostAlike {
		s.again += f.weight
	}
	s.most = max(s.most, f.weight)
	s.open[name] = append(s.open[name], f)
}

// close ends the last formatting element of a name, if that can be: from within the cell of a table none outside is.
func (s *scale) close(name string) {
	list := s.open[name]
	if len(list) == 0 {
		return
	}
	last := list[len(list)-1]
	if len(s.inner) != last.inner {
		s.more += adopted * s.most
	}
	if last.cells != s.cells {
		return
	}
	s.open[name] = list[:len(list)-1]
	if s.alike[last.tag]--; s.alike[last.tag] < mostAlike {
		s.again -= last.weight
	}
}

// longestName is longer than the name of every element that has rules of its own.
const longestName = 16

// Elements by the rules of the HTML standard: formatting elements; those without an end; those around which a list of
// formatting elements of its own begins (13.2.4.3).
var (
	formats = names("a b big code em font i nobr s small strike strong tt u")
	voids   = names("area base br col embed hr img input link meta param source track wbr")
	markers = names("applet caption marquee object td template th")
)

// implied says how many elements that are not there come with one (13.2.6.4.9).
var implied = map[string]int{"table": 3, "tr": 1, "td": 1, "th": 1}

func names(list string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		set[name] = true
	}
	return set
}
