# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Queue as multiprocessing's, and its promises beyond that."""

import gc
import pickle
import queue
import threading
import time
import unittest

import procession
from support import LONG, WithProcesses, for_each_start_method


def echo(requests, answers):
    for request in requests:
        answers.put(request)


def put_each(target, values):
    for value in values:
        target.put(value)


class Unpicklable:
    def __reduce__(self):
        raise RuntimeError("this one does not travel")


class FailsToArrive:
    def __reduce__(self):
        return (fail_to_arrive, ())


def fail_to_arrive():
    raise LookupError("not here")


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)


VALUES = [
    None,
    True,
    -5,
    10**40,
    2.5,
    "text",
    b"bytes",
    b"",
    bytearray(b"more"),
    (1, (2, [3])),
    {"a": {1, 2}},
    Point(1, "y"),
    len,
    b"x" * 4096,
    b"y" * 4097,
    b"z" * 3_000_000,
    "large " * 100_000,
    [b"inner " * 20_000, "and", bytearray(b"other " * 20_000)],
]


class QueueTest(unittest.TestCase):
    def test_objects_arrive_as_they_were_put(self):
        q = procession.Queue()
        for value in VALUES:
            q.put(value)
        for value in VALUES:
            got = q.get_nowait()
            self.assertIs(type(got), type(value))
            self.assertEqual(got, value)

    def test_sizes_are_exact_at_once(self):
        q = procession.Queue(2)
        self.assertEqual((q.qsize(), q.empty(), q.full(), q.maxsize), (0, True, False, 2))
        q.put("a")
        self.assertEqual((q.qsize(), q.empty(), q.full()), (1, False, False))
        q.put("b")
        self.assertEqual((q.qsize(), q.empty(), q.full()), (2, False, True))
        self.assertEqual(q.get_nowait(), "a")
        self.assertEqual((q.qsize(), q.empty(), q.full()), (1, False, False))

    def test_full_and_empty_are_those_of_the_queue_module(self):
        q = procession.Queue(1)
        with self.assertRaises(queue.Empty):
            q.get_nowait()
        with self.assertRaises(queue.Empty):
            q.get(False)
        with self.assertRaises(queue.Empty):
            q.get(True, 0.01)
        with self.assertRaises(queue.Empty):
            q.get(timeout=-1)
        q.put(1)
        with self.assertRaises(queue.Full):
            q.put_nowait(2)
        with self.assertRaises(queue.Full):
            q.put(2, False)
        with self.assertRaises(queue.Full):
            q.put(2, timeout=0.01)
        with self.assertRaises(queue.Full):
            q.put(b"large" * 10_000, timeout=0.01)
        with self.assertRaises(queue.Full):
            q.put(["large" * 10_000], timeout=0.01)
        self.assertEqual(q.qsize(), 1)

    def test_a_negative_maxsize_is_no_bound(self):
        self.assertEqual(procession.Queue(-1).maxsize, 0)

    def test_what_pickling_raises_is_raised_by_put_and_nothing_is_put(self):
        for kind in (procession.Queue, procession.JoinableQueue):
            q = kind(1)
            with self.assertRaisesRegex(RuntimeError, "does not travel"):
                q.put([1, Unpicklable()])
            with self.assertRaises((pickle.PicklingError, AttributeError)):
                q.put(lambda: 1)
            with self.assertRaisesRegex(RuntimeError, "does not travel"):
                q.put_many([1, Unpicklable(), 3])
            self.assertEqual(q.qsize(), 0)
            self.assertEqual(q.stats().put, 0)
            q.put("still usable")
            self.assertEqual(q.get(), "still usable")

    def test_what_does_not_arrive_is_a_dead_letter(self):
        q = procession.Queue()
        q.put(FailsToArrive())
        q.put("next")
        with self.assertRaisesRegex(procession.DecodeError, "LookupError: not here") as caught:
            q.get()
        self.assertIsInstance(caught.exception.__cause__, LookupError)
        self.assertEqual(q.get(), "next")
        (letter,) = q.take_dead_letters()
        self.assertIn("not here", letter.reason)
        with self.assertRaises(LookupError):
            letter.load()
        self.assertEqual(q.dead_letters(), [])

    def test_many_at_once_keep_their_order(self):
        q = procession.Queue()
        self.assertEqual(q.put_many([]), 0)
        self.assertEqual(q.put_many(iter(VALUES)), len(VALUES))
        got = []
        while len(got) < len(VALUES):
            some = q.get_many(5)
            self.assertLessEqual(len(some), 5)
            got += some
        self.assertEqual(got, VALUES)
        self.assertEqual(q.get_many(timeout=0.01), [])
        self.assertEqual(q.get_many(0), [])

    def test_put_many_says_how_many_found_room(self):
        q = procession.Queue(3)
        self.assertEqual(q.put_many(range(5), timeout=0.01), 3)
        self.assertEqual(q.get_many(), [0, 1, 2])

    def test_options_that_are_no_counts_are_refused_by_name(self):
        for name in ("max_bytes", "memory_limit"):
            for wrong in (-1, -(2**40), 2**63, 2**64, 1.5, "1"):
                with self.subTest(name=name, wrong=wrong):
                    kind = ValueError if isinstance(wrong, int) else TypeError
                    with self.assertRaisesRegex(kind, name if kind is ValueError else ""):
                        procession.Queue(**{name: wrong})
        for wrong in (-1, 0, 2**32, 2**64):
            with self.assertRaisesRegex(ValueError, "max_deliveries"):
                procession.JoinableQueue(max_deliveries=wrong)
        self.assertEqual(procession.Queue(-1).maxsize, 0)  # as in multiprocessing

    def test_full_is_true_when_max_bytes_lets_nothing_more_in(self):
        for kind in (procession.Queue, procession.JoinableQueue):
            q = kind(max_bytes=100)
            q.put(b"x" * 99)
            self.assertFalse(q.full())
            q.put(b"x")
            self.assertTrue(q.full())
            with self.assertRaises(procession.Full):
                q.put_nowait(b"x")
            q.get()
            self.assertFalse(q.full())

    def test_those_who_wait_with_large_objects_take_no_memory_of_the_queue(self):
        large = ["x" * 100_000]
        q = procession.Queue(1, memory_limit=8 << 20)
        q.put(large)
        producers = [threading.Thread(target=q.put, args=(large,)) for _ in range(30)]
        for producer in producers:
            producer.start()
        time.sleep(0.1)
        self.assertLess(q.stats().memory_bytes, 400_000)
        for _ in range(31):
            self.assertEqual(q.get(timeout=LONG), large)
        for producer in producers:
            producer.join()

    def test_get_many_ends_behind_a_producer_that_does_not(self):
        q = procession.Queue(10_000)
        is_over = False

        def produce():
            batch = [b"x"] * 1000
            while not is_over:
                q.put_many(batch, timeout=0.01)

        producer = threading.Thread(target=produce)
        producer.start()
        for _ in range(20):
            self.assertGreater(len(q.get_many()), 0)
        is_over = True
        producer.join()

    def test_shutdown_drains_and_wakes_those_who_wait(self):
        q = procession.Queue()
        q.put(1)
        q.shutdown()
        with self.assertRaises(procession.ShutDown):
            q.put(2)
        with self.assertRaises(procession.ShutDown):
            q.put_many([2])
        self.assertEqual(list(q), [1])
        with self.assertRaises(procession.ShutDown):
            q.get()
        with self.assertRaises(procession.ShutDown):
            q.get_many()

    def test_an_immediate_shutdown_drops_what_is_left(self):
        q = procession.JoinableQueue()
        q.put(1)
        q.shutdown(immediate=True)
        with self.assertRaises(procession.ShutDown):
            q.get()
        self.assertTrue(q.join(LONG))

    def test_a_closed_queue_says_so(self):
        q = procession.Queue()
        q.put(1)
        q.close()
        self.assertTrue(q.closed)
        with self.assertRaisesRegex(ValueError, "is closed"):
            q.put(1)
        with self.assertRaisesRegex(ValueError, "is closed"):
            q.get()
        q.close()
        q.join_thread()

    def test_wrong_arguments_are_named(self):
        q = procession.Queue()
        with self.assertRaisesRegex(TypeError, "unexpected keyword argument 'tiemout'"):
            q.get(tiemout=1)
        with self.assertRaisesRegex(TypeError, "missing required argument: 'obj'"):
            q.put()
        with self.assertRaisesRegex(TypeError, "timeout is a number of seconds"):
            q.get(timeout="1")
        with self.assertRaisesRegex(ValueError, "nan"):
            q.get(timeout=float("nan"))
        with self.assertRaisesRegex(ValueError, "most is -1"):
            q.get_many(-1)
        with self.assertRaisesRegex(ValueError, "on_exception is 'ignore'"):
            procession.JoinableQueue(on_exception="ignore")
        with self.assertRaisesRegex(ValueError, "max_bytes"):
            procession.Queue(max_bytes=100).put(b"x" * 101)
        with self.assertRaises(MemoryError):
            procession.Queue(memory_limit=1 << 20).put(b"x" * (2 << 20))

    def test_a_class_that_forgets_to_make_its_queue_is_told(self):
        class Forgetful(procession.Queue):
            def __init__(self):
                pass

        with self.assertRaisesRegex(ValueError, r"super\(\).__init__"):
            Forgetful().put(1)
        self.assertIn("not made", repr(Forgetful()))

    def test_threads_share_a_queue(self):
        q = procession.Queue(10)
        done = procession.Queue()

        def consume():
            done.put(sum(iter(q.get, None)))

        consumers = [threading.Thread(target=consume) for _ in range(3)]
        producers = [
            threading.Thread(target=put_each, args=(q, range(500))) for _ in range(3)
        ]
        for thread in consumers + producers:
            thread.start()
        for thread in producers:
            thread.join()
        for _ in consumers:
            q.put(None)
        total = sum(done.get(timeout=LONG) for _ in consumers)
        self.assertEqual(total, 3 * sum(range(500)))
        for thread in consumers:
            thread.join()

    def test_a_queue_that_is_dropped_gives_back_its_descriptor(self):
        from support import open_descriptors

        before = open_descriptors()
        q = procession.Queue()
        q.put(1)
        self.assertNotEqual(open_descriptors(), before)
        del q
        gc.collect()
        self.assertEqual(open_descriptors(), before)

    def test_pickling_may_use_the_same_queue(self):
        q = procession.Queue()
        q.put(Nested(q))
        self.assertEqual(q.get(), "from inside")
        self.assertEqual(q.get(), "outside")


class Nested:
    def __init__(self, q):
        self.q = q

    def __reduce__(self):
        self.q.put("from inside")
        return (str, ("outside",))


@for_each_start_method
class QueueBetweenProcesses(WithProcesses):
    def test_objects_go_there_and_back(self):
        requests, answers = procession.Queue(), procession.Queue()
        process = self.start(echo, requests, answers)
        for value in VALUES:
            requests.put(value)
            self.assertEqual(answers.get(timeout=LONG), value)
        requests.shutdown()
        self.finish(process)

    def test_the_order_of_each_producer_is_kept(self):
        q = procession.Queue(7)
        producers = [self.start(put_each, q, [(i, n) for n in range(100)]) for i in range(3)]
        seen = {0: [], 1: [], 2: []}
        for _ in range(300):
            producer, number = q.get(timeout=LONG)
            seen[producer].append(number)
        self.assertEqual(seen, {i: list(range(100)) for i in range(3)})
        for process in producers:
            self.finish(process)

    def test_what_was_put_outlives_its_producer_without_being_drained(self):
        q = procession.Queue()
        self.finish(self.start(put_each, q, [b"x" * 100_000] * 50))
        self.assertEqual(q.qsize(), 50)
        self.assertEqual(q.get_nowait(), b"x" * 100_000)

    def test_a_child_that_ends_well_is_no_death(self):
        q = procession.Queue()
        self.finish(self.start(put_each, q, [1]))
        q.notice_deaths()
        self.assertEqual(q.stats().deaths, 0)
