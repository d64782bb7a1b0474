# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""doxygen_filter.py HEADER    What Doxygen reads in place of a public header, line by line the
same: the slots of comments ("Blocks:     until ...") become paragraphs with a heading, the comment
behind a field belongs to it, and what no program names is not there: the inline namespace, and
protected members, since no class is made to be derived from."""

import re
import sys

SLOTS = "Blocks|Units|Returns|Throws|Threads|Processes|Signals|Peer dies|Fork|Python"
# At the beginning of a line, or behind another slot and two spaces.
SLOT = re.compile(rf"(^\s*///|(?<=\S)\s{{2,}})\s*({SLOTS}):\s+")
FIELD = re.compile(r"^(\s+[\w:<>,. ]+(?: = [^;]+| = \{\})?[;,])\s+// (.*)$")


def shown(line):
    line = line.replace("namespace procession::inline v0", "namespace procession")
    line = re.sub(r"^(\s*)protected:", r"\1private:", line)
    if line.lstrip().startswith("///"):
        return SLOT.sub(lambda found: f"{found[1].rstrip()} @slot{{{found[2]}}} ", line)
    return FIELD.sub(r"\1  ///< \2", line)


def main():
    with open(sys.argv[1], encoding="utf-8") as header:
        for line in header:
            print(shown(line.rstrip("\n")))


if __name__ == "__main__":
    main()
