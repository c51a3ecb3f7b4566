package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
)

// errReadOnly means that a command would change the archive, and -read-only forbids it.
var errReadOnly = config.UsageError{Err: errors.New("it would change the archive, and -read-only forbids that")}

// changing are the commands that change the archive. All others open it for reading, with -read-only or without, and so
// work where nothing can be written.
var changing = []string{"crawl", "backfill", "daemon", "extract", "import", "compact", "seeds discover", "seeds check"}

// refuseChanges ends a command that would change the archive under -read-only.
func (e *env) refuseChanges(cmd *cobra.Command, _ []string) error {
	name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	if e.readOnly && slices.Contains(changing, name) {
		return fmt.Errorf("%s: %w", name, errReadOnly)
	}
	return nil
}
