package main

import (
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"gongkai/cmd/gongkai/config"
	"gongkai/crawler/fetch"
	"gongkai/store/reading"
)

// mostMemory is how much is taken where nobody says: more makes nothing faster.
const mostMemory = 4 << 30

// memoryFor returns how many bytes the process may take: what the configuration says, else what GOMEMLIMIT says, else
// three quarters of what its control group may, or half of what the machine has.
func memoryFor(c *config.Config) int64 {
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
	return max(most, reading.LeastMemory)
}

// limitMemory tells Go to collect garbage before it takes more, unless GOMEMLIMIT has told it.
func limitMemory(c *config.Config) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryFor(c))
	}
}

// A memory is what all crawling and reading of this process may take for an archive.
type memory struct {
	budget  *reading.Budget
	buffers *fetch.Buffers
}

// lend returns the memory for an archive, which is open for writing. retry is for pages whose reading has ended an
// earlier process.
func (e *env) lend(c *config.Config, retry bool) (memory, error) {
	e.lending.Lock()
	defer e.lending.Unlock()
	if m, lent := e.memories[c.Archive.Path]; lent {
		return m, nil
	}
	b, err := reading.OpenBudget(c.Archive.Path, memoryFor(c), retry)
	if err != nil {
		return memory{}, err
	}
	buffers, err := fetch.OpenBuffers(c.Archive.Path, b.Aside())
	if err != nil {
		return memory{}, err
	}
	if e.memories == nil {
		e.memories = map[string]memory{}
	}
	e.memories[c.Archive.Path] = memory{b, buffers}
	return e.memories[c.Archive.Path], nil
}
