package crawler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/crawler/outage"
	"gongkai/crawler/robots"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/store"
)

// When the network of this machine has gone, what was asked for in between is asked for again, and nobody learns anything
// from it: see package outage.

// ErrNoNetwork is the error of a run that nobody has answered, or nobody does any more, as this machine seems to have no network.
var ErrNoNetwork = outage.ErrNoNetwork

// sameSign describes an answer that a network may give in place of every site, before somebody has signed in to it: a page
// instead of a robots.txt, or a redirect to where no government is. It is "" for any other.
func (s *site) sameSign(t visit.Target, a fetch.Answer) string {
	switch {
	case a.Status > 300 && a.Status < 400:
		base, err := url.Parse(t.Address())
		if err != nil {
			return ""
		}
		to, err := base.Parse(a.Header.Get("Location"))
		if err != nil || to.Host == "" || weburl.Site(to) == s.scope.Site || (visit.Scope{Site: weburl.Site(to), Hosts: s.run.hosts}).Deny(to) == "" {
			return ""
		}
		return "redirects to " + to.Host
	case a.Status == http.StatusOK && t.Kind == store.KindRobots && strings.Contains(strings.ToLower(string(a.Body[:min(len(a.Body), 1024)])), "<html"):
		sum := sha256.Sum256(a.Body)
		return "the page " + hex.EncodeToString(sum[:8])
	}
	return ""
}

// heard draws from the outcome of a request what it tells of the network. It returns true when the request is to be sent
// again as if it had not been: it was this machine's fault that nobody answered.
func (s *site) heard(ctx context.Context, t visit.Target, a fetch.Answer, scout bool) (again bool, err error) {
	l, o := s.run.network, outage.Outcome{Err: a.Err, Took: a.Took, Remote: hostOf(a.Remote)}
	if a.Came() {
		if o.Sign = s.sameSign(t, a); o.Sign == "" || !l.First() {
			l.Answers(&s.heardOf)
			return false, nil
		}
	}
	s.leave()
	again, err = l.Doubt(ctx, &s.heardOf, o, scout)
	if err == nil && !again {
		if a.Came() {
			l.Answers(&s.heardOf)
		}
		err = s.enter(ctx)
	}
	return again, err
}

// hostOf returns the host of an address with a port, "" of one without.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}

// pass returns when the site may ask as far as the network is concerned; scout says that it is the one that is tried. When
// it had to wait, it returns false for ready: its clock is to be looked at again.
func (s *site) pass(ctx context.Context) (ready, scout bool, err error) {
	ready, scout, changed, wait, err := s.run.network.Pass(&s.heardOf)
	if ready || err != nil {
		return ready, scout, err
	}
	s.leave()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
	return false, false, ctx.Err()
}

// Runs of earlier versions, and runs that cannot tell, have learnt things when this machine had no network. Nobody answered
// then, and what was learnt from that alone is not believed longer than a run.

// noAnswer begins what the network says when nobody answers. That is in the words of package net, which archives hold.
var noAnswer = []string{"dial ", "lookup "}

// unheard reports whether a fault is that nobody answered.
func unheard(fault string) bool {
	return slices.ContainsFunc(noAnswer, func(word string) bool {
		return strings.HasPrefix(fault, word) || strings.Contains(fault, ": "+word) || strings.Contains(fault, " "+word)
	})
}

// unanswered reports whether the newest thing known of an address is that nobody answered there, or not even its robots.txt
// could be had for that reason.
func unanswered(s *store.Store, address string) (bool, error) {
	last, known, err := s.LastCapture(address)
	if err == nil && known && last.State == store.StateBlocked && last.Robots.Reason == robots.Silent {
		u, err2 := url.Parse(address)
		if err2 != nil {
			return false, nil
		}
		last, known, err = s.LastCapture(weburl.Authority(u) + "/robots.txt")
	}
	return known && last.State == store.StateFailed && last.Status == 0 && unheard(last.Error), err
}
