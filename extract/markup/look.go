package markup

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// What a reader sees of the text of a cell. The text of an element may be gone, be a mark beside the text, or stand
// somewhere else than in the page's order; where that is not certain the cell is in doubt.

// A sight is what a reader sees of an element's text.
type sight int

const (
	plainly  sight = iota
	gone           // it takes no place in the text
	marked         // raised or lowered, as the mark of a footnote
	raised         // as marked, by so much as whole cells are too
	apart          // seen, but not where it stands if there is other text
	doubtful       // nobody can tell
)

// A look is what text inherits from the elements around it.
type look struct {
	hidden     bool    // by visibility, which an inner element may take back
	size       float64 // of the font, in pixels
	ink, paper string  // colours, see colour; "" when nothing says
	lent       bool    // the ink is a sheet's
}

// commonSize is the size of a font of which nothing says it, in pixels.
const commonSize = 16

// inherit returns the look within an element.
func (l look) inherit(n *html.Node, s style) look {
	if c := Attr(n, "bgcolor"); c != "" {
		l.paper = colour(c)
	}
	if c := Attr(n, "color"); c != "" && n.DataAtom == atom.Font {
		l.ink = colour(c)
	}
	if s == nil {
		return l
	}
	switch s["visibility"] {
	case "hidden", "collapse":
		l.hidden = true
	case "visible":
		l.hidden = false
	}
	l.size = fontSize(s["font-size"], l.size)
	if c := colour(s["color"]); c != "" {
		l.ink, l.lent = c, s[lentColour] != ""
	}
	if c := colour(s["-webkit-text-fill-color"]); c != "" {
		l.ink = c
	}
	if c := paperOf(s["background"]); c != "" {
		l.paper = c
	}
	return l
}

// unreadable reports how text in this look is seen: not at all in no size and in the colour of its ground. linked says
// that sheets may give it another ground.
func (l look) unreadable(linked bool) sight {
	switch {
	case l.hidden, l.size < 1, l.ink == noColour && !l.lent:
		return gone
	case l.size < 3, l.ink == noColour:
		return doubtful
	case l.ink == "":
		return plainly
	case l.paper == unknownPaper && isWhite(l.ink), l.paper == "" && isWhite(l.ink) && linked:
		return doubtful
	case l.paper == "" && isWhite(l.ink), alike(l.ink, l.paper):
		if l.lent {
			return doubtful
		}
		return gone
	}
	return plainly
}

// sightOf says how an element's style shows its text. block says that the element has a box of its own.
func (s style) sightOf(block bool) sight {
	if s == nil {
		return plainly
	}
	if seen := s.concealed(block); seen != plainly {
		return seen
	}
	if strings.Contains(s["text-decoration"], "line-through") {
		return gone // struck out
	}
	if seen := s.raise(block); seen != plainly {
		return seen
	}
	return s.moved()
}

// concealed reports whether what is declared takes an element out of sight.
func (s style) concealed(block bool) sight {
	switch s["display"] {
	case "none":
		return gone
	case "block", "inline-block", "flex", "inline-flex", "table-cell", "grid", "inline-grid":
		block = true
	}
	out := s["position"] == "absolute" || s["position"] == "fixed"
	block = block || out || s["float"] == "left" || s["float"] == "right"
	switch {
	case s["mso-hide"] == "all", s["content-visibility"] == "hidden", isZero(s["opacity"]), strings.Contains(s["filter"], "opacity(0"):
		return gone
	case strings.Contains(s["filter"], "alpha(opacity=0"), s["filter"] != "" && strings.Contains(s["filter"], "blur"):
		return doubtful
	}
	for _, seen := range [...]sight{s.offScreen(block), s.clipped(out), s.folded(block)} {
		if seen != plainly {
			return seen
		}
	}
	return plainly
}

// farAway is a distance at which nothing is on the screen, in pixels.
const farAway = 500

// shifts are the properties that move an element or the text in it.
var shifts = [...]string{"left", "right", "top", "bottom", "text-indent", "margin", "margin-left", "margin-top"}

// offScreen: moved so far that no screen shows it.
func (s style) offScreen(block bool) sight {
	positioned := s["position"] != "" && s["position"] != "static"
	for _, p := range shifts {
		margin, indent := strings.HasPrefix(p, "margin"), p == "text-indent"
		for v := range strings.FieldsSeq(s[p]) {
			far, ok := pixels(v, commonSize)
			away := ok && (far <= -farAway || far >= farAway && !margin && !indent)
			switch {
			case away && (margin || positioned || block && indent):
				return gone
			case away && indent:
				return doubtful
			}
		}
	}
	return s.transformed(block)
}

// transformed: moved, made smaller or turned as a picture would be.
func (s style) transformed(block bool) sight {
	for _, p := range [...]string{"transform", "translate", "scale", "rotate"} {
		switch v := s[p]; {
		case v == "" || v == "none":
		case block && farInTransform.MatchString(v), block && strings.Contains(v, "scale(0)"), p == "scale" && isZero(v):
			return gone
		default:
			return doubtful
		}
	}
	return plainly
}

var farInTransform = regexp.MustCompile(`translate[xy]?\([^)]*-\d{3,}(?:px|%|em|vw|vh)`)

// clipped: cut down to nothing.
func (s style) clipped(out bool) sight {
	if v := s["clip"]; v != "" && v != "auto" {
		sides := numberIn.FindAllString(v, -1)
		if out && !slices.ContainsFunc(sides, func(n string) bool { return atof(n) > 1 }) {
			return gone
		}
		return doubtful
	}
	switch v := s["clip-path"]; {
	case v == "" || v == "none":
		return plainly
	case strings.HasPrefix(v, "inset("):
		if sides := numberIn.FindAllString(v, -1); len(sides) > 0 && atof(sides[0]) >= 50 && strings.Contains(v, "%") {
			return gone
		}
	case strings.HasPrefix(v, "circle(0"):
		return gone
	}
	return doubtful
}

// folded: a box of no size that shows nothing beside it.
func (s style) folded(block bool) sight {
	over := s["overflow"] + " " + s["overflow-x"] + " " + s["overflow-y"]
	if !strings.Contains(over, "hidden") && !strings.Contains(over, "clip") && !strings.Contains(over, "auto") && !strings.Contains(over, "scroll") {
		return plainly
	}
	for _, p := range [...]string{"width", "height", "max-width", "max-height", "line-height"} {
		switch size, ok := pixels(s[p], commonSize); {
		case !ok || size >= 8:
		case size <= 1 && block && p != "line-height":
			return gone
		default:
			return doubtful
		}
	}
	return plainly
}

// raise: text that stands above or below the line it is in. Less than two pixels is an editor's tuning.
func (s style) raise(block bool) sight {
	up := 0.0
	switch v := s["vertical-align"]; {
	case block || v == "":
	case v == "super" || v == "sub":
		return marked
	case v == "top" || v == "text-top" || v == "bottom" || v == "text-bottom":
		if s["font-size"] != "" {
			return apart
		}
	case strings.HasSuffix(v, "%"):
		up = atof(strings.TrimSuffix(v, "%")) / 100 * commonSize
	default:
		up, _ = pixels(v, commonSize)
	}
	switch up = s.shifted(up); {
	case up >= 2:
		return raised
	case up != 0:
		return apart
	}
	return plainly
}

// shifted is how far up text stands, in pixels, that its alignment lifts so far: its position may lift it further, and
// what Word says of it counts above all.
func (s style) shifted(up float64) float64 {
	if v, ok := pixels(s["mso-text-raise"], commonSize); ok && v != 0 {
		return v
	}
	if s["position"] != "relative" {
		return up
	}
	top, _ := pixels(s["top"], commonSize)
	bottom, _ := pixels(s["bottom"], commonSize)
	if up = max(up, bottom, -top); up == 0 && top > 0 {
		return -top
	}
	return up
}

// moved: seen, but perhaps not where the text stands.
func (s style) moved() sight {
	switch {
	case s["position"] == "absolute" || s["position"] == "fixed" || s["position"] == "sticky":
		return apart
	case s["position"] == "relative" && (!isNothing(s["left"]) || !isNothing(s["right"])):
		return apart
	case s["float"] == "left" || s["float"] == "right", !isNothing(s["order"]), strings.HasPrefix(s["z-index"], "-"):
		return apart
	case strings.Contains(s["margin"]+" "+s["margin-left"]+" "+s["margin-right"], "-"):
		return apart
	}
	return plainly
}

// turns reports whether the pieces of an element may be shown in another order than they stand in; each of characters,
// or only of elements.
func turns(n *html.Node, s style) (characters, elements bool) {
	rtl := strings.EqualFold(Attr(n, "dir"), "rtl") || s["direction"] == "rtl"
	override := n.DataAtom == atom.Bdo || strings.Contains(s["unicode-bidi"], "override")
	back := strings.Contains(s["flex-direction"]+s["flex-flow"], "reverse")
	return rtl && override, rtl || back
}

// isNothing reports whether a length is none, or not said.
func isNothing(v string) bool { return v == "" || v == "auto" || isZero(v) }

// isZero reports whether a value is a number that is nothing.
func isZero(v string) bool {
	n, ok := pixels(strings.TrimSuffix(v, "%"), commonSize)
	return ok && n == 0
}

var (
	numberIn  = regexp.MustCompile(`-?\d*\.?\d+`)
	lengthCSS = regexp.MustCompile(`^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(px|pt|pc|em|rem|ex|ch|cm|mm|in|vw|vh|q)?$`)
)

func atof(s string) float64 {
	n, _ := strconv.ParseFloat(s, 64)
	return n
}

// pixels converts a length (CSS Values, 6); em is the size of the font in pixels. A bare number counts as pixels, as
// old pages mean it. A share of something else is no length.
func pixels(v string, em float64) (n float64, ok bool) {
	m := lengthCSS.FindStringSubmatch(v)
	if m == nil {
		return 0, false
	}
	return atof(m[1]) * map[string]float64{"": 1, "px": 1, "pt": 4.0 / 3, "pc": 16, "em": em, "rem": commonSize, "ex": em / 2, "ch": em / 2,
		"cm": 96 / 2.54, "mm": 96 / 25.4, "in": 96, "vw": screenWidth / 100.0, "vh": 8, "q": 96 / 101.6}[m[2]], true
}

// fontSize is a font's size, in pixels, within one of another size.
func fontSize(v string, around float64) float64 {
	switch v {
	case "":
		return around
	case "smaller":
		return around * 5 / 6
	case "xx-small":
		return 9
	case "x-small":
		return 10
	case "small", "medium", "large", "x-large", "xx-large", "initial":
		return commonSize
	}
	if share, ok := strings.CutSuffix(v, "%"); ok {
		return around * atof(share) / 100
	}
	if n, ok := pixels(v, around); ok {
		return n
	}
	return around
}

// Colours are "#rrggbb", or the name of one that has no number here. These are none:
const (
	noColour     = "transparent"
	unknownPaper = "?" // a picture
)

// colour brings a colour to one form; "" for what is none.
func colour(v string) string {
	v = strings.ToLower(strings.TrimSpace(v))
	switch {
	case v == noColour:
		return noColour
	case rgb[v] != "":
		return rgb[v]
	case v == "" || v == "inherit" || v == "initial" || v == "unset" || v == "currentcolor" || v == "auto" || strings.HasPrefix(v, "window"):
		return ""
	case strings.HasPrefix(v, "#"):
		return hexColour(v)
	case strings.HasPrefix(v, "rgb"):
		return rgbColour(v)
	}
	if c := "#" + v; hexDigits.MatchString(c) && len(c) == 7 {
		return c // bgcolor=ffffff
	}
	return v
}

var (
	rgb = map[string]string{"white": "#ffffff", "snow": "#fffafa", "ivory": "#fffff0", "whitesmoke": "#f5f5f5", "ghostwhite": "#f8f8ff", "floralwhite": "#fffaf0",
		"azure": "#f0ffff", "mintcream": "#f5fffa", "black": "#000000", "red": "#ff0000", "lime": "#00ff00", "blue": "#0000ff", "yellow": "#ffff00", "green": "#008000",
		"gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "navy": "#000080", "maroon": "#800000", "orange": "#ffa500", "hsl(0,0%,100%)": "#ffffff",
		"hsl(0 0% 100%)": "#ffffff"}
	hexDigits = regexp.MustCompile(`^#[0-9a-f]+$`)
)

func hexColour(v string) string {
	if !hexDigits.MatchString(v) {
		return ""
	}
	switch len(v) {
	case 4, 5:
		if len(v) == 5 && v[4] == '0' {
			return noColour
		}
		return string([]byte{'#', v[1], v[1], v[2], v[2], v[3], v[3]})
	case 9:
		if v[7:] < "1a" {
			return noColour
		}
		return v[:7]
	case 7:
		return v
	}
	return ""
}

func rgbColour(v string) string {
	parts := numberInColour.FindAllString(v, -1)
	if len(parts) < 3 {
		return ""
	}
	if len(parts) > 3 {
		if alpha := atof(strings.TrimSuffix(parts[3], "%")); alpha < 0.1 {
			return noColour
		}
	}
	c := "#"
	for _, p := range parts[:3] {
		n := atof(strings.TrimSuffix(p, "%"))
		if strings.HasSuffix(p, "%") {
			n *= 2.55
		}
		k := strconv.FormatInt(int64(min(max(n, 0), 255)), 16)
		c += strings.Repeat("0", 2-len(k)) + k
	}
	return c
}

var numberInColour = regexp.MustCompile(`\d*\.?\d+%?`)

// paperOf is the colour of a background; "" when it lets through what is behind it.
func paperOf(v string) string {
	if v == "" || v == "none" || v == "transparent" {
		return ""
	}
	if strings.Contains(v, "url(") || strings.Contains(v, "gradient") {
		return unknownPaper
	}
	if strings.HasPrefix(v, "rgb") || strings.HasPrefix(v, "hsl") {
		if c := colour(v); c != noColour {
			return c
		}
		return ""
	}
	for word := range strings.FieldsSeq(v) {
		if c := colour(word); strings.HasPrefix(c, "#") {
			return c
		}
	}
	if c := colour(v); c != noColour {
		return c
	}
	return ""
}

func isWhite(c string) bool { return alike(c, "#ffffff") }

// alike reports whether two colours can hardly be told apart.
func alike(a, b string) bool {
	if a == b {
		return a != ""
	}
	if len(a) != 7 || len(b) != 7 || a[0] != '#' || b[0] != '#' {
		return false
	}
	for i := 1; i < 7; i += 2 {
		x, _ := strconv.ParseInt(a[i:i+2], 16, 32)
		y, _ := strconv.ParseInt(b[i:i+2], 16, 32)
		if x-y > 16 || y-x > 16 {
			return false
		}
	}
	return true
}
