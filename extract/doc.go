// Package extract reads documents: bytes in, values out. It knows HTML, the annual reports on government information
// disclosure (政府信息公开工作年度报告), and whose they are. It fetches nothing, stores nothing, and
// decides nothing between two pages that say different things; what it cannot read with certainty it says so of.
//
// A page is parsed once. From the outside in, the files are:
//
//	file.go       which kind of document it is; PDF and DOCX become simple HTML (packages pdf, docx, filetype)
//	document.go   the one pass over the parsed page: lines, tables, links, scripts
//	links.go      links with the date of their row; selectors
//	parts.go      what else belongs to a report: further pages, frames, attachments, scans
//	body.go       the report in the page, found by its six headings; sections
//	title.go      what a title claims; which titles are no report's
//	fields.go     metadata: label blocks, information lines, meta tags; dates.go; published.go: the day of publication
//	whose.go      what the page calls its agency; agency.go: whose report it is
//	read.go       ReadReport, which puts all this together; report.go: what comes out; quality.go
//
// Below it, package form is the statutory form, and reads the tables into figures; package markup knows HTML: decoding,
// the tree, tables, addresses, and what of a cell is seen; package division knows the codes and names of places, and
// package text traditional script, full-width forms and odd spaces.
//
// The names of metadata fields come from 国办发〔2017〕47号 and the catalogue blocks of the portals' systems.
package extract
