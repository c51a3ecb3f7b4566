package main

import (
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"

	"gongkai/crawler"
)

// mostMemory is how much is taken where nobody says: more makes nothing faster.
const mostMemory = 4 << 30

// memory returns how many bytes the process may take: what the configuration says, else what GOMEMLIMIT says, else three
// quarters of what its control group may, or half of what the machine has.
func (c *config) memory() int64 {
	if c.Crawl.Memory > 0 {
		return int64(c.Crawl.Memory)
	}
	most := int64(mostMemory)
	if os.Getenv("GOMEMLIMIT") != "" {
		most = min(most, debug.SetMemoryLimit(-1))
	} else {
		if n, err := memlimit.FromCgroup(); err == nil {
			most = int64(min(uint64(most), n/4*3))
		}
		if n, err := memlimit.FromSystem(); err == nil {
			most = int64(min(uint64(most), n/2))
		}
	}
	return max(most, crawler.LeastMemory)
}

// limitMemory tells Go to collect garbage before it takes more, unless GOMEMLIMIT has told it.
func (c *config) limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(c.memory())
	}
}

// budget returns the memory that all crawling and reading of this process may take for an archive, which is open for
// writing. retry is for pages whose reading has ended an earlier process.
func (e *env) budget(c *config, retry bool) (*crawler.Budget, error) {
	e.budgeting.Lock()
	defer e.budgeting.Unlock()
	if b := e.budgets[c.Archive.Path]; b != nil {
		return b, nil
	}
	b, err := crawler.OpenBudget(c.Archive.Path, c.memory(), retry)
	if err != nil {
		return nil, err
	}
	if e.budgets == nil {
		e.budgets = map[string]*crawler.Budget{}
	}
	e.budgets[c.Archive.Path] = b
	return b, nil
}

// checkMemory refuses a budget in which the largest page would not fit.
func (c *config) checkMemory() error {
	if c.Crawl.Memory != 0 && c.Crawl.Memory < crawler.LeastMemory {
		return usagef("crawl.memory is %s, not at least %s", humanize.IBytes(uint64(c.Crawl.Memory)), humanize.IBytes(crawler.LeastMemory))
	}
	return nil
}
