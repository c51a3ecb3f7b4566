//go:build unix

package pdf

import (
	"io/fs"
	"os"
	"syscall"
)

// others are the permissions of others to write.
const others = 0o022

// ours reports whether a folder belongs to this user, or to root.
func ours(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && (owner.Uid == 0 || int(owner.Uid) == os.Geteuid())
}
