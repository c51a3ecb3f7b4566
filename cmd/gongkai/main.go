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
