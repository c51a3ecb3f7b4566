// Package testdata holds portals as they answered, for every package's tests and for the demo. README.md says what in
// them is real. It serves nothing: gongkai/crawler/replica does.
package testdata

import (
	"embed"
	"io/fs"
)

//go:embed portals/*/*.http portals/*/site.json portals/*/figures.json
var files embed.FS

// Portals returns the saved portals, a directory each: site.json and the pages it names.
func Portals() fs.FS {
	sub, err := fs.Sub(files, "portals")
	if err != nil {
		panic(err) // unreachable: "portals" is a valid path, the only thing Sub checks
	}
	return sub
}
