# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""A queue's words of itself, open, shut down and closed; and errors name the method called."""

import os
import threading
import unittest

import procession
from support import LONG, mapped_queues, open_descriptors

KINDS = (procession.Queue, procession.JoinableQueue)

#: Each verb that needs an open queue, and how it is called.
VERBS = {
    "put": lambda q: q.put(1),
    "put_nowait": lambda q: q.put_nowait(1),
    "put_many": lambda q: q.put_many([1]),
    "get": lambda q: q.get(),
    "get_nowait": lambda q: q.get_nowait(),
    "get_many": lambda q: q.get_many(),
    "borrow": lambda q: q.borrow(),
    "qsize": lambda q: q.qsize(),
    "empty": lambda q: q.empty(),
    "full": lambda q: q.full(),
    "stats": lambda q: q.stats(),
    "fileno": lambda q: q.fileno(),
    "descriptor": lambda q: q.descriptor(),
    "participants": lambda q: q.participants(),
    "wait_for_deaths": lambda q: q.deaths(),
    "notice_deaths": lambda q: q.notice_deaths(),
    "dead_letters": lambda q: q.dead_letters(),
    "take_dead_letters": lambda q: q.take_dead_letters(),
    "shutdown": lambda q: q.shutdown(),
}
JOINABLE_VERBS = {
    "lease": lambda q: q.lease(),
    "join": lambda q: q.join(),
    "unfinished": lambda q: q.unfinished(),
}


class Named(procession.Queue):
    pass


class ClosingTest(unittest.TestCase):
    def test_every_verb_of_a_closed_queue_names_itself(self):
        for kind in KINDS:
            q = kind(name="jobs")
            q.close()
            verbs = VERBS | (JOINABLE_VERBS if kind is procession.JoinableQueue else {})
            for verb, call in verbs.items():
                with self.subTest(kind=kind, verb=verb):
                    told = rf"^{verb} {kind.__name__} 'jobs': it is closed in this process"
                    with self.assertRaisesRegex(procession.ClosedError, told):
                        call(q)

    def test_verbs_that_find_nothing_name_themselves(self):
        jobs = procession.JoinableQueue(1)
        for verb, call in (
            ("get", lambda: jobs.get(timeout=0.001)),
            ("get_nowait", jobs.get_nowait),
            ("borrow", lambda: jobs.borrow(block=False)),
            ("lease", lambda: jobs.lease(block=False)),
        ):
            with self.assertRaisesRegex(procession.Empty, f"^{verb} "):
                call()
        jobs.put(1)
        for verb, call in (
            ("put", lambda: jobs.put(1, timeout=0.001)),
            ("put_nowait", lambda: jobs.put_nowait(1)),
        ):
            with self.assertRaisesRegex(procession.Full, f"^{verb} "):
                call()
        task = jobs.lease()
        task.done()
        for verb, call in (
            ("done", task.done),
            ("give_back", task.give_back),
            ("reject", lambda: task.reject("")),
            ("task_done", jobs.task_done),
        ):
            with self.assertRaisesRegex(ValueError, f"^{verb} "):
                call()
        jobs.shutdown()
        with self.assertRaisesRegex(procession.ShutDown, "^get_many "):
            jobs.get_many()
        with self.assertRaisesRegex(procession.ShutDown, "^put_many "):
            jobs.put_many([1])

    def test_threads_that_wait_are_told_of_the_close_by_the_verb_that_they_called(self):
        waits = {
            "get": lambda q: q.get(),
            "borrow": lambda q: q.borrow(),
            "get_many": lambda q: q.get_many(),
            "lease": lambda q: q.lease(),
        }
        for verb, wait in waits.items():
            jobs = procession.JoinableQueue()
            waits_now = threading.Event()
            told = []

            def work(wait=wait, jobs=jobs, told=told, waits_now=waits_now):
                waits_now.set()
                try:
                    wait(jobs)
                except procession.ClosedError as closed:
                    told.append(str(closed))

            thread = threading.Thread(target=work)
            thread.start()
            waits_now.wait(LONG)
            jobs.close()
            thread.join(LONG)
            self.assertTrue(told and told[0].startswith(verb + " "), told)

    def test_a_block_closes_its_queue_whatever_leaves_it(self):
        for kind in KINDS:
            with kind() as q:
                q.put(1)
            self.assertTrue(q.closed)
            with self.assertRaises(KeyError), kind() as q:
                raise KeyError
            self.assertTrue(q.closed)
            with kind() as q:
                q.close()

    def test_a_closed_queue_keeps_no_memory_and_no_descriptor_while_its_object_lives(self):
        for kind in KINDS:
            open_before, mapped_before = open_descriptors(), mapped_queues()
            closed = [kind() for _ in range(10)]
            for q in closed:
                q.put(bytes(100_000))
            self.assertGreaterEqual(mapped_queues() - mapped_before, 10)
            for q in closed:
                q.close()
            self.assertEqual(open_descriptors(), open_before)
            self.assertEqual(mapped_queues(), mapped_before)

    def test_a_drained_queue_gives_the_memory_of_its_peak_back(self):
        for kind in KINDS:
            with kind() as q:
                for size in 20_000, 1_000_000:
                    for _ in range(64_000_000 // size):
                        q.put(bytes(size))
                    self.assertGreater(q.stats().memory_reserved_bytes, 60_000_000)
                    while not q.empty():
                        q.get()
                        if kind is procession.JoinableQueue:
                            q.task_done()
                    self.assertLess(q.stats().memory_reserved_bytes, 24 << 20, size)

    def test_closing_twice_and_what_needs_no_queue(self):
        for kind in KINDS:
            q = kind(7, name="jobs")
            q.close()
            q.close()
            q.join_thread()
            q.cancel_join_thread()
            self.assertEqual((q.maxsize, q.closed), (7, True))

    def test_the_representation_tells_name_kind_size_and_state(self):
        q = procession.Queue()
        self.assertRegex(repr(q), "^<Queue: 0 waiting, at 0x[0-9a-f]+>$")
        jobs = procession.JoinableQueue(10, name="jobs")
        jobs.put_many([1, 2])
        self.assertRegex(repr(jobs), "^<JoinableQueue 'jobs': 2 of 10 waiting, at ")
        jobs.shutdown()
        self.assertRegex(repr(jobs), "^<JoinableQueue 'jobs': 2 of 10 waiting, shut down, at ")
        jobs.close()
        self.assertRegex(repr(jobs), "^<JoinableQueue 'jobs': closed, at ")
        self.assertRegex(repr(Named(name="n")), "^<Named, a Queue 'n': 0 waiting, at ")
        self.assertRegex(repr(Named.__new__(Named)), "^<Named, not made, at ")

    def test_a_number_that_is_another_files_by_now_is_never_given_out(self):
        q = procession.Queue()
        number = q.descriptor()
        q.close()
        others = [os.open("/dev/null", os.O_RDONLY) for _ in range(8)]
        with self.assertRaises(procession.ClosedError):
            q.descriptor()
        for other in others:
            os.close(other)
        self.assertIsInstance(number, int)


if __name__ == "__main__":
    unittest.main()
