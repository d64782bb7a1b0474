# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""check_snippets.py cpp COMPILER INCLUDE_FOLDER
check_snippets.py python [PACKAGE_FOLDER]

Every C++ block of the pages compiles, and every Python block compiles; with PACKAGE_FOLDER, the
Python blocks that are marked so are run. A comment right before a block says what it is:

    <!-- snippet: program -->           a file of its own; so is each block with a main()
    <!-- snippet: declarations -->      what stands outside of functions
    <!-- snippet: body -->              statements; so is each other block without a comment
    <!-- snippet: none: the reason -->  not checked
    <!-- snippet: run -->               Python: is run as a program

Further lines of the comment are code that the page does not show: before the statements in the
same function, before the declarations in the same namespace, before the Python lines. A comment

    <!-- snippet: preamble
    code
    -->

belongs to no block; its code, declarations, precedes each later block of its page, up to the next
such comment. `...` as the last thing of a line stands for a statement.

All C++ blocks are one translation unit, each block in a namespace of its own.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from pages import ROOT, blocks, pages

CPP = ("cpp", "c++", "cc")
PYTHON = ("python", "py")
KINDS = ("program", "declarations", "body", "none", "run", "preamble")

HEAD = """\
#include <procession/procession.h>
#include <procession/format.h>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>
#include <vector>
namespace mp = procession;
using namespace std::chrono_literals;
"""


class Faults:
    def __init__(self):
        self.count = 0

    def add(self, block, text):
        self.count += 1
        print(f"{block.path.relative_to(ROOT)}:{block.line}: {text}")


def kind_of(block, faults):
    """The kind of a block and the lines of its comment."""
    if not block.comment:
        is_program = block.language in CPP and re.search(r"\bint main\(", block.text)
        return "program" if is_program else "body", ""
    first, _, rest = block.comment.partition("\n")
    words = re.match(r"snippet:\s*(\w+)(?::\s*(.*))?", first.strip())
    kind, reason = words.groups() if words else ("", "")
    if kind not in KINDS:
        faults.add(block, f"no kind of snippet: {first}")
        return "none", ""
    if kind == "none" and not reason:
        faults.add(block, "a snippet that is not checked needs a reason")
    return kind, rest


def snippets(languages, faults):
    """Yields (block, kind, hidden lines, preamble) of one language."""
    for page in pages():
        preamble = ""
        for block in blocks(page):
            if not block.language:
                kind, code = kind_of(block, faults)
                if kind != "preamble":
                    faults.add(block, "a comment about a snippet with no block behind it")
                elif languages is CPP:
                    preamble = line_of(block.path, block.comment_line + 1) + code + "\n"
                continue
            if block.language not in languages:
                continue
            kind, code = kind_of(block, faults)
            if code and languages is CPP:
                code = line_of(block.path, block.comment_line + 1) + code + "\n"
            yield block, kind, code, preamble


def line_of(path, number):
    return f'#line {number} "{path.relative_to(ROOT)}"\n'


def without_includes(text, includes):
    """The text with its #include lines moved to `includes`; as many lines as before."""

    def move(found):
        includes.append(found.group(0))
        return ""

    return re.sub(r"^#include .*$", move, text, flags=re.M)


def as_namespace(number, block, kind, hidden, preamble, includes):
    text = re.sub(r"\.\.\.(?=\s*(//.*)?$)", ";", block.text, flags=re.M)
    shown = line_of(block.path, block.line) + without_includes(text, includes)
    hidden = without_includes(hidden, includes)
    preamble = without_includes(preamble, includes)
    head = f"namespace snippet_{number} {{\n{preamble}"
    if kind == "body":
        return f"{head}[[maybe_unused]] void shown() {{\n{hidden}{shown}\n}}\n}}\n"
    shown = re.sub(r"\bint main\(", "int program(", shown)
    return f"{head}{hidden}{shown}\n}}\n"


def check_cpp(compiler, include):
    faults = Faults()
    includes, parts = [], []
    checked = 0
    for block, kind, hidden, preamble in snippets(CPP, faults):
        if kind == "none":
            continue
        checked += 1
        parts.append(as_namespace(checked, block, kind, hidden, preamble, includes))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "snippets.cpp"
        source.write_text("\n".join(includes) + "\n" + HEAD + "".join(parts), encoding="utf-8")
        options = ["-std=c++20", "-fsyntax-only", "-Wno-return-type", f"-I{include}"]  # of main()
        command = [compiler, *options, str(source)]
        compiled = subprocess.run(command, check=False, cwd=ROOT)
    print(f"{checked} C++ snippets, {faults.count} with faults in their comments")
    return compiled.returncode != 0 or faults.count or not checked


def run(text, package):
    """Why a program failed; None where it did not. It ends, with all that it has started."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "snippet.py"
        program.write_text(text, encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, "-B", str(program)],
            cwd=folder,
            env={"PYTHONPATH": str(package), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                return f"does not end:\n{output}"
    return f"ends with {process.returncode}:\n{output}" if process.returncode else None


def check_python(package):
    faults = Faults()
    compiled, ran = 0, 0
    for block, kind, hidden, _ in snippets(PYTHON, faults):
        if kind == "none":
            continue
        text = hidden + "\n" + block.text if hidden else block.text
        try:
            compile(text, str(block.path), "exec", dont_inherit=True, flags=0x2000)
        except SyntaxError as wrong:
            faults.add(block, f"does not compile: {wrong}")
            continue
        compiled += 1
        if kind == "run" and package:
            ran += 1
            why = run(text, package)
            if why:
                faults.add(block, why)
    print(f"{compiled} Python snippets compiled, {ran} run, {faults.count} faults")
    return faults.count or not compiled


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "cpp":
        return 1 if check_cpp(sys.argv[2], sys.argv[3]) else 0
    if len(sys.argv) in (2, 3) and sys.argv[1] == "python":
        return 1 if check_python(sys.argv[2] if len(sys.argv) == 3 else None) else 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
