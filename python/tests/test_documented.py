# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The package as help() and type checkers show it."""

import inspect
import os
import shutil
import subprocess
import tempfile
import unittest

import procession

TYPED = """
import dataclasses
import procession

@dataclasses.dataclass
class Job:
    path: str

plain = procession.Queue(codec="msgpack", type=Job)
jobs = procession.JoinableQueue(10, codec="msgpack", type=Job, max_deliveries=3)
lists = procession.Queue(codec="msgpack", type=list[int])
anything = procession.Queue(5)
numbers: procession.Queue[int] = procession.Queue()

async def coroutines() -> None:
    async for item in plain:
        reveal_type(item)  # Job
    async with jobs.alease() as task:
        reveal_type(task.value)  # Job
    reveal_type(await jobs.alease())  # Lease[Job]
    reveal_type(await plain.aget_many())  # list[Job]
    reveal_type(await plain.aput_many([Job("a")]))  # int
    reveal_type(await jobs.ajoin())  # bool

reveal_type(plain)  # Queue[Job]
reveal_type(plain.get())  # Job
reveal_type(jobs)  # JoinableQueue[Job]
reveal_type(jobs.lease().value)  # Job
reveal_type(lists.get())  # list[int]
reveal_type(anything)  # Queue[Any]
reveal_type(numbers.get_many())  # list[int]
with procession.share(jobs) as reference:
    reveal_type(reference.queue)  # Queue[Job]
with jobs as block:
    reveal_type(block)  # JoinableQueue[Job]
"""

WRONG = """
import procession
numbers: procession.Queue[int] = procession.Queue()
numbers.put("no number")
"""


def public_members(thing):
    for name, member in vars(thing).items():
        if name.startswith("_"):
            continue
        if isinstance(member, (classmethod, staticmethod)):
            member = member.__func__
        if inspect.isroutine(member) or inspect.isdatadescriptor(member):
            yield name, member


def package_folder():
    return os.path.dirname(os.path.dirname(os.path.realpath(procession.__file__)))


class DocumentedTest(unittest.TestCase):
    def test_every_public_member_has_a_documentation(self):
        self.assertTrue(procession.__doc__)
        silent = []
        for name in procession.__all__:
            thing = getattr(procession, name)
            if not inspect.getdoc(thing):
                silent.append(name)
            if not inspect.isclass(thing) or not thing.__module__.startswith("procession"):
                continue
            own = [base for base in thing.__mro__ if base.__module__.startswith("procession")]
            for base in own:
                for member_name, member in public_members(base):
                    text = inspect.getdoc(member)
                    if not text or text.startswith("Alias for field"):
                        silent.append(f"{base.__name__}.{member_name}")
        self.assertEqual(sorted(set(silent)), [])

    def test_a_documentation_says_something_of_its_own(self):
        """Not only the text of `object` and the collections."""
        borrowed = []
        for name in procession.__all__:
            thing = getattr(procession, name)
            if inspect.isclass(thing) and thing.__module__.startswith("procession"):
                if "__doc__" not in vars(thing) or not vars(thing)["__doc__"]:
                    borrowed.append(name)
        self.assertEqual(borrowed, [])

    def test_all_names_are_there_and_nothing_else_is_public(self):
        names = {
            name
            for name, thing in vars(procession).items()
            if not name.startswith("_") and not inspect.ismodule(thing)
        }
        names -= {"annotations"}
        self.assertEqual(names, set(procession.__all__))


@unittest.skipIf(shutil.which("mypy") is None, "mypy is not installed")
class TypesTest(unittest.TestCase):
    def mypy(self, program):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w") as file:
                file.write(program)
            done = subprocess.run(
                ["mypy", "--strict", "--cache-dir", os.path.join(folder, "cache"), path],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "MYPYPATH": package_folder(), "PYTHONPATH": ""},
            )
        return done.stdout

    def test_types_are_inferred_from_what_a_queue_is_made_with(self):
        told = self.mypy(TYPED)
        expected = [
            (number, line.split("  # ")[1])
            for number, line in enumerate(TYPED.splitlines(), 1)
            if "reveal_type" in line
        ]
        for full, short in (
            ("builtins.", ""),
            ("program.", ""),
            ("procession.queues.", ""),
            ("procession.lease.", ""),
        ):
            told = told.replace(full, short)
        for number, revealed in expected:
            self.assertIn(f'{number}: note: Revealed type is "{revealed}"', told)
        self.assertNotIn("error:", told)

    def test_an_object_of_another_type_is_an_error(self):
        self.assertIn('"put" of "Queue" has incompatible type "str"', self.mypy(WRONG))


if __name__ == "__main__":
    unittest.main()
