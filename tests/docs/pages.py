# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, as the checks of this folder and the site read them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IN_ROOT = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")

_FENCE = re.compile(r"^(\s*)(```+|~~~+)\s*([\w+-]*)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")


def pages(root=ROOT):
    """All pages, as paths below `root`."""
    found = [root / name for name in IN_ROOT] + [root / "tests/README.md"]
    return found + sorted((root / "docs").rglob("*.md"))


@dataclass
class Block:
    """A fenced block, and the HTML comment right before it."""

    path: Path
    line: int  # of the first line of `text`
    language: str
    text: str
    comment: str = ""
    comment_line: int = 0


def blocks(path):
    """Yields the fenced blocks of a page, and each comment `<!-- snippet: ... -->` that stands
    alone, as a block without a language."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment, comment_line = "", 0
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("<!--"):
            begin = at
            while "-->" not in lines[at]:
                at += 1
            whole = "\n".join(lines[begin : at + 1])
            at += 1
            text = whole.strip().removeprefix("<!--").removesuffix("-->")
            if not text.lstrip().startswith("snippet:"):
                continue
            if comment:
                yield Block(path, comment_line, "", "", comment, comment_line)
            comment, comment_line = text.strip(), begin + 1
            continue
        fence = _FENCE.match(line)
        if fence:
            indent, mark, language = fence.groups()
            begin = at + 1
            at = begin
            while lines[at].strip() != mark:
                at += 1
            text = "\n".join(part.removeprefix(indent) for part in lines[begin:at]) + "\n"
            yield Block(path, begin + 1, language or "text", text, comment, comment_line)
            comment = ""
        elif line.strip() and comment:
            yield Block(path, comment_line, "", "", comment, comment_line)
            comment = ""
        at += 1
    if comment:
        yield Block(path, comment_line, "", "", comment, comment_line)


def prose(path):
    """Yields (number, line) of all lines outside of fenced blocks and comments."""
    mark = None
    in_comment = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if mark is None and fence and not in_comment:
            mark = fence.group(2)
        elif mark is not None:
            if line.strip() == mark:
                mark = None
        elif in_comment or line.lstrip().startswith("<!--"):
            in_comment = "-->" not in line
        else:
            yield number, line


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[^\w\- ]", "", text.replace("`", "").replace("*", "").lower())
    return text.replace(" ", "-")


def anchors(path):
    """The anchors of a page."""
    found = set()
    for _, line in prose(path):
        found.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
        heading = _HEADING.match(line)
        if not heading:
            continue
        plain = slug(heading.group(2))
        name, count = plain, 0
        while name in found:
            count += 1
            name = f"{plain}-{count}"
        found.add(name)
    return found
