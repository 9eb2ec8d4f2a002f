"""Counts of Northumbria's searches by self-defined ethnicity and outcome, and residents, with the standard library alone.

Run from the folder of the data: ``python northumbria.py > northumbria.csv``. Contains public sector information licensed under
the Open Government Licence v3.0 (data.police.uk; ONS, Census 2021).
"""

import csv
import io
import sys
import zipfile
from collections import Counter

START = {"White": "White", "Mixed/": "Mixed", "Asian/": "Asian", "Black/": "Black", "Other ethnic group - Any": "Other"}
CENSUS = {"White:": "White", "Mixed ": "Mixed", "Asian,": "Asian", "Black,": "Black", "Other ": "Other"}
AREAS = {"Gateshead", "Newcastle upon Tyne", "North Tyneside", "Northumberland", "South Tyneside", "Sunderland"}

found: Counter[tuple[str, str]] = Counter()
with zipfile.ZipFile("police_uk/northumbria-stop-and-search_2020-05_2023-02.zip") as archive:
    for name in archive.namelist():
        if not name.endswith("-stop-and-search.csv"):
            continue
        for row in csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8-sig")):
            text = row["Self-defined ethnicity"]
            group = next((g for start, g in START.items() if text.startswith(start)), "not recorded")
            found[group, "search"] += 1
            found[group, "outcome"] += row["Outcome"] != "A no further action disposal"
            found[group, "arrest"] += row["Outcome"] == "Arrest"
with open("context/census2021_ethnicity_ltla21.csv", encoding="utf-8") as handle:
    for row in csv.DictReader(handle):
        if row["ltla21_name"] in AREAS and row["ethnic_group"].endswith("(number)"):
            found[next(g for start, g in CENSUS.items() if row["ethnic_group"].startswith(start)), "residents"] += int(
                row["value"]
            )
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["group", "what", "count"])
out.writerows([*key, n] for key, n in sorted(found.items()))
