# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The order of the package's modules: each imports those before it only, for type checkers too."""

import ast
import os
import unittest

import procession

ORDER = (
    "_native",
    "_errors",
    "_logging",
    "_messagepack",
    "_pickling",
    "_passing",
    "records",
    "lease",
    "_asyncio",
    "_coroutines",
    "queues",
    "sharing",
    "__init__",
    "bench",
)

FOLDER = os.path.dirname(os.path.abspath(procession.__file__))


def file_of(module):
    return module + (".pyi" if module == "_native" else ".py")


def module_of(name):
    """The package's module that an absolute dotted name leads to; None for other packages."""
    package, *inside = name.split(".")
    if package != "procession":
        return None
    return inside[0] if inside and inside[0] in ORDER else "__init__"


def names_imported_by(source):
    """Absolute names, wherever in the source they are imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            inside = ["procession"] * node.level + [node.module] * bool(node.module)
            yield from (".".join([*inside, each.name]) for each in node.names)


def modules_imported_by(module):
    with open(os.path.join(FOLDER, file_of(module)), encoding="utf-8") as source:
        return {module_of(name) for name in names_imported_by(source.read())} - {None}


class ImportsTest(unittest.TestCase):
    def test_the_order_names_every_module(self):
        files = {name for name in os.listdir(FOLDER) if name.endswith((".py", ".pyi"))}
        self.assertEqual({file_of(module) for module in ORDER}, files)

    def test_each_module_imports_only_those_before_it(self):
        for number, module in enumerate(ORDER):
            self.assertLessEqual(modules_imported_by(module), set(ORDER[:number]), module)

    def test_imports_are_seen_wherever_and_however_they_are_written(self):
        source = """
from typing import TYPE_CHECKING
import procession.lease, queues
from . import records, share
if TYPE_CHECKING:
    from .queues import Queue
def late():
    from procession._errors import Error
"""
        seen = {module_of(name) for name in names_imported_by(source)}
        expected = {None, "lease", "records", "__init__", "queues", "_errors"}
        self.assertEqual(seen, expected)


if __name__ == "__main__":
    unittest.main()
