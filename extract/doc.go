// Package extract reads documents: bytes in, values out. It knows HTML, the annual reports on government information
// disclosure (政府信息公开工作年度报告), and the statutory form of their tables. It fetches nothing, stores nothing, and
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
//	schema.go     the statutory form as data: schemas.json
//	labels.go     which row or column of the form a printed label means
//	figures.go    tables 2, 3 and 4 of the forms of 2019 and 2021; annex.go: that of 2014, and tables of no form
//	flat.go       tables that have become text
//	number.go     a cell as a number, or why it is blank
//	checks.go     the identities of the form; prose.go: sentences against tables
//	whose.go      what the page calls its agency; agency.go: whose report it is
//	read.go       ReadReport, which puts all this together; report.go: what comes out; quality.go
//
// Below it, package markup knows HTML: decoding, the tree, tables, addresses, and what of a cell is seen. Package division knows the
// codes and names of places, and package text traditional script, full-width forms and odd spaces.
//
// Rules of the form come from 国办发〔2014〕32号, 国办公开办函〔2019〕60号 and 国办公开办函〔2021〕30号; the names of metadata
// fields from 国办发〔2017〕47号 and the catalogue blocks of the portals' systems.
package extract
