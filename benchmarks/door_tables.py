"""Generated tables of people, dirtied at random, read from CSV, Excel and Parquet: nothing may be wrong in silence.

    python benchmarks/door_tables.py --tables 20000

writes ``benchmarks/door_tables.md``. Tables come from a seeded numpy generator and not from hypothesis: nothing has to be shrunk,
and a table can be made again from its number.
"""

import argparse
import csv
import datetime
import io
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from openpyxl import Workbook

from vru.cohort import Cohort
from vru.errors import DataError
from vru.intake import Made, build_cohort
from vru.protocol import Protocol
from vru.protocol.fields import Outcome
from vru.protocol.rows import CohortPlan
from vru.protocol.units import Units
from vru.sources.extract import ExtractOptions, read
from vru.sources.source import Request

Rng = np.random.Generator
KINDS = ("Mentoring", "Sport", "Family support", "Detached youth work")
SCHOOLS = ("St Mary's", "Oak Hill", "North Academy", "River School", "Park Lane", "Queen Elizabeth")
HEADER = ["ref", "arm", "again", "risk", "kind", "met", "seen", "school", "note"]


@dataclass
class Case:
    """A table as text, what its plan declares, and what is right: values by column, or None where it must not pass in silence."""

    rows: list[list[str]]
    header: list[str] = field(default_factory=lambda: list(HEADER))
    options: dict[str, object] = field(default_factory=dict)
    plan: dict[str, object] = field(default_factory=dict)
    risk: np.ndarray | None = None
    speaks: bool = False
    blank: int = 0
    forms: tuple[str, ...] = ("csv", "xlsx", "parquet")
    encoding: str = "utf-8"
    separator: str = ","


def clean(rng: Rng) -> Case:
    n = int(rng.integers(30, 90))
    risk = np.round(rng.normal(50, 12, n), 1)
    start = datetime.date(2021, 1, 1)
    rows = [
        [
            f"P{1000 + i}",
            "yes" if i % 2 else "no",
            str(int(rng.random() < 0.3)),
            f"{risk[i]:g}",
            str(rng.choice(KINDS)),
            "yes" if rng.random() < 0.5 else "no",
            (start + datetime.timedelta(int(rng.integers(0, 300)))).isoformat(),
            str(rng.choice(SCHOOLS)),
            "seen at home",
        ]
        for i in range(n)
    ]
    return Case(rows, risk=risk)


def some_rows(case: Case, rng: Rng) -> list[int]:
    return [int(i) for i in rng.choice(len(case.rows), int(rng.integers(1, 6)), replace=False)]


def set_cells(case: Case, column: str, at: list[int], change: Callable[[str], str]) -> None:
    j = HEADER.index(column)
    for i in at:
        case.rows[i][j] = change(case.rows[i][j])


def missing_word(case: Case, rng: Rng) -> None:
    word, at = str(rng.choice(["NULL", "NA", "nan", "None", "#N/A", "not known"])), some_rows(case, rng)
    set_cells(case, "risk", at, lambda v: word)
    if rng.random() < 0.5:
        case.options["missing"] = [word]
        case.risk[at] = np.nan
    else:
        case.speaks = True


def comma_groups(case: Case, rng: Rng) -> None:
    case.risk = np.round(case.risk * 100)
    set_cells(case, "risk", list(range(len(case.rows))), lambda v: f"{round(float(v) * 100):,}")


def decimal_comma(case: Case, rng: Rng) -> None:
    set_cells(case, "risk", list(range(len(case.rows))), lambda v: f"{float(v):.1f}".replace(".", ","))
    if rng.random() < 0.5:
        case.options["decimal"] = ","
    else:
        case.speaks = True
    case.forms = ("csv", "xlsx", "parquet")


def percent(case: Case, rng: Rng) -> None:
    set_cells(case, "risk", list(range(len(case.rows))), lambda v: f"{v}%")
    if rng.random() < 0.5:
        case.plan["risk"] = {"column": "risk", "kind": "number", "unit": "percent"}
    else:
        case.speaks = True


def sentinel(case: Case, rng: Rng) -> None:
    code, at = str(rng.choice(["999", "-9", "9999", "-1", "99999"])), some_rows(case, rng)
    set_cells(case, "risk", at, lambda v: code)
    case.risk[at] = float(code)
    if rng.random() < 0.5:
        case.options["missing"] = [code]
        case.risk[at] = np.nan
    else:
        case.speaks = True


def suppressed(case: Case, rng: Rng) -> None:
    mark, at = str(rng.choice(["<5", "*"])), some_rows(case, rng)
    set_cells(case, "risk", at, lambda v: mark)
    case.risk[at] = np.nan
    if rng.random() < 0.5:
        case.options["suppressed"] = {mark: [0, 4]}
    else:
        case.speaks = True


def spellings(case: Case, rng: Rng) -> None:
    column = str(rng.choice(["kind", "school", "arm", "met"]))
    ways: list[Callable[[str], str]] = [
        str.upper,
        lambda v: f" {v}",
        lambda v: v.replace(" ", "\u00a0"),
        lambda v: v.replace(" ", "  "),
    ]
    set_cells(case, column, some_rows(case, rng), ways[int(rng.integers(len(ways)))])


def twins(case: Case, rng: Rng) -> None:
    set_cells(case, "school", list(range(len(case.rows))), lambda v: "St Mary's" if v == "Oak Hill" else v)
    at = some_rows(case, rng)
    set_cells(case, "school", at, lambda v: "St Marys")
    case.rows[(at[0] + 1) % len(case.rows)][HEADER.index("school")] = "St Mary's"
    case.speaks = True


def ids_twice(case: Case, rng: Rng) -> None:
    for i, row in enumerate(case.rows):
        row[0] = str(1000 + i)
    case.rows[1][0], case.rows[2][0] = "1000.0", "1002"
    case.speaks = True


def odd_text(case: Case, rng: Rng) -> None:
    ways = ["a, b", 'said "no"', "two\nlines", "5ft 6", "ünïcode", "'quoted'", "a;b", "x\ty"]
    set_cells(case, "note", some_rows(case, rng), lambda v: str(rng.choice(ways)))


def blanks(case: Case, rng: Rng) -> None:
    k = int(rng.integers(1, 5))
    for _ in range(k):
        case.rows.insert(int(rng.integers(0, len(case.rows))), [""] * len(case.header))
    case.blank = k
    case.forms = ("csv", "xlsx")


def total_row(case: Case, rng: Rng) -> None:
    case.rows.append(["Total", "", str(sum(int(r[2]) for r in case.rows)), "", "", "", "", "", ""])
    case.speaks = True


def title_rows(case: Case, rng: Rng) -> None:
    title = ["Referrals 2021", *[""] * (len(HEADER) - 1)]
    case.rows = [case.header, *case.rows]
    case.header = title
    case.speaks = True
    case.forms = ("csv", "xlsx")


def day_first(case: Case, rng: Rng) -> None:
    set_cells(case, "seen", list(range(len(case.rows))), lambda v: f"{v[8:]}/{v[5:7]}/{v[:4]}")
    if rng.random() < 0.5:
        case.options["dates"] = "%d/%m/%Y"
    else:
        case.speaks = True


def zoned(case: Case, rng: Rng) -> None:
    set_cells(case, "seen", list(range(len(case.rows))), lambda v: f"{v}T23:30:00Z")
    case.speaks = True


def serials(case: Case, rng: Rng) -> None:
    first = datetime.date(1899, 12, 30)
    set_cells(case, "seen", list(range(len(case.rows))), lambda v: str((datetime.date.fromisoformat(v) - first).days))
    case.speaks = True


def parted(case: Case, rng: Rng) -> None:
    case.separator, case.forms = str(rng.choice([";", "\t", "|"])), ("csv",)
    if rng.random() < 0.5:
        case.options["separator"] = case.separator
    else:
        case.speaks = True


def encoded(case: Case, rng: Rng) -> None:
    set_cells(case, "school", list(range(len(case.rows))), lambda v: v.replace("Oak", "Ôak"))
    case.encoding, case.forms = str(rng.choice(["utf-8-sig", "cp1252", "utf-16"])), ("csv",)


DIRT: dict[str, Callable[[Case, Rng], None]] = {
    "clean": lambda case, rng: None,
    "words for missing": missing_word,
    "comma groups": comma_groups,
    "decimal commas": decimal_comma,
    "percent signs": percent,
    "codes for missing": sentinel,
    "marks for hidden": suppressed,
    "spellings of names": spellings,
    "near twins": twins,
    "ids in two ways": ids_twice,
    "odd text": odd_text,
    "blank rows": blanks,
    "total row": total_row,
    "title row": title_rows,
    "day-first dates": day_first,
    "instants": zoned,
    "Excel serials": serials,
    "other separators": parted,
    "encodings": encoded,
}


def as_bytes(case: Case, form: str) -> bytes:
    out = io.BytesIO()
    if form == "csv":
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=case.separator).writerows([case.header, *case.rows])
        return text.getvalue().encode(case.encoding)
    if form == "parquet":
        frame = pd.DataFrame(case.rows, columns=case.header)
        frame.loc[:, :] = frame.where(frame != "", None)
        plain = pd.to_numeric(frame["risk"], errors="coerce")
        if plain.notna().all() and "," not in "".join(frame["risk"]):
            frame["risk"] = plain
        frame.to_parquet(out)
        return out.getvalue()
    book = Workbook()
    page = book.active
    for row in [case.header, *case.rows]:
        page.append([None] * len(row))
        for j, value in enumerate(row, 1):
            cell = page.cell(page.max_row if page.max_row else 1, j)
            if value:
                cell.value = value
                cell.data_type = "s"
    book.save(out)
    return out.getvalue()


def protocol(case: Case) -> Protocol:
    covariates = {
        "risk": "risk",
        "kind": {"column": "kind", "kind": "category"},
        "met": {"column": "met", "kind": "yes_no"},
    }
    covariates |= {"seen": {"column": "seen", "kind": "date"}} | case.plan
    plan = {
        "id": "ref",
        "received": {"column": "arm", "treated": ["yes"], "comparison": ["no"]},
        "cluster": "school",
        "covariates": covariates,
    }
    return Protocol.model_construct(
        cohort=CohortPlan.model_validate(plan),
        outcomes=[Outcome(id="again", measure="again", column="again", kind="binary")],
        units=Units(kind="person"),
    )


def build(case: Case, form: str, folder: Path) -> Made:
    path = folder / f"t.{form}"
    path.write_bytes(as_bytes(case, form))
    request = Request(path, folder, 1, lambda *at: None)
    table = read(request, ExtractOptions.model_validate(case.options))
    return build_cohort(protocol(case), {"people": table})


def judge(case: Case, made: Made) -> str:
    """right, asked, or what is wrong."""
    cohort = made.data
    assert isinstance(cohort, Cohort)
    left_out = sum(n.count or 0 for n in made.log if "left out" in n.text and "rows" in n.text)
    if len(cohort) + left_out != len(case.rows):
        return "rows do not add up"
    if made.questions:
        return "asked"
    if case.speaks:
        return "wrong in silence"
    same = np.allclose(cohort.covariates["risk"].to_numpy(float), case.risk, equal_nan=True)
    groups = len(set(cohort.cluster or ())) <= len(SCHOOLS) and cohort.covariates["kind"].nunique() <= len(KINDS)
    return "right" if same and groups else "wrong in silence"


def one(number: int, seed: int, folder: Path) -> tuple[str, dict[str, str], list[float]]:
    rng = np.random.default_rng([seed, number])
    case = clean(rng)
    name = list(DIRT)[number % len(DIRT)]
    DIRT[name](case, rng)
    said, took = {}, []
    for form in case.forms:
        started = time.process_time()
        try:
            said[form] = judge(case, build(case, form, folder))
        except DataError:
            said[form] = "refused"
        except Exception as error:
            said[form] = f"raised {type(error).__name__}"
        took.append(time.process_time() - started)
    return name, said, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=20_000, help="files in all")
    parser.add_argument("--seed", type=int, default=20261127)
    args = parser.parse_args()
    warnings.simplefilter("error")
    found: dict[str, Counter[str]] = {name: Counter() for name in DIRT}
    apart: Counter[str] = Counter()
    cpu: list[float] = []
    first: dict[str, int] = {}
    number = 0
    with TemporaryDirectory() as folder:
        while len(cpu) < args.tables:
            name, said, took = one(number, args.seed, Path(folder))
            found[name].update(said.values())
            apart[name] += len(set(said.values())) > 1
            for verdict in said.values():
                first.setdefault(f"{name}: {verdict}", number)
            cpu += took
            number += 1
    columns = ("right", "asked", "refused", "wrong in silence")
    lines = ["| dirt | " + " | ".join(columns) + " | anything else | forms disagree |", "|---" * 7 + "|"]
    for name, counts in found.items():
        rest = {k: v for k, v in counts.items() if k not in columns}
        cells = " | ".join(f"{counts[c]:,}" for c in columns)
        lines.append(f"| {name} | {cells} | {', '.join(f'{k} {v}' for k, v in rest.items()) or '0'} | {apart[name]} |")
    text = f"""# Generated tables through the door

{datetime.date.today():%d %B %Y}; `python benchmarks/door_tables.py --tables {args.tables} --seed {args.seed}`.

{len(cpu):,} files of {number:,} tables of 30 to 90 people, each dirtied in one way; half of the ways that can be declared
are declared. Every file is written, read and made a cohort of, as `vru check` does. CPU a file, writing included: median
{1000 * float(np.median(cpu)):.0f} ms, most {1000 * max(cpu):.0f} ms. Rows in are rows used and rows left out by a named
reason in every file that is not refused. A value that differs from the clean table's without a question or a refusal is wrong
in silence.

"""
    Path(__file__).with_suffix(".md").write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print({k: v for k, v in first.items() if "wrong" in k or "raised" in k or "add up" in k})


if __name__ == "__main__":
    main()
