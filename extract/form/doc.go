// Package form is the statutory form of the annual reports (政府信息公开工作年度报告): its tables as data, and the reading of
// a report's tables into figures, each with what makes it doubtful. It finds no report in a page and knows no agency, and
// it never puts one figure in the place of another: what a cell does not say with certainty has no value.
//
// What a table is, which edition of the form it follows, and what its rows and columns mean is learnt from the labels:
//
//	schema.go   the form as data: schemas.json
//	figure.go   what is read: figures, checks of identities, problems
//	read.go     Read: which table is which, what the page lacks
//	table2.go   tables 2, 3 and 4 of the forms of 2019 and 2021: a file each
//	annex.go    the annex of the form of 2014, and tables of no form
//	flat.go     tables that have become text
//	labels.go   which row or column of the form a printed label means
//	number.go   a cell as a number, or why it is blank
//	checks.go   the identities of the form; prose.go: sentences against tables
//
// Its rules come from 国办发〔2014〕32号, 国办公开办函〔2019〕60号 and 国办公开办函〔2021〕30号.
package form
