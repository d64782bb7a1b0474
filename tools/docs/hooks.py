# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""What mkdocs does besides its own work: pages of the site are also files of the sources, which
people read where they are. A link is written as it is right there; on the site it leads to the page
that the file has become, or is plain text where the site does not have the file."""

import os
import re
import sys
from pathlib import Path, PurePosixPath

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/docs"))
from pages import slug  # noqa: E402  the anchors of the site are those of the sources

REFERENCE = ROOT / "build/docs/reference"
STYLE = "assets/site.css"
# Pages that do not lie in docs/.
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "tests/README.md": "tests.md",
}
SOURCES = {page: source for source, page in PAGES.items()}

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
HEADER = re.compile(r"(?<!\[)`include/(procession/\w+\.h)`(?!\])")
COMMENT = re.compile(r"^ *<!--.*?-->\n?", re.S | re.M)
FENCE = re.compile(r"^\s*(```+|~~~+)")


def on_config(config):
    config.mdx_configs["toc"]["slugify"] = lambda text, separator: slug(text)
    config.extra_css.append(STYLE)
    return config


def on_files(files, config):
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, STYLE, abs_src_path=str(ROOT / "tools/docs/site.css")))
    if not (REFERENCE / "index.html").is_file():
        raise PluginError(f"there is no C++ reference in {REFERENCE}: run ./build-docs")
    for path in sorted(REFERENCE.rglob("*")):
        if path.is_file():
            place = f"reference/{path.relative_to(REFERENCE)}"
            files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def reference_of(header):
    """Where the page of a public header is, `header` as in an #include; None where it has none."""
    name = PurePosixPath(header).name.replace("_", "__").replace(".", "_8")
    page = REFERENCE / f"{name}.html"
    return f"reference/{page.name}" if page.is_file() else None


def place_of(path):
    """Where a file of the sources is on the site; None where it is not."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("include/"):
        return reference_of(path.removeprefix("include/"))
    return path.removeprefix("docs/") if path.startswith("docs/") else None


def parts_of(markdown):
    """Yields (is it a fenced block?, text), all of the page in its order."""
    part, mark = [], None
    for line in markdown.splitlines(keepends=True):
        fence = FENCE.match(line)
        if mark is None and fence:
            yield False, "".join(part)
            part, mark = [line], fence.group(1)
            continue
        part.append(line)
        if mark is not None and line.strip() == mark:
            yield True, "".join(part)
            part, mark = [], None
    yield mark is not None, "".join(part)


def on_page_markdown(markdown, page, config, files):
    at = page.file.src_uri
    folder = os.path.dirname(SOURCES.get(at, f"docs/{at}"))

    def relative(place):
        return os.path.relpath(place, os.path.dirname(at) or ".")

    def link(found):
        mark, text, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found.group(0)
        path, _, anchor = target.partition("#")
        place = place_of(os.path.normpath(os.path.join(folder, path)))
        if place is None:
            return text
        return f"{mark}[{text}]({relative(place)}{'#' + anchor if anchor else ''})"

    def header(found):
        place = reference_of(found.group(1))
        return f"[`{found.group(1)}`]({relative(place)})" if place else found.group(0)

    def rewritten(prose):
        prose = HEADER.sub(header, LINK.sub(link, COMMENT.sub("", prose)))
        # Python-Markdown shows the backslash of \\| in code.
        return re.sub(r"`[^`\n]+`", lambda code: code[0].replace("\\|", "|"), prose)

    return "".join(
        part if is_code else rewritten(part) for is_code, part in parts_of(markdown)
    )
