# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Puts the JSON files of one run of the benchmarks together, and judges them by the targets.

    summary.py merge OUTPUT FILE...    one document: {"benchmarks": {"throughput": {...}, ...}}
    summary.py targets FILE            prints the table of targets of such a document

The exit status does not depend on what was met.
"""
import json
import sys

from targets import all_targets
from results import Results


def merge(output, files):
    benchmarks = {}
    for name in files:
        with open(name, encoding="utf-8") as stream:
            document = json.load(stream)
        benchmark = document.pop("benchmark")
        if benchmark in benchmarks:  # other cases of the same one
            benchmarks[benchmark]["results"] += document["results"]
        else:
            benchmarks[benchmark] = document
    with open(output, "w", encoding="utf-8") as stream:
        json.dump({"benchmarks": benchmarks}, stream, indent=1)
        stream.write("\n")


def verdict_of(target):
    if target.measured is None:
        return "not measured"
    return "met" if target.is_met() else "MISSED"


def show_number(number):
    if number is None:
        return "-"
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.3g}"


def print_table(heads, rows):
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, [""] * len(heads), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def print_targets(file):
    with open(file, encoding="utf-8") as stream:
        results = Results(json.load(stream))
    targets = list(all_targets(results))
    rows = []
    for target in targets:
        bound = ("at least " if target.at_least else "at most ") + show_number(target.wanted)
        rows.append([target.work, target.beside, bound + target.unit,
                     show_number(target.measured) + (target.unit if target.measured is not None else ""),
                     verdict_of(target), target.absolute])
    print(f"Targets: {results.machine()}")
    if results.is_quick():
        print("A quick run: the figures are rough, and what it leaves out is not measured.")
    print()
    print_table(["work", "beside", "wanted", "measured", "", "absolute"], rows)
    counts = [verdict_of(target) for target in targets]
    print(f"\n{counts.count('met')} met, {counts.count('MISSED')} missed, "
          f"{counts.count('not measured')} not measured")


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == "merge":
        merge(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) == 3 and sys.argv[1] == "targets":
        print_targets(sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
