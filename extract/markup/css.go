package markup

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	csstext "github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A style holds what style sheets and attributes declare of one element, by property: lower case, last word first
// settled. A nil style declares nothing.
type style map[string]string

// A declaration is one line of a rule.
type declaration struct {
	name, value string // lower case
	important   bool
}

// A styleSheet is the text of a style element, and the media it is for.
type styleSheet struct{ text, media string }

// A cssRule is one selector with what it declares.
type cssRule struct {
	selector     cascadia.Sel
	pseudo       bool // it is about what stands before or after the element
	order        int
	declarations []declaration
}

// Styles are the style elements of a page, ready to be asked. Linked sheets are not had: what they say nobody knows.
type Styles struct {
	rules  map[string][]cssRule // by the last name of the selector: "#id", ".class", "tag", or "*"
	count  int                  // of rules
	shaped []string             // selectors that ask for elements that may have no attributes, or for the order of elements
	linked bool                 // the page has sheets that are not in it
	cut    bool                 // there were more rules than are read, or they ask for what is not there
}

// mostRules bounds the rules of a page; each may be asked of each element of a cell. The largest of common portals have
// some hundreds.
const mostRules = 3000

// newStyles reads style sheets. Rules that cannot change what a reader sees of a text are passed over.
func newStyles(texts []styleSheet) *Styles {
	s := &Styles{}
	for _, t := range texts {
		if onScreen(t.media) {
			s.read(t.text)
		}
	}
	return s
}

func (s *Styles) read(text string) {
	p := css.NewParser(csstext.NewInputString(unescapeCSS(text)), false)
	var media []bool // of the at-rules around
	var selectors strings.Builder
	var declared []declaration
	for {
		kind, _, data := p.Next()
		switch kind {
		case css.ErrorGrammar:
			if !p.HasParseError() {
				return
			}
		case css.BeginAtRuleGrammar:
			media = append(media, atRule(string(data), tokensText(p.Values())))
		case css.EndAtRuleGrammar:
			media = media[:max(len(media)-1, 0)]
		case css.QualifiedRuleGrammar:
			selectors.WriteString(tokensText(p.Values()) + ",")
		case css.BeginRulesetGrammar:
			selectors.WriteString(tokensText(p.Values()))
			declared = nil
		case css.DeclarationGrammar:
			if d := newDeclaration(string(data), tokensText(p.Values())); ofSight(d) {
				declared = append(declared, d)
			}
		case css.EndRulesetGrammar:
			if len(declared) > 0 && !slices.Contains(media, false) {
				s.add(selectors.String(), declared)
			}
			selectors.Reset()
		}
	}
}

func tokensText(tokens []css.Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.Write(t.Data)
	}
	return b.String()
}

// atRule reports whether the rules in an at-rule hold on a screen.
func atRule(name, values string) bool {
	switch strings.ToLower(name) {
	case "@media":
		return onScreen(values)
	case "@supports", "@layer":
		return true
	}
	return false
}

// screenWidth is that of the reader's screen, in pixels, for sheets that ask.
const screenWidth = 1280

// onScreen reports whether a list of media queries holds on a common screen; one that asks for something else than a
// width is taken for one that does not.
func onScreen(queries string) bool {
	queries = strings.ToLower(strings.TrimSpace(queries))
	if queries == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(queries, ","), func(q string) bool {
		for part := range strings.SplitSeq(q, " and ") {
			part = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(part), "only "), " ", "")
			m := mediaWidth.FindStringSubmatch(part)
			switch {
			case part == "screen" || part == "all":
			case m != nil && (m[1] == "min") == (number(m[2]) <= screenWidth):
			default:
				return false
			}
		}
		return true
	})
}

var mediaWidth = regexp.MustCompile(`^\((min|max)-width:(\d+)(?:\.\d+)?px\)$`)

func newDeclaration(name, value string) declaration {
	d := declaration{name: strings.ToLower(strings.TrimSpace(name)), value: strings.ToLower(strings.TrimSpace(value))}
	if before, word, ok := strings.Cut(d.value, "!"); ok && strings.TrimSpace(word) == "important" {
		d.value, d.important = strings.TrimSpace(before), true
	}
	switch d.name {
	case "background-color":
		d.name = "background"
	case "text-decoration-line":
		d.name = "text-decoration"
	case "font":
		if size := sizeOfFont.FindStringSubmatch(" " + d.value); size != nil {
			d.name, d.value = "font-size", size[1]
		}
	}
	return d
}

var sizeOfFont = regexp.MustCompile(`\s([\d.]+(?:px|pt|r?em|%)?)(?:\s*/|\s)`)

// ofSight reports whether a declaration can change what a reader sees of a text.
func ofSight(d declaration) bool {
	switch d.name {
	case "display", "visibility", "content-visibility", "opacity", "filter", "mso-hide", "position", "left", "right", "top", "bottom",
		"text-indent", "margin", "margin-left", "margin-top", "transform", "clip", "clip-path", "overflow", "overflow-x", "overflow-y", "width", "height",
		"max-width", "max-height", "color", "-webkit-text-fill-color", "background", "font-size", "font-family", "vertical-align", "mso-text-raise", "float",
		"direction", "unicode-bidi", "order", "flex-direction", "flex-flow", "text-decoration", "content", "z-index", "line-height", "scale", "rotate", "translate":
		return true
	}
	return false
}

// add keeps the rules of a list of selectors. What cascadia does not know, as :hover, holds of no element at rest.
func (s *Styles) add(selectors string, declared []declaration) {
	for selector := range strings.SplitSeq(selectors, ",") {
		if s.count == mostRules {
			s.cut = true
			return
		}
		selector = strings.TrimSpace(selector)
		plain := besides.ReplaceAllString(selector, "")
		sel, err := cascadia.Parse(plain)
		if err != nil {
			continue
		}
		if s.rules == nil {
			s.rules = map[string][]cssRule{}
		}
		if shaped.MatchString(plain) && cascade(declared).matters() {
			s.shaped = append(s.shaped, plain)
		}
		key := lastName(plain)
		s.rules[key] = append(s.rules[key], cssRule{sel, plain != selector, s.count, declared})
		s.count++
	}
}

// matters reports whether a rule alone changes what a reader sees of a text.
func (s style) matters() bool {
	seen := look{size: commonSize}.inherit(&html.Node{}, s)
	characters, elements := turns(&html.Node{}, s)
	return s.sightOf(true) != plainly || s.sightOf(false) != plainly || seen.size < 10 || seen.unreadable(false) != plainly || s["content"] != "" || characters || elements
}

// asksFor reports whether rules may be about elements in tables that StripStyles leaves out. root is the page without
// them: what such an element stands in is there.
func (s *Styles) asksFor(root *html.Node) bool {
	return slices.ContainsFunc(s.shaped, func(selector string) bool {
		at := strings.LastIndexAny(selector, " >+~")
		if at < 0 || strings.ContainsAny(selector[at:], "[(") {
			return true
		}
		around := strings.TrimRight(selector[:at], " >+~")
		sel, err := cascadia.Parse(around)
		return err != nil || shaped.MatchString(around) || slices.ContainsFunc(cascadia.QueryAll(root, sel), nearCells)
	})
}

// nearCells reports whether an element stands in a cell of a table, or has cells in it.
func nearCells(n *html.Node) bool {
	for p := n; p != nil; p = p.Parent {
		if p.DataAtom == atom.Td || p.DataAtom == atom.Th {
			return true
		}
	}
	return holds(n, func(c *html.Node) bool { return c.DataAtom == atom.Td || c.DataAtom == atom.Th })
}

var (
	besides = regexp.MustCompile(`(?i)::?(?:before|after)$`)
	shaped  = regexp.MustCompile(`(?i)\bspan\b|\bfont\b|o\\:p|[*>+~:]`)
)

// lastName is what an element must have for a selector to match it: its last compound's id, class or tag.
func lastName(selector string) string {
	last := selector[strings.LastIndexAny(selector, " >+~")+1:]
	if strings.ContainsAny(last, "[](:") {
		return "*"
	}
	if m := idOrClass.FindString(last); m != "" {
		return m
	}
	return strings.ToLower(last)
}

var idOrClass = regexp.MustCompile(`[#.][\w\-\x{80}-\x{10ffff}]+`)

// matching returns the rules about an element, the weightiest last.
func (s *Styles) matching(n *html.Node, pseudo bool) []cssRule {
	if s == nil || s.rules == nil {
		return nil
	}
	var found []cssRule
	ask := func(key string) {
		for _, r := range s.rules[key] {
			if r.pseudo == pseudo && r.selector.Match(n) {
				found = append(found, r)
			}
		}
	}
	ask("*")
	ask(n.Data)
	for _, a := range n.Attr {
		switch a.Key {
		case "id":
			ask("#" + a.Val)
		case "class":
			for class := range strings.FieldsSeq(a.Val) {
				ask("." + class)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b cssRule) int {
		if x, y := a.selector.Specificity(), b.selector.Specificity(); x != y {
			if x.Less(y) {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.order, b.order)
	})
	return found
}

// style returns what is declared of an element: by the page's sheets, and then by its own attribute (CSS Cascade, 6).
func (s *Styles) style(n *html.Node) style {
	own := Attr(n, "style")
	rules := s.matching(n, false)
	if own == "" && len(rules) == 0 {
		return nil
	}
	var all []declaration
	for _, r := range rules {
		all = append(all, r.declarations...)
	}
	st := cascade(append(all, declarations(own)...))
	if ink := st["color"]; ink != "" && len(rules) > 0 && cascade(declarations(own))["color"] == "" {
		st[lentColour] = ink
	}
	return st
}

// lentColour stands in a style whose colour is a sheet's. Inline colours that would overrule it may be left out of the
// page, see StripStyles.
const lentColour = "-lent-color"

// besides reports whether a sheet puts text before or after an element.
func (s *Styles) besides(n *html.Node) bool {
	rules := s.matching(n, true)
	if len(rules) == 0 {
		return false
	}
	var all []declaration
	for _, r := range rules {
		all = append(all, r.declarations...)
	}
	st := cascade(all)
	content := strings.Trim(st["content"], `"' `)
	return content != "" && content != "none" && content != "normal" && st.concealed(true) != gone && st["visibility"] != "hidden"
}

// cascade settles declarations of which later ones weigh more, and important ones more than all others.
func cascade(all []declaration) style {
	s := style{}
	for _, important := range []bool{false, true} {
		for _, d := range all {
			if d.important == important && d.value != "" {
				s[d.name] = d.value
			}
		}
	}
	return s
}

// declarations reads a style attribute.
func declarations(text string) []declaration {
	if text == "" {
		return nil
	}
	p := css.NewParser(csstext.NewInputString(unescapeCSS(text)), true)
	var all []declaration
	for {
		switch kind, _, data := p.Next(); kind {
		case css.ErrorGrammar:
			if !p.HasParseError() {
				return all
			}
		case css.DeclarationGrammar:
			all = append(all, newDeclaration(string(data), tokensText(p.Values())))
		}
	}
}

// unescapeCSS puts letters and digits in the place of their numbers (CSS Syntax, 4.3.7): d\69splay is display.
func unescapeCSS(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	return escapedCSS.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.ParseInt(strings.TrimSpace(m[1:]), 16, 32)
		if n >= '0' && n <= '9' || n|0x20 >= 'a' && n|0x20 <= 'z' || n == '-' {
			return string(rune(n))
		}
		return m
	})
}

var escapedCSS = regexp.MustCompile(`\\[0-9A-Fa-f]{1,6}\s?`)

// number reads digits; 0 for more of them than a number has.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
