"""Has LibreOffice read the workbook of a data package, and compares every cell of every table with CSV."""
import csv
import glob
import json
import os
import subprocess
import sys
import tempfile
from decimal import Decimal

folder, work = sys.argv[1], tempfile.mkdtemp()
package = json.load(open(folder + "/datapackage.json", encoding="utf-8"))
tables = {r["path"][:-4]: r["schema"]["fields"] for r in package["resources"] if r["format"] == "csv"}

# One CSV file a sheet (the last -1), UTF-8 (76), cells as they are and not as they are shown (the third false).
options = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
subprocess.run(["soffice", "-env:UserInstallation=file://" + work + "/profile", "--headless", "--convert-to", options, "--outdir", work,
                folder + "/gongkai.xlsx"], check=True, stdout=subprocess.DEVNULL, timeout=600)


def text(kind, cell):
    """The cell as the package's CSV has it, without its guard; None when it is empty."""
    if cell == "":
        return None
    if kind == "boolean":
        return cell.lower()
    if kind in ("integer", "number"):
        return format(Decimal(cell).normalize() + 0, "f")
    if kind == "datetime":
        return cell.replace(" ", "T").rstrip("Z")
    return cell


csv.field_size_limit(1 << 24)
cells = failed = 0
for name, fields in tables.items():
    want = list(csv.reader(open(f"{folder}/{name}.csv", encoding="utf-8", newline="")))
    got = list(csv.reader(open(f"{work}/gongkai-{name}.csv", encoding="utf-8", newline="")))
    if len(got) != len(want) or got[0] != [f["name"] for f in fields]:
        sys.exit(f"{name}: {len(got)} rows, {len(want)} in CSV, or other columns")
    for n, (a, b) in enumerate(zip(want[1:], got[1:])):
        for f, x, y in zip(fields, a, b):
            cells += 1
            if f["type"] == "string" and x.startswith("'"):
                x = x[1:]
            if text(f["type"], x) != text(f["type"], y):
                failed += 1
                print(f"{name} row {n + 1} {f['name']}: {y!r} in LibreOffice, {x!r} in CSV")
print(cells, "cells compared with LibreOffice")
sys.exit(1 if failed or cells == 0 else 0)
