package frontier

import (
	"time"

	bolt "go.etcd.io/bbolt"
)

// A Host is what must be known of a host over restarts so that it is not asked too soon. Its name is for the crawler
// to choose: all that is asked by one clock is one host.
type Host struct {
	Seen time.Time `json:"seen,omitzero"` // end of the last answer, or of the wait for one

	Barred time.Time `json:"barred,omitzero"` // not to be asked before, whatever the delay
	Why    string    `json:"why,omitempty"`   // it is barred: "Retry-After", …

	Delay  time.Duration `json:"delay,omitempty"`  // that its robots.txt asks for
	Took   time.Duration `json:"took,omitempty"`   // what an answer takes, smoothed
	Factor float64       `json:"factor,omitempty"` // by which its faults lengthen the delay; 0 and 1: not at all

	Lied  time.Time `json:"lied,omitzero"`   // when its answers to conditional requests were last found not to be believed
	Balks int       `json:"balks,omitempty"` // faults in a row that only conditional requests met with

	Turn string `json:"turn,omitempty"` // the portal that a run begins with on this host, as the one before did not get to it

	// Volatile is what was learnt of parameters of its addresses, by shape of path and their names: "a.gov.cn/a/#.html?t".
	Volatile map[string]Parameters `json:"volatile,omitempty"`

	Strikes int    `json:"strikes,omitempty"` // faults in a row
	Trips   int    `json:"trips,omitempty"`   // pauses for faults, one after the other without an answer in between
	Fault   string `json:"fault,omitempty"`   // the last of them
}

// Parameters are what addresses gave that differ in some parameters only.
type Parameters struct {
	Same  int `json:"same,omitempty"`  // times that they gave the same page
	Other int `json:"other,omitempty"` // and different ones
}

// Ignored reports whether the parameters say nothing of which page is meant.
func (p Parameters) Ignored() bool { return p.Same >= 2 && p.Other == 0 }

// Host returns what is known of a host; false when it was never asked.
func (f *Frontier) Host(name string) (h Host, ok bool, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		ok, err = get(tx.Bucket(hostBucket), []byte(name), &h)
		return err
	})
	return h, ok, err
}

// SetHost keeps what is known of a host.
func (f *Frontier) SetHost(name string, h Host) error {
	return f.update(func(tx *bolt.Tx) error { return put(tx.Bucket(hostBucket), []byte(name), h) })
}
