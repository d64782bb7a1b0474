# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""check_links.py [ROOT]    Every relative link of the pages leads to a file that is there, and to a
heading that is there. Links to other machines are not followed. And each row of a table has as many
cells as its head: a | in a cell, also in code, is written with a backslash."""

import re
import sys
from pathlib import Path

from pages import ROOT, anchors, pages, prose

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^\s*\[[^\]]+\]:\s+(\S+)", re.M)
CODE = re.compile(r"(`+)(?:.+?)\1")


def why_broken(page, target, root):
    """Why a link cannot be followed; None where it can."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    path, _, anchor = target.partition("#")
    if path.startswith("/"):
        return "is an absolute path"
    to = (page.parent / path).resolve() if path else page
    if root not in to.parents and to != root:
        return "leads out of the sources"
    if not to.exists():
        return "leads to no file"
    if anchor and to.suffix == ".md" and anchor not in anchors(to):
        return "leads to no heading"
    if anchor and to.suffix != ".md":
        return "has an anchor in what is no page"
    return None


def wrong_rows(page):
    """Yields the numbers of rows that have other cells than their table's head."""
    cells, before = 0, 0
    for number, line in prose(page):
        if not line.startswith("|"):
            continue
        found = len(re.findall(r"(?<!\\)\|", line))
        if number == before + 1 and found != cells:
            yield number
        elif number != before + 1:
            cells = found
        before = number


def main():
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    count, faults = 0, 0
    for page in pages(root):
        for number in wrong_rows(page):
            faults += 1
            print(f"{page.relative_to(root)}:{number}: a row with other cells than the head")
        # The text of a link may be broken into two lines: so the lines are looked at as one text.
        lines = [(number, CODE.sub("``", line)) for number, line in prose(page)]
        text = "\n".join(line for _, line in lines)
        for link in [*LINK.finditer(text), *DEFINITION.finditer(text)]:
            count += 1
            reason = why_broken(page, link[1], root)
            if reason:
                faults += 1
                number = lines[text.count("\n", 0, link.start())][0]
                print(f"{page.relative_to(root)}:{number}: the link {link[1]} {reason}")
    print(f"{count} links, {faults} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
