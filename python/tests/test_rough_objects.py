# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Objects that are none here, exceptions without a text: nothing is lost, and the error is told."""

import os
import signal
import unittest

import procession
from support import LONG

KINDS = (procession.Queue, procession.JoinableQueue)


class Bad:
    """Pickles, and does not unpickle."""

    def __reduce__(self):
        return (int, ("no number",))


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("it has no text")


def fail_mutely():
    raise Mute


class FailsMutely:
    def __reduce__(self):
        return (fail_mutely, ())


def fail_with_half_a_pair():
    raise OSError("\udc80")


class FailsWithHalfAPair:
    def __reduce__(self):
        return (fail_with_half_a_pair, ())


def interrupt_self():
    signal.raise_signal(signal.SIGINT)


class Interrupts:
    def __reduce__(self):
        return (interrupt_self, ())


def told_by(get_many, calls):
    """The results of so many calls: lists, and the names of errors."""
    told = []
    for _ in range(calls):
        try:
            told.append(get_many(timeout=0))
        except Exception as failed:
            told.append(type(failed).__name__)
    return told


class GetManyTest(unittest.TestCase):
    def test_an_item_that_is_no_object_is_told_of_in_its_place_and_nothing_else_is_lost(self):
        cases = (
            ([1, Bad(), 3], [[1], "DecodeError", [3], []]),
            ([Bad(), 2], ["DecodeError", [2], []]),
            ([1, Bad()], [[1], "DecodeError", []]),
            ([Bad(), Bad(), 3, Bad(), 5], ["DecodeError", "DecodeError", [3], "DecodeError", [5]]),
        )
        for kind in KINDS:
            for objects, expected in cases:
                with self.subTest(kind=kind, objects=objects):
                    q = kind()
                    q.put_many(objects)
                    self.assertEqual(told_by(q.get_many, len(expected)), expected)
                    bad = sum(isinstance(each, Bad) for each in objects)
                    self.assertEqual(len(q.dead_letters()), bad)

    def test_what_follows_is_got_by_every_other_verb_in_order(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                q = kind()
                q.put_many([1, Bad(), 3, b"4", 5, 6])
                self.assertEqual(q.get_many(), [1])
                self.assertEqual(q.qsize(), 4)
                self.assertFalse(q.empty())
                q.put(7)
                with self.assertRaises(procession.DecodeError):
                    q.get_nowait()
                self.assertEqual(q.get(timeout=LONG), 3)
                self.assertEqual(bytes(q.borrow(timeout=LONG)), b"4")
                self.assertEqual(q.get_many(1), [5])
                self.assertEqual(q.get_nowait(), 6)
                self.assertEqual(q.get_many(), [7])
                self.assertTrue(q.empty())

    def test_every_item_of_a_joinable_queue_counts_once(self):
        jobs = procession.JoinableQueue()
        jobs.put_many([1, Bad(), 3])
        self.assertEqual(told_by(jobs.get_many, 3), [[1], "DecodeError", [3]])
        self.assertEqual(jobs.unfinished(), 2)
        jobs.task_done()
        jobs.task_done()
        self.assertTrue(jobs.join(0))

    def test_a_lease_raises_the_failure_that_get_many_met(self):
        jobs = procession.JoinableQueue()
        jobs.put_many([1, Bad(), 3])
        self.assertEqual(jobs.get_many(), [1])
        with self.assertRaises(procession.DecodeError):
            jobs.lease()
        with jobs.lease(timeout=LONG) as task:
            self.assertEqual(task.value, 3)

    def test_a_fork_child_has_nothing_of_what_its_parent_took(self):
        q = procession.Queue()
        q.put_many([1, Bad(), 3])
        self.assertEqual(q.get_many(), [1])
        child = os.fork()
        if child == 0:
            os._exit(0 if q.get_many(timeout=0) == [] and q.qsize() == 0 else 1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(told_by(q.get_many, 2), ["DecodeError", [3]])

    def test_what_was_taken_and_not_handed_out_becomes_dead_letters_at_the_close(self):
        for close in (lambda q: q.close(), lambda q: None):
            q = procession.Queue()
            other = procession.Queue.from_descriptor(os.dup(q.descriptor()))
            reader = os.dup(q.descriptor())
            q.put_many([1, Bad(), 3])
            self.assertEqual(q.get_many(), [1])
            close(q)
            del q
            if other.closed:
                other = procession.Queue.from_descriptor(reader)
            else:
                os.close(reader)
            reasons = [letter.reason for letter in other.dead_letters()]
            self.assertEqual(len(reasons), 2)
            self.assertIn("get_many() took it", reasons[1])
            other.close()

    def test_ctrl_c_while_a_list_is_made_leaves_a_joinable_queues_items_in_order(self):
        jobs = procession.JoinableQueue()
        jobs.put_many([Interrupts(), 2, 3])
        with self.assertRaises(KeyboardInterrupt):
            jobs.get_many()
        self.assertEqual(jobs.qsize(), 3)
        self.assertIsInstance(jobs.dead_letters(), list)
        self.assertEqual(jobs.dead_letters(), [])


class RoughTextsTest(unittest.TestCase):
    def test_an_exception_ends_its_lease_whatever_its_text_is_like(self):
        for mode in ("dead_letter", "give_back"):
            for failure, reason in (
                (Mute(), "Mute"),
                (OSError("\udc80"), "OSError: \\udc80"),
                (KeyError("\ud800"), "KeyError: '\\ud800'"),
                (Exception("\0"), "Exception: \0"),
            ):
                with self.subTest(mode=mode, reason=reason):
                    jobs = procession.JoinableQueue(on_exception=mode)
                    jobs.put("job")
                    with self.assertRaises(type(failure)):
                        with jobs.lease() as task:
                            raise failure
                    self.assertFalse(task.is_open)
                    if mode == "give_back":
                        self.assertEqual(jobs.qsize(), 1)
                        continue
                    self.assertTrue(jobs.join(0))
                    self.assertEqual([d.reason for d in jobs.dead_letters()], [reason])

    def test_ctrl_c_while_an_exception_tells_its_text_gives_the_object_back(self):
        class Interrupted(Exception):
            def __str__(self):
                raise KeyboardInterrupt

        jobs = procession.JoinableQueue(on_exception="dead_letter")
        jobs.put("job")
        with self.assertRaises(KeyboardInterrupt), jobs.lease():
            raise Interrupted
        self.assertEqual((jobs.qsize(), jobs.dead_letters()), (1, []))

    def test_a_reason_may_be_any_text(self):
        jobs = procession.JoinableQueue()
        for reason, kept in (("\udc80", "\\udc80"), ("\0", "\0"), ("", ""), ("ü", "ü")):
            jobs.put(1)
            jobs.lease().reject(reason)
            self.assertEqual([d.reason for d in jobs.take_dead_letters()], [kept])
        self.assertTrue(jobs.join(0))

    def test_a_reason_that_is_no_text_is_refused_and_the_lease_stays(self):
        jobs = procession.JoinableQueue()
        jobs.put(1)
        task = jobs.lease()
        for reason in (5, None, b"bytes", ValueError("why")):
            with self.assertRaisesRegex(TypeError, "reason as a str.*stays open"):
                task.reject(reason)
            self.assertTrue(task.is_open)
        task.reject("as it should be")
        self.assertTrue(jobs.join(0))

    def test_what_unpickling_raises_becomes_a_dead_letter_whatever_its_text_is_like(self):
        for kind in KINDS:
            for obj, reason in (
                (FailsMutely(), "Mute"),
                (FailsWithHalfAPair(), "OSError: \\udc80"),
            ):
                with self.subTest(kind=kind, reason=reason):
                    q = kind()
                    q.put(obj)
                    with self.assertRaises(procession.DecodeError) as told:
                        q.get(timeout=LONG)
                    self.assertIsInstance(told.exception.__cause__, (Mute, OSError))
                    self.assertEqual([d.reason for d in q.take_dead_letters()], [reason])


if __name__ == "__main__":
    unittest.main()
