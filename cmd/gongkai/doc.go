// Gongkai (公开) crawls Chinese government disclosure portals for their annual reports on information disclosure,
// archives every answer as served, and exports the statutory figures. README.md tells how it is used.
//
// This package is the command line: flags, wiring, what a run does around the crawler, and exit codes. What the program
// knows comes from the packages beside it; what it prints is written by package view, through the writers of package
// term.
//
//	main.go, run.go                   signals, flags, exit codes; what every command needs
//	session.go, memory.go, disk.go    configuration, catalogue and archive of a command; its memory and its room on the disk
//	advice.go, readonly.go            what to do about an error; what -read-only refuses
//	complete.go, man.go               what shells complete; man pages
//
//	crawl.go, backfill.go, daemon.go  the commands that crawl
//	visit.go                          one run: window, room, crawl, what follows, report
//	extract.go, repair.go             reading archived pages again
//	export.go, warc.go, import.go     data packages and captures for others, and from others
//	show*.go, coverage.go             what the archive says of a report, and which it holds
//	report.go, status.go, why.go      what runs came to, and why something was or was not asked for
//	seeds*.go                         the catalogue, and looking for listings
//	verify.go, backup.go, compact.go, merge.go
//	service.go, demo.go, version.go
//
// Below it:
//
//	config     config.toml
//	disk       free space
//	metrics    numbers for Prometheus, and health
//	term       terminals: safe text, tables, progress
//	view       reports, revisions, coverage and runs as text and HTML
package main
