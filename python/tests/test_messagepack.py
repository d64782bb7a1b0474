# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Queues that programs of other languages use: MessagePack, and types made of it."""

import enum
import os
import pickle
import subprocess
import sys
import unittest
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import NamedTuple

import procession
from support import LONG, WithProcesses, for_each_start_method

try:
    import numpy
except ImportError:
    numpy = None
try:
    import msgpack
except ImportError:
    msgpack = None


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Place(NamedTuple):
    x: int
    y: float


@dataclass
class Job:
    name: str
    colour: Colour
    place: Place
    parts: list[bytes] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    due: datetime | None = None
    took: timedelta = timedelta(0)
    pair: tuple[int, str] = (0, "")
    more: tuple[int, ...] = ()


JOB = Job(
    "job",
    Colour.GREEN,
    Place(3, 1.5),
    [b"a", b""],
    {"w": 2.0},
    datetime(2026, 1, 2, 3, 4, 5, 678901, timezone.utc),
    timedelta(days=1, microseconds=7),
    (1, "one"),
    (1, 2, 3),
)

PLAIN = [
    None,
    True,
    False,
    0,
    127,
    128,
    -1,
    -32,
    -33,
    2**31,
    -(2**31) - 1,
    2**63 - 1,
    -(2**63),
    2**64 - 1,
    0.5,
    float("inf"),
    "",
    "ünïcode",
    b"",
    b"bytes" * 5000,
    [],
    [1, [2, [3]]],
    {},
    {"a": 1, 2: "b", b"c": None},
]


def answer(jobs, answers):
    for job in jobs:
        answers.put(job)
        jobs.task_done()


def message_queue(**options):
    return procession.Queue(codec="msgpack", **options)


class MessagePackTest(unittest.TestCase):
    def test_objects_of_messagepack_arrive_as_they_were_put(self):
        q = message_queue()
        q.put_many(PLAIN)
        for value in PLAIN:
            q.put(value)
        got = []
        while not q.empty():
            got += q.get_many(len(PLAIN))
        self.assertEqual(got, PLAIN + PLAIN)
        self.assertEqual(list(map(type, got)), list(map(type, PLAIN + PLAIN)))

    def test_what_is_like_one_of_them_becomes_it(self):
        q = message_queue()
        for put, got in [
            ((1, 2), [1, 2]),
            (bytearray(b"x"), b"x"),
            (memoryview(b"x"), b"x"),
            (PurePosixPath("/a/b"), "/a/b"),
            (Colour.RED, 1),
            (Place(1, 2.0), [1, 2.0]),
            (timedelta(microseconds=-3), -3000),
            (datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc), 1_000_000_000),
        ]:
            q.put(put)
            self.assertEqual(q.get(), got)

    def test_a_type_makes_objects_of_what_arrives(self):
        q = message_queue(type=Job)
        q.put(JOB)
        self.assertEqual(q.get(), JOB)
        q.put(["n", 1, [0, 1]])
        with self.assertRaisesRegex(procession.DecodeError, "Job has 9 fields, found 3"):
            q.get()
        wrong = list(JOB.__dict__.values())
        wrong[2] = [1, "no number"]
        q.put(wrong)
        with self.assertRaisesRegex(procession.DecodeError, "Job.place: Place.y: expected float"):
            q.get()
        q.put(True)
        with self.assertRaisesRegex(procession.DecodeError, "expected Job, found bool"):
            q.get()
        self.assertEqual(len(q.take_dead_letters()), 3)

    def test_what_messagepack_cannot_say_is_refused_by_put(self):
        q = message_queue(maxsize=1)
        endless = []
        endless.append(endless)
        for wrong, why in [
            (2**64, "integers from"),
            (-(2**63) - 1, "integers from"),
            ({1, 2}, "encode set"),
            (1j, "encode complex"),
            (datetime(2026, 1, 1), "no time zone"),
            (endless, "64 levels"),
            (len, "encode builtin"),
        ]:
            with self.assertRaisesRegex(procession.EncodeError, why):
                q.put(wrong)
            with self.assertRaisesRegex(procession.EncodeError, why):
                q.put_many([1, [wrong]])
        self.assertEqual(q.stats().put, 0)

    def test_what_looks_like_a_number_or_a_text_and_is_none_is_refused_by_name(self):
        class ArrayLike:
            def __index__(self):
                raise TypeError("only arrays of one element are numbers")

            def tolist(self):
                return []

        q = procession.Queue(codec="msgpack")
        cases = [
            (ArrayLike(), "ArrayLike.*tolist"),
            ("a\udc80", r"encode str: 'a\\udc80'.*os.fsencode"),
            ({"\ud800": 1}, r"encode str: '\\ud800'"),
            (memoryview(b"abcdef")[::2], "encode memoryview.*not contiguous"),
        ]
        if numpy is not None:
            cases += [(numpy.arange(3), "ndarray.*tolist"), (numpy.float32(1), "float32")]
        for obj, told in cases:
            for value in (obj, [obj]):
                with self.assertRaisesRegex(procession.EncodeError, told):
                    q.put(value)
        self.assertEqual(q.qsize(), 0)

    def test_bytes_that_are_no_message_become_dead_letters(self):
        q = message_queue()
        raw = procession.Queue()
        for wrong in (b"", b"\xc1", b"\x92\x01", b"\xa2\xff\xfe", b"\x81\x90\x01", b"\x01\x01", b"\xd4\x05x"):
            with self.assertRaises((procession.DecodeError, UnicodeDecodeError, TypeError)):
                q._decode(1, wrong)
        # Pickles do not get into such a queue, by any way.
        with self.assertRaisesRegex(procession.DecodeError, "does not belong into this queue"):
            q._decode(2, pickle.dumps(1))
        with self.assertRaisesRegex(procession.DecodeError, "does not belong into this queue"):
            raw._decode(1, b"\x01")

    def test_codec_and_type_are_checked(self):
        with self.assertRaisesRegex(ValueError, "codec is 'json'"):
            procession.Queue(codec="json")
        with self.assertRaisesRegex(ValueError, "type is given"):
            procession.Queue(type=Job)
        for wrong in (set, int | str, "Job"):
            with self.assertRaisesRegex(TypeError, "type"):
                message_queue(type=wrong)

    @unittest.skipIf(msgpack is None, "the msgpack package is not installed")
    def test_the_bytes_are_those_of_the_msgpack_package(self):
        q = procession.JoinableQueue(codec="msgpack")
        q.put_many(PLAIN)
        while not q.empty():
            q.lease().reject("to be looked at")
        for letter, value in zip(q.take_dead_letters(), PLAIN):
            self.assertEqual(msgpack.unpackb(letter.bytes, strict_map_key=False), value)
            self.assertEqual(q._decode(1, msgpack.packb(value)), value)

    def test_a_program_gets_a_queue_by_its_descriptor(self):
        q, answers = procession.JoinableQueue(codec="msgpack"), procession.Queue()
        q.put({"what": "hello"})
        program = (
            "import procession, sys\n"
            "q = procession.JoinableQueue.from_descriptor(int(sys.argv[1]), type=dict[str, str])\n"
            "answers = procession.Queue.from_descriptor(int(sys.argv[2]))\n"
            "with q.lease() as task: answers.put(task.value)\n"
            "try: procession.Queue.from_descriptor(q.descriptor())\n"
            "except procession.TypeMismatch as refused: answers.put(str(refused))\n"
        )
        numbers = [q.descriptor(), answers.descriptor()]
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, numbers)],
            pass_fds=numbers,
            stderr=subprocess.PIPE,
            timeout=LONG,
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(answers.get(timeout=LONG), {"what": "hello"})
        self.assertIn("it is a JoinableQueue of any", answers.get(timeout=LONG))
        self.assertTrue(q.join(0))

    def test_a_descriptor_of_something_else_is_refused(self):
        with self.assertRaises(OSError):
            procession.Queue.from_descriptor(os.open("/dev/null", os.O_RDWR))
        with self.assertRaises(OSError):
            procession.Queue.from_descriptor(os.memfd_create("empty"))


@for_each_start_method
class MessagePackBetweenProcesses(WithProcesses):
    def test_types_go_with_the_queue(self):
        jobs = procession.JoinableQueue(codec="msgpack", type=Job)
        answers = procession.Queue(codec="msgpack", type=Job)
        process = self.start(answer, jobs, answers)
        jobs.put(JOB)
        self.assertEqual(answers.get(timeout=LONG), JOB)
        self.assertTrue(jobs.join(LONG))
        jobs.shutdown()
        self.finish(process)
