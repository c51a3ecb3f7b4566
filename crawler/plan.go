package crawler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/store"
	"gongkai/store/frontier"
)

// What a walk has still to do is in the frontier, page by page, and survives the process. The order of commits makes
// a kill harmless at any moment: a page is leased before it is asked for; its answer is archived; then, in one commit
// of the frontier, all that it leads to is queued, the page is done, and the next one leased. A page that is found
// leased after a restart was under way: when the archive has its answer it is taken from there, otherwise it is asked
// for again.

// Notes are what a walk must know to go on, besides its pages.
type notes struct {
	Sum        PortalSummary     `json:"sum"`
	Rows       int               `json:"rows,omitempty"`    // reports listed
	Tallies    map[string]*tally `json:"tallies,omitempty"` // by listing
	Homes      map[string]home   `json:"homes,omitempty"`
	Alternates map[string]string `json:"twins,omitempty"`  // authorities where nobody answers, and those that do instead
	Looked     bool              `json:"looked,omitempty"` // for reports that no listing leads to any more

	Searched bool `json:"searched,omitempty"` // the listing was looked for

	Renewed time.Time `json:"renewed,omitzero"` // when the start pages were last looked at once more
}

// more is the part of a target that the frontier need not understand.
type more struct {
	Further     bool            `json:"further,omitempty"`
	Guess       bool            `json:"guess,omitempty"`
	Extra       bool            `json:"extra,omitempty"`
	Origin      string          `json:"origin,omitempty"`
	Depth       int             `json:"depth,omitempty"`
	Waits       int             `json:"waits,omitempty"`
	Alternates  int             `json:"twins,omitempty"`
	AlternateOf string          `json:"twin_of,omitempty"`
	Via         []string        `json:"via,omitempty"`
	Cookie      bool            `json:"cookie,omitempty"`
	Request     *portal.Request `json:"request,omitempty"`
	Anew        bool            `json:"anew,omitempty"`
	Ahead       bool            `json:"ahead,omitempty"`
}

// itemOf puts a target into words of the frontier.
func itemOf(t visit.Target, key string) (frontier.Item, error) {
	it := frontier.Item{Key: key, Class: classOf(t), After: t.After, URL: t.URL, Kind: t.Kind, From: t.From, Title: t.Title, Date: t.Date, Tries: t.Tries}
	m := more{Further: t.Further, Guess: t.Guess, Extra: t.Extra, Origin: t.Origin, Depth: t.Depth, Waits: t.Waits, Alternates: t.Alternates, AlternateOf: t.AlternateOf, Via: t.Via, Cookie: t.Cookie, Anew: t.Anew, Ahead: t.Ahead}
	if !reflect.ValueOf(t.Request).IsZero() {
		m.Request = &t.Request
	}
	if reflect.ValueOf(m).IsZero() {
		return it, nil // as of nearly all
	}
	var err error
	it.More, err = json.Marshal(m)
	return it, err
}

// classOf says when the frontier gives a target out.
func classOf(t visit.Target) frontier.Class {
	switch {
	case t.Tries+t.Waits > 0:
		return frontier.Retry
	case len(t.Via) > 0, t.Alternates > 0, t.Anew, t.Ahead:
		return frontier.AtOnce
	case t.Extra:
		return frontier.Spare
	case t.Kind == store.KindListing:
		return frontier.Listing
	case t.Held:
		return frontier.Known
	}
	return frontier.Report
}

// targetOf is the reverse of itemOf.
func targetOf(it frontier.Item, id string) (visit.Target, error) {
	var m more
	if len(it.More) > 0 {
		if err := json.Unmarshal(it.More, &m); err != nil {
			return visit.Target{}, fmt.Errorf("%s in the frontier: %w", it.URL, err)
		}
	}
	t := visit.Target{URL: it.URL, Kind: it.Kind, Portal: id, From: it.From, Title: it.Title, Date: it.Date,
		Further: m.Further, Guess: m.Guess, Extra: m.Extra, Origin: m.Origin, Depth: m.Depth, Via: m.Via, Cookie: m.Cookie,
		Tries: it.Tries, Waits: m.Waits, Alternates: m.Alternates, AlternateOf: m.AlternateOf, After: it.After, Interrupted: !it.Leased.IsZero(), Anew: m.Anew, Ahead: m.Ahead, Held: it.Class == frontier.Known}
	if m.Request != nil {
		t.Request = *m.Request
	}
	return t, nil
}

// plan begins the walk, or goes on with the one of an earlier run that was stopped or killed a short while ago. What
// was left undone longer ago begins anew: listings must be looked at again by then, and lead to what is still missing.
// A walk that takes several runs, as each has its bounds, goes on for as long as a known report may wait for its turn.
func (s *site) plan(id string) (*frontier.Walk, error) {
	st := frontier.Status{Portal: id, Site: s.scope.Site, Kind: s.run.record.Kind, First: s.run.first, Started: s.run.record.Started}
	if s.conf.backfills() {
		st.Lane = st.Kind // past years do not change: whatever time has passed, and whatever other years were asked for
	}
	return s.run.frontier.Walk(st, func(before frontier.Status) bool {
		age := st.Started.Sub(before.Started)
		return before.Kind == st.Kind && (s.conf.backfills() || age < shortest || before.Carried && age < rarest)
	})
}

// next keeps what the last page came to and takes the next target, when its time has come.
func (w *walk) next(ctx context.Context) (t visit.Target, ok bool, err error) {
	for {
		if err := w.giveWay(ctx); err != nil {
			return visit.Target{}, false, err
		}
		if err := w.keepState(); err != nil {
			return visit.Target{}, false, err
		}
		w.front.Prefer = w.preferred()
		it, wait, ok, err := w.front.Next(time.Now())
		if err != nil {
			return visit.Target{}, false, err
		}
		if ok {
			t, err = targetOf(it, w.portal.ID)
			return t, err == nil, err
		}
		if wait == 0 {
			return visit.Target{}, false, ctx.Err()
		}
		if err := w.rest(ctx, wait); err != nil {
			return visit.Target{}, false, err
		}
	}
}

func (w *walk) keepState() error {
	w.front.SetHost(w.site.scope.Site, w.site.clock.Host)
	return w.front.Keep(w.notes)
}

// halt leaves the rest of a walk for another run.
func (w *walk) halt(why string) error {
	w.front.Carried = w.front.Carried || isBound(why)
	return errors.Join(w.keepState(), w.front.Pause(why))
}

// breakOff leaves a walk that was stopped in the middle of a page. The page may be archived and not read: as if the
// process had been killed there, the next run takes it up again.
func (w *walk) breakOff() error {
	w.front.Forget()
	w.front.SetHost(w.site.scope.Site, w.site.clock.Host)
	return w.front.Pause("stopped")
}

// answered returns the capture of a target's answer if that was archived before the process was killed, but the
// frontier does not know.
func (w *walk) answered(t visit.Target, known urlHistory) (bool, error) {
	if !t.Interrupted || known.last.ID <= w.front.First || wasRebuff(known.last) {
		return false, nil
	}
	n, err := w.captures(t.URL)
	return n > t.Tries+t.Waits, err
}

// captures counts the answers of a URL that were archived since the walk began, without those that were asked for again at once.
func (w *walk) captures(url string) (n int, err error) {
	for after := w.front.First; ; {
		c, ok, err := w.store.Next(url, after)
		if err != nil || !ok {
			return n, err
		}
		if after = c.ID; !wasRebuff(c) {
			n++
		}
	}
}

// had reports whether a part of a report, as t asks for it, needs no asking any more in this walk; t learns from the
// archive how often it has been tried.
func (w *walk) had(t *visit.Target, known urlHistory) (bool, error) {
	if known.last.ID <= w.front.First || wasRebuff(known.last) {
		return false, nil
	}
	if !known.last.MayPass() {
		return true, nil
	}
	n, err := w.captures(t.URL)
	t.Tries = max(t.Tries, n)
	return t.Tries >= mostTries, err
}

// archived returns the answer that the archive has of a page, as if it had just come.
func archived(c store.Capture) visit.Page {
	p := visit.Page{Capture: c, Old: true, Passing: c.MayPass(), Wall: c.State == store.StateBlocked && c.Robots.Allowed}
	if p.Wall {
		p.Passing = false
	}
	return p
}
