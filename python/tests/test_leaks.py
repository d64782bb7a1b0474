# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Repeated work leaves nothing behind, and no reference too many or too few."""

import asyncio
import contextlib
import gc
import os
import pickle
import sys
import unittest

import procession
from support import open_descriptors


class Fails:
    def __reduce__(self):
        raise LookupError("it does not travel")


class FailsToArrive:
    def __reduce__(self):
        return (int, ("not a number",))


class Frame:
    def __init__(self, pixels):
        self.pixels = pixels

    def __reduce_ex__(self, protocol):
        return (Frame, (pickle.PickleBuffer(self.pixels),))


class Probe:
    """Small enough to be pickled by value; counts for its references."""


@contextlib.contextmanager
def failing(*kinds):
    try:
        yield
    except kinds:
        return
    raise AssertionError(f"none of {kinds} was raised")


class Actions:
    """The works to be repeated. Each leaves its queues as they were."""

    def __init__(self):
        self.q = procession.Queue(10)
        self.jobs = procession.JoinableQueue()
        self.dead = procession.JoinableQueue(max_deliveries=1)
        self.objects = [None, 1.5, "text", b"bytes", ["list", {"of": "things"}], Frame(b"x" * 9_000)]
        self.large = [b"x" * 70_000, ["y" * 70_000], Frame(bytearray(70_000))]

    def put_and_get(self):
        for each in self.objects:
            self.q.put(each)
            self.q.get()

    def large_objects(self):
        for each in self.large:
            self.q.put(each, True, 1)
            self.q.get(True, timeout=1)

    def many(self):
        self.q.put_many(self.objects)
        self.q.get_many(3)
        self.q.get_many()

    def borrow(self):
        for each in self.large:
            self.q.put(each)
            self.q.borrow()

    def no_room(self):
        self.q.put_many([1] * 10)
        for each in (1, b"large" * 5_000, ["large" * 5_000]):
            with failing(procession.Full):
                self.q.put_nowait(each)
        self.q.get_many()

    def nothing_there(self):
        with failing(procession.Empty):
            self.q.get_nowait()
        self.q.get_many(timeout=0)

    def not_picklable(self):
        with failing(LookupError):
            self.q.put([Frame(b"x" * 9_000), Fails()])
        with failing(LookupError):
            self.q.put_many([1, "x" * 9_000, Fails()])

    def not_arriving(self):
        for take in (self.q.get, self.q.borrow, self.q.get_many):
            self.q.put(FailsToArrive())
            with failing(procession.DecodeError):
                take()
        for letter in self.q.take_dead_letters():
            with failing(ValueError):
                letter.load()

    def leases(self):
        self.jobs.put_many([1, "two", 3.0, ["y" * 70_000]])
        with self.jobs.lease():
            pass
        self.jobs.lease().done()
        self.jobs.get()
        self.jobs.task_done()
        with self.jobs.lease(borrow=True):
            pass
        with failing(ValueError):
            self.jobs.task_done()

    def rejected(self):
        self.dead.put("x")
        self.dead.lease().reject("for a test")
        self.dead.put("y")
        with failing(LookupError), self.dead.lease():
            raise LookupError
        with failing(procession.Empty):
            self.dead.get_nowait()
        repr(self.dead.take_dead_letters())

    def told(self):
        self.q.stats()
        self.q.participants()
        self.q.deaths()
        self.q.qsize(), self.q.full(), self.q.empty(), self.q.maxsize
        repr(self.q)

    def wrong_arguments(self):
        for wrong in ({"tiemout": 1}, {"timeout": "x"}):
            with failing(TypeError):
                self.q.get(**wrong)
        with failing(ValueError):
            self.q.get_many(-1)

    def queues_come_and_go(self):
        q = procession.Queue()
        q.put([1])
        jobs = procession.JoinableQueue()
        jobs.put(2)
        jobs.get()
        jobs.close()

    def queues_through_queues(self):
        self.q.put([self.jobs])
        self.q.get()
        with failing(procession.SharingError):
            pickle.dumps(self.q)

    def left_over(self):
        for take in (self.q.get, self.q.borrow, self.q.get_many):
            self.q.put_many([1, FailsToArrive(), Frame(memoryview(b"x" * 100))])
            self.q.get_many()
            with failing(procession.DecodeError):
                take()
            take()
        self.q.take_dead_letters()
        q = procession.Queue()
        q.put_many([1, FailsToArrive(), "left when the queue goes"])
        q.get_many()

    def shared(self):
        with procession.share(self.q) as reference:
            data = pickle.dumps([reference, self.q])
        with failing(procession.SharingError):
            reference.queue
        pickle.loads(data)
        lost = procession.Queue.__new__(procession.Queue)
        lost._follow_later(self.q._reference()[0], b"x" * 16, False)
        with failing(procession.SharingError):
            lost.get()

    def read_only_arrays(self):
        for size in (0, 10, 5_000):
            self.q.put([Frame(memoryview(b"x" * size))])
            self.q.get()
            self.q.put([Frame(memoryview(b"x" * size))])
            self.q.borrow()

    def blocks(self):
        with procession.Queue() as q:
            q.put(1)
        with failing(procession.ClosedError):
            q.put(1)

    def coroutines_that_are_cancelled_closed_and_joined(self):
        async def all_of_it():
            q, jobs = procession.Queue(), self.jobs
            waits = [asyncio.create_task(q.aget()) for _ in range(3)]
            await asyncio.sleep(0)
            waits.pop().cancel()
            q.close()
            await asyncio.gather(*waits, return_exceptions=True)
            await jobs.aput_many([1, 2])
            async with jobs.alease():
                pass
            await jobs.alease()  # goes back
            (await jobs.alease()).done()
            await jobs.ajoin()

        asyncio.run(all_of_it())

    def coroutines(self):
        async def all_of_it():
            waiting = asyncio.create_task(self.q.aget())
            await asyncio.sleep(0)
            await self.q.aput(1)
            await waiting

        asyncio.run(all_of_it())


class LeakTest(unittest.TestCase):
    def test_what_is_done_again_leaves_nothing(self):
        actions = Actions()
        names = [name for name in vars(Actions) if not name.startswith("_")]
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(name):
                action = getattr(actions, name)
                self.assertFalse(leaks(action))

    def test_the_measure_sees_a_leak(self):
        kept = []
        self.assertTrue(leaks(lambda: kept.append(object())))
        descriptors = []
        self.addCleanup(lambda: [os.close(each) for each in descriptors])
        self.assertTrue(leaks(lambda: descriptors.append(os.dup(0))))

    def test_an_object_has_as_many_references_as_before(self):
        q, jobs = procession.Queue(2), procession.JoinableQueue()
        probes = [Probe(), b"bytes that are an object of their own" * 2, Frame(bytearray(9_000))]
        singletons = [None, True, False] if sys.version_info < (3, 12) else []
        for probe in probes + singletons:
            def use():
                q.put(probe)
                q.put_nowait(probe)
                with failing(procession.Full):
                    q.put(probe, False)
                q.get_many()
                jobs.put_many([probe, probe])
                jobs.get(), jobs.get()
                jobs.task_done(), jobs.task_done()
                q.empty(), q.full(), jobs.join()

            repeat(use, 5)
            before = sys.getrefcount(probe)
            repeat(use, 200)
            self.assertLess(abs(sys.getrefcount(probe) - before), 50)

    def test_memory_outside_of_the_interpreter_does_not_grow(self):
        q = procession.Queue()
        for work in (
            lambda: (q.put(["x" * 10_000]), q.get()),
            lambda: (q.put_many([b"y" * 5_000, "z" * 5_000]), q.get_many()),
            lambda: (q.put(Frame(b"y" * 50_000)), q.borrow()),
        ):
            repeat(work, 500)
            before = resident_kilobytes()
            repeat(work, 5_000)
            self.assertLess(resident_kilobytes() - before, 4_000)


def repeat(action, times):
    for _ in range(times):
        action()


def leaks(action):
    """Whether each of several rounds leaves something behind.

    The first ones do: caches of the interpreter and pools of the module fill up.
    """
    for _ in range(12):
        blocks, descriptors = held()
        repeat(action, 100)
        more_blocks, more_descriptors = held()
        if more_blocks - blocks < 50 and more_descriptors == descriptors:
            return False
    return True


def held():
    gc.collect()
    return sys.getallocatedblocks(), open_descriptors()


def resident_kilobytes():
    gc.collect()
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
