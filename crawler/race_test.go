//go:build race

package crawler

// raced tells that the race detector slows everything down.
const raced = true
