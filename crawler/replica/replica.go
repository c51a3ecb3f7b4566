// Package replica serves saved portals on loopback as their CMS would answer: same bytes, same paging, same validators.
// It does not imitate what a portal does against robots (challenges, bans, slowness), and it never reaches the network.
package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"path"
	"slices"
	"time"
)

// A Farm is the replicas of several portals, each a server of its own.
type Farm struct {
	Sites []*Site // sorted by ID
}

// Start serves every directory of fsys that holds a site.json (testdata/README.md describes the format). Each site gets
// a loopback address of its own, 127.0.0.11 and up, because a crawler is polite per host; where the system has only
// 127.0.0.1, the sites share it and differ by port. The caller closes the Farm.
func Start(fsys fs.FS) (*Farm, error) {
	names, err := fs.Glob(fsys, "*/site.json")
	if err != nil {
		return nil, err
	}
	f := new(Farm)
	for i, name := range names {
		s, err := loadSite(fsys, path.Dir(name))
		if err == nil {
			err = s.listen(i)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("replica %s: %w", path.Dir(name), err)
		}
		f.Sites = append(f.Sites, s)
	}
	slices.SortFunc(f.Sites, func(a, b *Site) int { return cmp.Compare(a.ID, b.ID) })
	return f, nil
}

// Site returns the site with the given id, or nil.
func (f *Farm) Site(id string) *Site {
	for _, s := range f.Sites {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Close stops all sites and waits until they have stopped. Their request logs stay readable.
func (f *Farm) Close() {
	for _, s := range f.Sites {
		s.close()
	}
}

// Stop takes the site off the network: from now on nobody answers at its address.
func (s *Site) Stop() { s.close() }

// listen starts serving on the n-th loopback address of the farm.
func (s *Site) listen(n int) error {
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.%d:0", 11+n%200))
	if err != nil { // only Linux answers for the whole of 127/8
		l, err = net.Listen("tcp4", "127.0.0.1:0")
	}
	if err != nil {
		return err
	}
	s.URL = "http://" + l.Addr().String()
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients hang up when tests say so
	}
	s.stopped = make(chan struct{})
	go func() {
		defer close(s.stopped)
		s.server.Serve(l) // always returns an error; after close it is ErrServerClosed
	}()
	return nil
}

// close lets answers under way end, but not for long: a client that stopped reading must not hold a test.
func (s *Site) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.server.Close()
	}
	<-s.stopped
}
