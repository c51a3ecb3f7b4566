//go:build !unix

package pdf

import "io/fs"

// others are the permissions of others to write, where they are told by a mode.
const others = 0

// ours trusts the system, which closes the folders of a user to others.
func ours(fs.FileInfo) bool { return true }
