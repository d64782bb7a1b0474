# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""check_protocol.py COMPILER SOURCES    docs/protocol.md agrees with the sources: each table behind

    <!-- layout: TYPE BYTES [at OFFSET] -->

has the offset and the size of each field in its first two columns, and the name of the field in the
third; all bytes of a field that the type has are there. Each condition in

    <!-- checked: CONDITION -->

holds. And the names of steps are those of src/shm and src/queue, each at least once.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """\
#include <cstddef>
#include <cstdio>
#include "procession/queue_options.h"
#include "queue/record.h"
#include "queue/state.h"
#include "shm/death_log.h"
#include "shm/robust_lock.h"
namespace procession::inline v0::detail {
"""
TAIL = """\
}
int main() { return procession::detail::check(); }
"""
LAYOUT = re.compile(r"<!-- layout: (\S+) (\d+)(?: at (\d+))? -->")
CHECKED = re.compile(r"<!-- checked: (.+) -->")
ROW = re.compile(r"\| (\d+) \| (\d+) \| `(\w+)` \|")
STEP = re.compile(r'PROCESSION_STEP\("([^"]+)"\)')
PLACES = {"shm::SegmentHeader": "0", "queue::State": "shm::kObjectOffset",
          "shm::DeathArea": "shm::kDeathsOffset"}


def assertion(number, condition):
    return f'#line {number} "docs/protocol.md"\nstatic_assert({condition});\n'


def test(number, condition):
    """Of what is computed: functions of the sources that are not constexpr may be called."""
    text = f'std::printf("docs/protocol.md:{number}: is not so\\n")'
    return f'#line {number} "docs/protocol.md"\nif (!({condition})) faults += {text} != 0;\n'


def assertions(lines):
    """The C++ of all that the page says about the layout, and how many facts that are."""
    parts, tests, facts, kind, reached = [], [], 0, None, 0
    for number, line in enumerate(lines, 1):
        layout = LAYOUT.match(line)
        checked = CHECKED.match(line)
        row = ROW.match(line)
        if layout:
            kind, size, at = layout.groups()
            reached = 0
            parts.append(assertion(number, f"sizeof({kind}) == {size}"))
            if at:
                parts.append(assertion(number, f"{PLACES[kind]} == {at}"))
        elif checked:
            tests.append(test(number, checked.group(1)))
        elif row and kind:
            offset, size, field = row.groups()
            parts.append(assertion(number, f"offsetof({kind}, {field}) == {offset}"))
            parts.append(assertion(number, f"sizeof({kind}::{field}) == {size}"))
            if int(offset) < reached:
                print(f"docs/protocol.md:{number}: the field {field} overlaps the one before")
                parts.append(assertion(number, "false"))
            reached = int(offset) + int(size)
        elif not line.startswith("|"):
            kind = None
            continue
        else:
            continue
        facts += 1
    check = f"int check() {{ int faults = 0;\n{''.join(tests)}return faults; }}\n"
    return "".join(parts) + check, facts


def wrong_steps(page, sources):
    """Names that only one of page and sources has."""
    there = set()
    for folder in ("src/shm", "src/queue"):
        for file in (sources / folder).iterdir():
            there.update(STEP.findall(file.read_text(encoding="utf-8")))
    prefixes = "|".join(sorted({re.escape(name.split(".")[0]) for name in there}))
    named = set(re.findall(rf"`((?:{prefixes})\.[a-z_.]+)`", page))
    named -= {"head.count", "head.bytes", "head.position", "head.leaving"}
    fields = re.compile(r"(tail|head|returned|pool|shutdown)\.(position|count|bytes|first|end)$")
    named = {name for name in named if not fields.match(name) or name in there}
    for name in sorted(there - named):
        print(f"docs/protocol.md: the step {name} is missing")
    for name in sorted(named - there):
        print(f"docs/protocol.md: there is no step {name}")
    return len(there ^ named), len(there)


def main():
    compiler, sources = sys.argv[1], Path(sys.argv[2])
    page = (sources / "docs/protocol.md").read_text(encoding="utf-8")
    code, facts = assertions(page.splitlines())
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "protocol.cpp"
        program.write_text(HEAD + code + TAIL, encoding="utf-8")
        # Some fields are private, and offsetof is asked of types that are no aggregates.
        options = ["-std=c++20", "-fno-access-control", "-Wno-invalid-offsetof"]
        options += [f"-I{sources}/include", f"-I{sources}/src", "-o", f"{folder}/protocol"]
        compiled = subprocess.run([compiler, *options, str(program)], check=False)
        if compiled.returncode == 0:
            compiled = subprocess.run([f"{folder}/protocol"], check=False)
    wrong, steps = wrong_steps(page, sources)
    print(f"{facts} facts about the layout, {steps} steps, {wrong} of them wrong")
    return 1 if compiled.returncode != 0 or wrong or facts < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
