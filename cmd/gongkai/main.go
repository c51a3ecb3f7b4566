// Gongkai (公开) crawls Chinese government disclosure portals for their annual reports on information disclosure,
// archives every answer as served, and exports the statutory figures. README.md tells how it is used.
//
// This package is flags, configuration, wiring and exit codes; what the program does lives in the packages below it.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	_ "time/tzdata" // windows name zones; minimal systems have no zone files

	"gongkai/extract/pdf"
)

func main() {
	log.SetOutput(io.Discard) // net/http writes there what servers send unasked; what matters of it is in the archive
	if dir, err := os.UserCacheDir(); err == nil {
		pdf.SetCacheDir(filepath.Join(dir, "gongkai", "pdfium"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // told a second time, it ends as any program does: nothing that is acknowledged is lost
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
