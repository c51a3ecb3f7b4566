package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// marked prints ops in one line: [-deleted-]{+inserted+}.
func marked(ops []Op) string {
	var b strings.Builder
	for _, o := range ops {
		switch o.Kind {
		case Delete:
			b.WriteString("[-" + o.Text + "-]")
		case Insert:
			b.WriteString("{+" + o.Text + "+}")
		default:
			b.WriteString(o.Text)
		}
	}
	return b.String()
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ before, after, want string }{
		{"", "", ""},
		{"全年公开", "全年公开", "全年公开"},
		{"", "全年", "{+全年+}"},
		{"全年", "", "[-全年-]"},
		{"全年公开14285条。", "全年公开14286条。", "全年公开[-14285-]{+14286+}条。"},
		{"收到1,234.5万元", "收到1,234万元", "收到[-1,234.5-]{+1,234+}万元"},
		{"增长12.5%。", "增长12%。", "增长[-12.5%-]{+12%+}。"},
		{"微信公众号", "微信、微博公众号", "微信{+、微博+}公众号"},
		{"the old text", "the new text", "the [-old-]{+new+} text"},
		{"一\n二\n三\n", "一\n三\n", "一\n[-二\n-]三\n"},
		{"一\n三\n", "一\n二\n三\n", "一\n{+二\n+}三\n"},
		{"甲乙丙丁的戊己庚辛", "子丑寅卯的辰巳午未", "[-甲乙丙丁的戊己庚辛-]{+子丑寅卯的辰巳午未+}"}, // an island
		{"甲的乙", "子的丑", "[-甲-]{+子+}的[-乙-]{+丑+}"},
		{"\xff坏\n", "\xfe坏\n", "[-\xff-]{+\xfe+}坏\n"},
	} {
		if got := marked(Words(tt.before, tt.after)); got != tt.want {
			t.Errorf("%q, %q: %s, want %s", tt.before, tt.after, got, tt.want)
		}
	}
}

// rejoin makes the two texts of ops again.
func rejoin(ops []Op) (before, after string) {
	var a, b strings.Builder
	for _, o := range ops {
		if o.Kind != Insert {
			a.WriteString(o.Text)
		}
		if o.Kind != Delete {
			b.WriteString(o.Text)
		}
	}
	return a.String(), b.String()
}

func FuzzWords(f *testing.F) {
	f.Add("全年公开14285条。\n二", "全年公开14286条。\n\n二")
	f.Add("a b c", "c b a")
	f.Add("\xff\xfe", "\xfe\xff")
	f.Fuzz(func(t *testing.T, before, after string) {
		ops := Words(before, after)
		if a, b := rejoin(ops); a != before || b != after {
			t.Fatalf("%q, %q: %q", before, after, ops)
		}
		for i, o := range ops {
			if o.Text == "" || i > 0 && o.Kind == ops[i-1].Kind || i > 0 && o.Kind == Delete && ops[i-1].Kind == Insert {
				t.Fatalf("%q, %q: %q is not tidy", before, after, ops)
			}
		}
		if utf8.ValidString(before) && utf8.ValidString(after) {
			for _, o := range ops {
				if !utf8.ValidString(o.Text) {
					t.Fatalf("%q, %q: a character was cut", before, after)
				}
			}
		}
	})
}

// TestShortest: no way is shorter, by the table that takes the square of the lengths.
func TestShortest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		a, b := make([]int32, rng.IntN(12)), make([]int32, rng.IntN(12))
		for _, s := range [][]int32{a, b} {
			for i := range s {
				s[i] = rng.Int32N(4)
			}
		}
		left, got := maxWork, 0
		for _, e := range compare(a, b, &left) {
			got += e.del + e.ins
			if !slices.Equal(a[e.a+e.del:e.a+e.del+e.same], b[e.b+e.ins:e.b+e.ins+e.same]) {
				t.Fatalf("%v, %v: %+v are not the same", a, b, e)
			}
		}
		if want := len(a) + len(b) - 2*common(a, b); got != want {
			t.Fatalf("%v, %v: %d changes, %d are enough", a, b, got, want)
		}
	}
}

// common is the length of the longest common subsequence.
func common(a, b []int32) int {
	row := make([]int, len(b)+1)
	for i := range a {
		before := 0
		for j := range b {
			above := row[j+1]
			if a[i] == b[j] {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			before = above
		}
	}
	return row[len(b)]
}

// hostile are pairs of texts that the algorithm would take hours for, without bounds.
func hostile(size int) map[string][2]string {
	rng := rand.New(rand.NewPCG(7, 8))
	random := func(alphabet int, end string) string {
		var b strings.Builder
		for b.Len() < size {
			b.WriteRune('一' + rng.Int32N(int32(alphabet)))
			b.WriteString(end)
		}
		return b.String()
	}
	return map[string][2]string{
		"nothing in common": {strings.Repeat("一", size/3), strings.Repeat("二", size/3)},
		"two characters":    {random(2, ""), random(2, "")},
		"many characters":   {random(9000, ""), random(9000, "")},
		"short lines":       {random(2, "\n"), random(2, "\n")},
		"many lines":        {random(9000, "\n"), random(9000, "\n")},
		"shifted":           {random(2, "") + "甲", "乙" + random(2, "")},
		"one long word":     {strings.Repeat("a", size), strings.Repeat("a", size-1) + "b"},
		"digits":            {strings.Repeat("1", size), strings.Repeat("12", size/2)},
	}
}

// TestHostileTexts: two texts of half a megabyte come to an end, whatever they are, which takes hours without bounds.
// BenchmarkWords has those of ten.
func TestHostileTexts(t *testing.T) {
	for name, texts := range hostile(1 << 19) {
		ops := Words(texts[0], texts[1])
		if a, b := rejoin(ops); a != texts[0] || b != texts[1] {
			t.Errorf("%s: the texts do not come out again", name)
		}
	}
}

func BenchmarkWords(b *testing.B) {
	for name, texts := range hostile(10 << 20) {
		b.Run(fmt.Sprint(strings.ReplaceAll(name, " ", "_")), func(b *testing.B) {
			b.SetBytes(20 << 20)
			for b.Loop() {
				Words(texts[0], texts[1])
			}
		})
	}
}

// TestComparison: many pairs together cost no more than one may.
func TestComparison(t *testing.T) {
	var c Comparison
	texts := hostile(1 << 16)["two characters"]
	for range 50 {
		if a, b := rejoin(c.Words(texts[0], texts[1])); a != texts[0] || b != texts[1] {
			t.Fatal("the texts do not come out again")
		}
	}
	if c.spent > 2*maxWork {
		t.Errorf("%d steps, %d are allowed", c.spent, maxWork)
	}
}
