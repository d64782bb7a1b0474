# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""check_links.py [ROOT]    Every relative link of the pages leads to a file that is there, and to a
heading that is there. Links to other machines are not followed."""

import re
import sys
from pathlib import Path

from pages import ROOT, anchors, pages, prose

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^\s*\[[^\]]+\]:\s+(\S+)")
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


def main():
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    count, faults = 0, 0
    for page in pages(root):
        for number, line in prose(page):
            bare = CODE.sub("``", line)
            targets = LINK.findall(bare) + DEFINITION.findall(bare)
            for target in targets:
                count += 1
                reason = why_broken(page, target, root)
                if reason:
                    faults += 1
                    print(f"{page.relative_to(root)}:{number}: the link {target} {reason}")
    print(f"{count} links, {faults} of them broken")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
