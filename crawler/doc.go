// Package crawler visits portals and archives what they serve: politely, within their sites, every answer as it
// came. It reads each page it archives, but what a page means is for package extract to say, and where listings go
// on for package portal. It runs no scripts, gets round no walls, and whatever it visits for a portal, it stays on one
// site and goes by the clock of that.
//
// A [Crawler] is configuration. A run performs one task with every portal: a walk, a search for its listings, or a check
// of its start pages. Portals are grouped by site; each site is a goroutine of its own, with one clock and one request at
// a time.
//
//	run      crawler.go    a run, its task, and the jobs of each site
//	         bounds.go     what a portal may have of a run, and when a run has come to its end
//	         progress.go   how far it has come
//	         summary.go    what came of it
//	         network.go    what answers tell of the network of this machine
//	site     site.go       one request after the other, in its turn
//	         turns.go      whose turn it is where several crawls want a site
//	         robots.go     what robots.txt permits, from the site or the archive
//	         conditional.go, due.go   what the archive knows of an address, and what to ask because of that
//	         ways.go       by which network a portal is reached
//	walk     walk.go       one page after the other, and what it leads to
//	         plan.go       what is still to do, in words of the frontier
//	         listed.go     what a listing lists
//	         parts.go      a report and its parts
//	         memory.go     what listings and reports were, and are no more
//	         backfill.go   past years
//	         alternates.go the portal answers at another address than the catalogue says
//	         volatile.go   the same page under addresses that change
//	search   discover.go, elsewhere.go   the listings of a portal of which only the home page is known
//	check    check.go, why.go            what start pages answer; all that is known of an address
//
// Below it, each by itself: weburl says which page an address is, pace when whom may be asked, fetch sends one request and
// gives its answer, visit says what that means and what to ask for next, robots reads robots.txt, portal reads listings,
// outage tells whether it is this machine's fault that nobody answers, discover judges leads, collection takes in what
// others have collected, replica serves portals for tests.
package crawler
