package term

import (
	"fmt"
	"io"
	"time"
)

// A Progress shows on a terminal how far long work has come. Elsewhere, and before it is started, it shows nothing.
type Progress struct {
	w     io.Writer // nil: nobody looks
	what  string
	began time.Time
	shown time.Time
}

// Start begins to show on w, if that is a terminal, how far what has come. When that is shown already it goes on.
func (p *Progress) Start(w io.Writer, what string) {
	if p.what == what {
		return
	}
	p.Clear()
	*p = Progress{what: what, began: time.Now()}
	if t, ok := terminal(w); ok {
		p.w = t
	}
}

// IsTerminal reports whether there is a terminal behind w.
func IsTerminal(w io.Writer) bool {
	_, ok := terminal(w)
	return ok
}

// At shows that the work has come to done of a total, a few times a second at most.
func (p *Progress) At(done, total uint64, note string) {
	if p.w == nil || time.Since(p.shown) < 200*time.Millisecond {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d of %d, %s", p.what, done, total, Plain(note))
	if took := time.Since(p.began); done > 0 && took > 5*time.Second && done < total {
		fmt.Fprintf(p.w, ", %v left", time.Duration(float64(took)/float64(done)*float64(total-done)).Round(time.Second))
	}
}

// Clear takes the line away, before something else is printed.
func (p *Progress) Clear() {
	if p.w != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = time.Time{}
	}
}
