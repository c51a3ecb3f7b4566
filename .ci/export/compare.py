"""Compares every table of a data package, cell by cell: CSV with JSON Lines, Stata, Excel and SQLite."""
import csv
import datetime
import json
import sqlite3
import sys
from decimal import Decimal

import openpyxl
import pandas as pd
from openpyxl.utils.escape import unescape

folder = sys.argv[1]
package = json.load(open(folder + "/datapackage.json", encoding="utf-8"))
tables = {r["path"][:-4]: r["schema"]["fields"] for r in package["resources"] if r["format"] == "csv"}
failed = 0


def text(kind, cell):
    """The cell as CSV has it, without its guard; None when it is empty."""
    if cell is None or cell is pd.NaT or cell == "" or isinstance(cell, float) and cell != cell:
        return None
    if kind == "string":
        return str(cell)
    if kind == "boolean":
        return {"true": "true", "false": "false", "1": "true", "0": "false", "True": "true", "False": "false"}[str(cell)]
    if kind == "integer":
        assert float(cell) == int(cell)
        return str(int(cell))
    if kind == "number":
        number = Decimal(repr(cell) if isinstance(cell, float) else str(cell))
        return format(number.normalize() + 0, "f")  # + 0: no minus before a zero
    if isinstance(cell, datetime.datetime):
        cell = (cell + datetime.timedelta(microseconds=500000)).replace(microsecond=0)  # Excel counts in fractions of days
        return cell.strftime("%Y-%m-%d" if kind == "date" else "%Y-%m-%dT%H:%M:%SZ")
    return str(cell)


def from_csv(name, fields):
    rows = list(csv.reader(open(f"{folder}/{name}.csv", encoding="utf-8", newline="")))
    assert rows[0] == [f["name"] for f in fields], rows[0]
    unguard = lambda f, cell: cell[1:] if f["type"] == "string" and cell.startswith("'") else cell
    return [[unguard(f, cell) for f, cell in zip(fields, row)] for row in rows[1:]]


def from_jsonl(name, fields):
    rows = [json.loads(line, parse_float=Decimal) for line in open(f"{folder}/{name}.jsonl", encoding="utf-8")]
    assert all(list(r) == [f["name"] for f in fields] for r in rows)
    return [list(r.values()) for r in rows]


def from_dta(name, fields):
    data = pd.read_stata(f"{folder}/{name}.dta").astype(object)
    assert list(data.columns) == [f["name"] for f in fields]
    return data.values.tolist()


def from_xlsx(name, fields):
    rows = list(book[name].iter_rows())
    assert [c.value for c in rows[0]] == [f["name"] for f in fields]
    assert book[name].freeze_panes == "A2" or book.read_only
    assert all(c.data_type != "f" for row in rows for c in row), "a formula"
    return [[unescape(c.value) if isinstance(c.value, str) else c.value for c in row] for row in rows[1:]]


def from_sqlite(name, fields):
    found = database.execute(f"SELECT * FROM {name} ORDER BY rowid")
    assert [d[0] for d in found.description] == [f["name"] for f in fields]
    return [list(row) for row in found]


book = openpyxl.load_workbook(folder + "/gongkai.xlsx")
database = sqlite3.connect(folder + "/gongkai.sqlite")
assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
assert not database.execute("PRAGMA foreign_key_check").fetchall()
cells = 0
for name, fields in tables.items():
    want = from_csv(name, fields)
    for read in from_jsonl, from_dta, from_xlsx, from_sqlite:
        got = read(name, fields)
        if len(got) != len(want):
            print(f"{name}: {len(got)} rows {read.__name__}, {len(want)} in CSV")
            failed = 1
        for n, (a, b) in enumerate(zip(want, got)):
            for f, x, y in zip(fields, a, b):
                cells += 1
                if text(f["type"], x) != text(f["type"], y):
                    print(f"{name} row {n + 1} {f['name']}: {y!r} {read.__name__}, {x!r} in CSV")
                    failed = 1
print(cells, "cells compared")
sys.exit(failed or cells == 0)
