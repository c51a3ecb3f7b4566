// Package term shows things on terminals so that nothing a page says can steer one: text, tables, and how far work has
// come. It does not know what is shown; where there is no terminal it writes lines, or nothing.
//
//	safe.go       text in which no character has an effect but to be seen
//	output.go     JSON, tables
//	display.go    a run of the crawler, with bars
//	progress.go   other long work, in one line
package term
