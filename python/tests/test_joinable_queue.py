# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""JoinableQueue: leases, redelivery, dead letters."""

import os
import threading
import unittest

import procession
from support import LONG, WithProcesses, for_each_start_method, kill_self


def work(jobs, results):
    for job in jobs:
        results.put(job * 2)
        jobs.task_done()


def get_and_die(jobs):
    jobs.get()
    kill_self()


def get_and_return(jobs):
    jobs.get()


def task_done_without_item(jobs, outcome):
    try:
        jobs.task_done()
    except ValueError as refused:
        outcome.put(str(refused))


class JoinableQueueTest(unittest.TestCase):
    def test_join_waits_for_task_done(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        self.assertFalse(jobs.join(0.01))
        self.assertEqual(jobs.get(), "job")
        self.assertFalse(jobs.join(0))
        self.assertEqual(jobs.unfinished(), 1)
        jobs.task_done()
        self.assertTrue(jobs.join())
        with self.assertRaisesRegex(ValueError, "called too many times"):
            jobs.task_done()

    def test_task_done_may_be_called_by_another_thread(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        jobs.get()
        thread = threading.Thread(target=jobs.task_done)
        thread.start()
        thread.join()
        self.assertTrue(jobs.join(0))

    def test_task_done_finishes_this_threads_own_item_first(self):
        jobs = procession.JoinableQueue()
        jobs.put_many(["of the other", "of this one"])
        thread = threading.Thread(target=jobs.get)
        thread.start()
        thread.join()
        self.assertEqual(jobs.get(), "of this one")
        jobs.task_done()
        jobs.close()  # gives back the open leases
        self.assertEqual(jobs.closed, True)

    def test_a_block_finishes_its_item(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        with jobs.lease() as task:
            self.assertEqual((task.value, task.deliveries), ("job", 1))
            self.assertTrue(task.is_open)
        self.assertFalse(task.is_open)
        self.assertTrue(jobs.join(0))
        with self.assertRaisesRegex(ValueError, "has ended already"):
            task.done()

    def test_an_exception_gives_the_item_back(self):
        jobs = procession.JoinableQueue()
        jobs.put_many(["first", "second"])
        with self.assertRaises(KeyError), jobs.lease() as task:
            raise KeyError(task.value)
        with jobs.lease(timeout=0) as task:
            self.assertEqual((task.value, task.deliveries), ("first", 2))
        self.assertEqual(jobs.stats().redelivered, 1)

    def test_an_exception_makes_a_dead_letter_where_that_was_asked_for(self):
        jobs = procession.JoinableQueue(on_exception="dead_letter")
        jobs.put({"the": "job"})
        with self.assertRaises(KeyError), jobs.lease():
            raise KeyError("broken")
        self.assertTrue(jobs.join(0))
        (letter,) = jobs.take_dead_letters()
        self.assertEqual(letter.load(), {"the": "job"})
        self.assertIn("KeyError: 'broken'", letter.reason)
        self.assertEqual(letter.deliveries, 1)

    def test_an_exception_at_the_last_delivery_is_told_in_the_dead_letter(self):
        jobs = procession.JoinableQueue(max_deliveries=2)
        jobs.put("poison")
        for text in "too hot", "disk is full":
            with self.assertRaises(OSError), jobs.lease(timeout=0):
                raise OSError(text)
        (letter,) = jobs.take_dead_letters()
        self.assertIn("OSError: disk is full", letter.reason)
        self.assertTrue(jobs.join(0))

    def test_a_block_may_end_its_lease_itself(self):
        jobs = procession.JoinableQueue()
        jobs.put_many([1, 2])
        with jobs.lease() as task:
            task.reject("not wanted")
        with jobs.lease() as task:
            task.give_back()
        self.assertEqual([letter.reason for letter in jobs.dead_letters()], ["not wanted"])
        self.assertEqual(jobs.qsize(), 1)

    def test_an_item_that_is_given_back_too_often_becomes_a_dead_letter(self):
        jobs = procession.JoinableQueue(max_deliveries=3)
        jobs.put("poison")
        for _ in range(3):
            jobs.lease(block=False).give_back()
        with self.assertRaises(procession.Empty):
            jobs.get_nowait()
        self.assertEqual(jobs.take_dead_letters()[0].load(), "poison")
        self.assertTrue(jobs.join(0))

    def test_items_got_together_are_finished_one_by_one(self):
        jobs = procession.JoinableQueue()
        jobs.put_many(range(10))
        self.assertEqual(jobs.get_many(), list(range(10)))
        for _ in range(10):
            self.assertFalse(jobs.join(0))
            jobs.task_done()
        self.assertTrue(jobs.join(0))

    def test_a_fork_child_has_none_of_its_parents_leases(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        jobs.get()
        child = os.fork()
        if child == 0:
            try:
                jobs.task_done()
            except ValueError:
                os._exit(3)
            os._exit(4)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 3)
        self.assertFalse(jobs.join(0))
        jobs.task_done()
        self.assertTrue(jobs.join(0))


@for_each_start_method
class JoinableQueueBetweenProcesses(WithProcesses):
    def test_every_job_is_done_once(self):
        jobs, results = procession.JoinableQueue(5), procession.Queue()
        workers = [self.start(work, jobs, results) for _ in range(2)]
        for job in range(100):
            jobs.put(job)
        self.assertTrue(jobs.join(LONG))
        jobs.shutdown()
        for worker in workers:
            self.finish(worker)
        self.assertEqual(sorted(results.get_many()), [2 * job for job in range(100)])

    def test_a_killed_consumers_item_goes_back(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        process = self.start(get_and_die, jobs)
        process.join(LONG)
        self.assertEqual(process.exitcode, -9)
        with jobs.lease(timeout=LONG) as task:
            self.assertEqual((task.value, task.deliveries), ("job", 2))
        (death,) = jobs.wait_for_deaths(0, LONG)
        self.assertEqual((death.pid, death.items_held, death.redelivered), (process.pid, 1, 1))

    def test_an_item_goes_back_when_its_consumer_returns_without_task_done(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        self.finish(self.start(get_and_return, jobs))
        self.assertEqual(jobs.get(timeout=LONG), "job")
        self.assertEqual(jobs.stats().deaths, 0)

    def test_task_done_without_an_item_is_refused(self):
        jobs, outcome = procession.JoinableQueue(), procession.Queue()
        jobs.put(1)
        jobs.get()
        process = self.start(task_done_without_item, jobs, outcome)
        self.assertIn("called too many times", outcome.get(timeout=LONG))
        self.finish(process)
