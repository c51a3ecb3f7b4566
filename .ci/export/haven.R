# Compares the numbers of the figures in the Stata file with those in CSV, and looks at labels.
folder <- commandArgs(trailingOnly = TRUE)[1]
stata <- haven::read_dta(file.path(folder, "figures.dta"))
csv <- read.csv(file.path(folder, "figures.csv"), colClasses = "character", encoding = "UTF-8")
stopifnot(nrow(stata) == nrow(csv), names(stata) == names(csv))
stopifnot(identical(as.numeric(stata$value), as.numeric(csv$value)))
stopifnot(as.character(haven::as_factor(stata$scope)) == csv$scope, as.character(haven::as_factor(stata$blank)) == csv$blank)
stopifnot(stata$locator == csv$locator, nchar(attr(stata$value, "label")) > 0)
reports <- haven::read_dta(file.path(folder, "reports.dta"))
stopifnot(inherits(reports$published, "Date"), inherits(reports$captured_at, "POSIXct"), nchar(reports$division_code) == 6)
cat(nrow(stata), "figures agree\n")
