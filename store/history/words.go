package history

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The kinds of an Op.
const (
	Equal  = "equal"  // both texts have it
	Delete = "delete" // only the first
	Insert = "insert" // only the second
)

// An Op is a run of text that both of two texts have, or one of them.
type Op struct {
	Kind string `json:"op"`
	Text string `json:"text"`
}

// Words compares two texts word by word: paragraphs first, and in those that differ, words. A word is a Chinese
// character, a number with its separators, or a run of letters. What is deleted comes before what is inserted in its
// place. The texts of all but the inserted come to the first text, of all but the deleted to the second.
//
// It takes time and memory in proportion to the texts, whatever they are: where they have too little in common to be
// worth a search, the rest of one stands as deleted and that of the other as inserted. The same texts always give the
// same result.
func Words(before, after string) []Op { return new(Comparison).Words(before, after) }

// A Comparison compares several pairs of texts within the bounds of one. The zero one is ready.
type Comparison struct{ spent int }

// Words is the function Words.
func (c *Comparison) Words(before, after string) []Op {
	if before == after {
		return tidy([]Op{{Equal, before}})
	}
	ids := map[string]int32{}
	a, b := numbered(ids, lines(before)), numbered(ids, lines(after))
	var ops []Op
	left := maxWork - c.spent
	defer func() { c.spent = maxWork - left }()
	for _, e := range compare(a.ids, b.ids, &left) {
		was, is := strings.Join(a.words[e.a:e.a+e.del], ""), strings.Join(b.words[e.b:e.b+e.ins], "")
		if e.del == 0 || e.ins == 0 {
			ops = append(ops, Op{Delete, was}, Op{Insert, is})
		} else {
			ops = append(ops, inner(was, is, &left)...)
		}
		ops = append(ops, Op{Equal, strings.Join(a.words[e.a+e.del:e.a+e.del+e.same], "")})
	}
	return tidy(gather(tidy(ops)))
}

// inner compares paragraphs that differ, word by word.
func inner(before, after string, left *int) (ops []Op) {
	ids := map[string]int32{}
	a, b := numbered(ids, words(before)), numbered(ids, words(after))
	for _, e := range compare(a.ids, b.ids, left) {
		ops = append(ops,
			Op{Delete, strings.Join(a.words[e.a:e.a+e.del], "")},
			Op{Insert, strings.Join(b.words[e.b:e.b+e.ins], "")},
			Op{Equal, strings.Join(a.words[e.a+e.del:e.a+e.del+e.same], "")})
	}
	return ops
}

// A text is cut into words; the same word has the same number.
type text struct {
	words []string
	ids   []int32
}

func numbered(ids map[string]int32, words []string) text {
	t := text{words, make([]int32, len(words))}
	for i, w := range words {
		id, ok := ids[w]
		if !ok {
			id = int32(len(ids))
			ids[w] = id
		}
		t.ids[i] = id
	}
	return t
}

// lines cuts a text behind each line end.
func lines(s string) []string { return strings.SplitAfter(s, "\n") }

// words cuts a text into words. Bytes that are no UTF-8 are words as well.
func words(s string) (list []string) {
	for len(s) > 0 {
		n := wordLength(s)
		list = append(list, s[:n])
		s = s[n:]
	}
	return list
}

func wordLength(s string) int {
	first, n := utf8.DecodeRuneInString(s)
	var goesOn func(r, next rune) bool
	switch {
	case unicode.IsDigit(first):
		goesOn = func(r, next rune) bool {
			return unicode.IsDigit(r) || r == '%' || (r == '.' || r == ',') && unicode.IsDigit(next)
		}
	case unicode.IsSpace(first):
		goesOn = func(r, _ rune) bool { return unicode.IsSpace(r) }
	case unicode.IsLetter(first) && !unicode.Is(unicode.Han, first):
		goesOn = func(r, _ rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Han, r) || unicode.IsMark(r) }
	default:
		goesOn = func(r, _ rune) bool { return unicode.IsMark(r) }
	}
	const longest = 64 // runes: a text without blanks is no word
	for i := 1; n < len(s) && i < longest; i++ {
		r, size := utf8.DecodeRuneInString(s[n:])
		next, _ := utf8.DecodeRuneInString(s[n+size:])
		if !goesOn(r, next) {
			break
		}
		n += size
	}
	return n
}

// An edit says that from place a of the first sequence and b of the second on, so many are deleted and inserted, and
// then so many are the same.
type edit struct{ a, del, b, ins, same int }

// The bounds of a comparison: how many words may differ in a row of paragraphs, and how many steps everything may take
// together. Two pages of reports take some thousands.
const (
	maxDiffer = 2000
	maxWork   = 50_000_000
)

// compare finds the shortest way from one sequence to the other: Myers, An O(ND) Difference Algorithm, 1986, the greedy
// algorithm of its section 4. When a bound is reached it goes as far as it has come, and the rest is replaced.
func compare(a, b []int32, left *int) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	e := script{}
	e.same(head)
	middle(a[head:len(a)-tail], b[head:len(b)-tail], left, &e)
	e.same(tail)
	return e.edits
}

// A script collects edits in order.
type script struct {
	edits []edit
	a, b  int
}

func (s *script) same(n int) {
	if n == 0 {
		return
	}
	if len(s.edits) == 0 {
		s.edits = append(s.edits, edit{a: s.a, b: s.b})
	}
	s.edits[len(s.edits)-1].same += n
	s.a, s.b = s.a+n, s.b+n
}

func (s *script) change(del, ins int) {
	if del == 0 && ins == 0 {
		return
	}
	if last := len(s.edits) - 1; last < 0 || s.edits[last].same > 0 {
		s.edits = append(s.edits, edit{a: s.a, b: s.b})
	}
	e := &s.edits[len(s.edits)-1]
	e.del, e.ins = e.del+del, e.ins+ins
	s.a, s.b = s.a+del, s.b+ins
}

// middle compares what begins and ends differently.
func middle(a, b []int32, left *int, e *script) {
	if len(a) == 0 || len(b) == 0 {
		e.change(len(a), len(b))
		return
	}
	most := min(maxDiffer, len(a)+len(b))
	far := make([]int32, 2*most+3) // how far in a the best way on diagonal k goes, at k+most+1
	var trail [][]int32            // of each number of differences, far from -d to d
	d := 0
	for ; d <= most; d++ {
		for k := -d; k <= d; k += 2 {
			x := reach(far, k, d, most)
			y := x - k
			for x < len(a) && y < len(b) && x >= 0 && y >= 0 && a[x] == b[y] {
				x, y = x+1, y+1
				*left--
			}
			far[k+most+1] = int32(x)
			*left--
			if x >= len(a) && y >= len(b) {
				trail = append(trail, kept(far, d, most))
				walk(trail, k, len(a), e)
				return
			}
		}
		trail = append(trail, kept(far, d, most))
		if *left < 0 {
			break
		}
	}
	d = len(trail) - 1
	best, bestX := 0, 0
	for k := -d; k <= d; k += 2 {
		if x := int(trail[d][k+d]); x <= len(a) && x-k <= len(b) && 2*x-k > 2*bestX-best {
			best, bestX = k, x
		}
	}
	walk(trail, best, bestX, e)
	e.change(len(a)-bestX, len(b)-(bestX-best))
}

// reach returns where the best way with d differences comes onto diagonal k.
func reach(far []int32, k, d, most int) int {
	if k == -d || k != d && far[k-1+most+1] < far[k+1+most+1] {
		return int(far[k+1+most+1]) // down: one of b is inserted
	}
	return int(far[k-1+most+1]) + 1 // to the right: one of a is deleted
}

func kept(far []int32, d, most int) []int32 {
	return append([]int32(nil), far[most+1-d:most+1+d+1]...)
}

// walk goes the way back from x of the first sequence on diagonal k, and puts it into the script.
func walk(trail [][]int32, k, x int, e *script) {
	var steps []edit
	for d := len(trail) - 1; d > 0; d-- {
		before := trail[d-1]
		var s edit
		if k == -d || k != d && came(before, k-1) < came(before, k+1) {
			k++
			s.ins = 1
		} else {
			k--
			s.del = 1
		}
		from := int(came(before, k))
		s.same = x - from - s.del
		x = from
		steps = append(steps, s)
	}
	e.same(x)
	for _, s := range slices.Backward(steps) {
		e.change(s.del, s.ins)
		e.same(s.same)
	}
}

// came is how far the best way on diagonal k had come; -1 where there was none.
func came(row []int32, k int) int32 {
	d := len(row) / 2
	if k < -d || k > d {
		return -1
	}
	return row[k+d]
}

// tidy joins ops of one kind, with what is deleted before what is inserted, and leaves out empty ones.
func tidy(ops []Op) (list []Op) {
	var del, ins, same strings.Builder
	put := func(kind string, b *strings.Builder) {
		if b.Len() > 0 {
			list = append(list, Op{kind, b.String()})
			b.Reset()
		}
	}
	for _, o := range ops {
		switch {
		case o.Text == "":
		case o.Kind == Equal:
			put(Delete, &del)
			put(Insert, &ins)
			same.WriteString(o.Text)
		default:
			put(Equal, &same)
			if o.Kind == Delete {
				del.WriteString(o.Text)
			} else {
				ins.WriteString(o.Text)
			}
		}
	}
	put(Delete, &del)
	put(Insert, &ins)
	put(Equal, &same)
	return list
}

// island is how many characters between two changes may be counted in with them: a sentence that was rewritten and has
// the character 的 in common with what it was is easier to read as a whole.
const island = 3

// gather counts small islands between larger changes in with them.
func gather(ops []Op) []Op {
	size := func(from, step int) (n int) { // of the change on one side of an island, in characters
		for i := from; i >= 0 && i < len(ops) && ops[i].Kind != Equal; i += step {
			n = max(n, utf8.RuneCountInString(ops[i].Text))
		}
		return n
	}
	var list []Op
	for i, o := range ops {
		n := utf8.RuneCountInString(o.Text)
		if o.Kind == Equal && n <= island && !strings.Contains(o.Text, "\n") && size(i-1, -1) > n && size(i+1, 1) > n {
			list = append(list, Op{Delete, o.Text}, Op{Insert, o.Text})
			continue
		}
		list = append(list, o)
	}
	return list
}
