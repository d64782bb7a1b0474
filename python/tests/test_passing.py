# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Queues reach processes at their start, later through queues, and as multiprocessing passes things."""

import concurrent.futures
import ctypes
import gc
import os
import pickle
import select
import signal
import subprocess
import sys
import time
import unittest

import procession
from support import LONG, WithProcesses, for_each_start_method, brokers, open_descriptors


class Named(procession.Queue):
    """A class of a user's own, in the way that multiprocessing's are derived from."""

    def __init__(self, label):
        super().__init__()
        self.label = label

    def __getstate__(self):
        return (super().__getstate__(), self.label)

    def __setstate__(self, state):
        inherited, self.label = state
        super().__setstate__(inherited)


def answer(inbox):
    """Each request is a queue for the answer, and a text."""
    for back, text in inbox:
        back.put(f"{text}, {text}")


def use_lent(lent, value):
    lent["queue"].put(value)
    return type(lent["queue"]).__name__


def put_label(queue):
    queue.put(queue.label)


def take_and_die(jobs):
    back, text = jobs.get()
    back.put(text)
    os.kill(os.getpid(), signal.SIGKILL)


def send_through(connection, queue):
    connection.send(queue)
    connection.recv()  # stays until the other side has it


def send_queue_and_return(carrier, text):
    q = procession.Queue()
    q.put(text)
    carrier.put(q)


def first_readable(q, answers):
    """A child must not use its parent's part of an event loop."""
    select.select([q], [], [])
    answers.put(q.get())


def finish_one(jobs):
    jobs.get()
    jobs.task_done()


@for_each_start_method
class Passing(WithProcesses):
    def test_a_queue_travels_through_a_queue_to_a_process_that_runs_already(self):
        inbox = procession.Queue()
        process = self.start(answer, inbox)
        for n in range(3):
            back = procession.Queue()
            inbox.put((back, f"number {n}"))
            self.assertEqual(back.get(timeout=LONG), f"number {n}, number {n}")
        inbox.shutdown()
        self.finish(process)

    def test_queues_are_arguments_of_tasks_for_running_pool_workers(self):
        with self.context.Pool(2) as pool:
            for kind in (procession.Queue, procession.JoinableQueue, procession.SimpleQueue):
                q = kind()
                got = pool.starmap(use_lent, [({"queue": q}, n) for n in range(6)])
                self.assertEqual(got, [kind.__name__] * 6)
                self.assertEqual(sorted(q.get_many() + q.get_many(timeout=0)), list(range(6)))

    def test_queues_are_arguments_for_an_executor(self):
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=self.context) as executor:
            q = procession.Queue()
            futures = [executor.submit(use_lent, {"queue": q}, n) for n in range(4)]
            self.assertEqual({f.result(LONG) for f in futures}, {"Queue"})
            self.assertEqual(sorted(q.get(timeout=LONG) for _ in range(4)), list(range(4)))

    def test_a_queue_travels_through_a_connection(self):
        here, there = self.context.Pipe()
        q = procession.Queue()
        process = self.start(send_through, there, q)
        arrived = here.recv()
        arrived.put("the same queue")
        self.assertEqual(q.get(timeout=LONG), "the same queue")
        here.send("got it")
        self.finish(process)

    def test_a_derived_class_travels_with_what_it_adds(self):
        q = Named("mine")
        process = self.start(put_label, q)
        self.assertEqual(q.get(timeout=LONG), "mine")
        self.finish(process)
        with self.context.Pool(1) as pool:
            pool.apply(put_label, (q,))
        self.assertEqual(q.get(timeout=LONG), "mine")

    def test_a_redelivered_item_has_its_queue_again(self):
        jobs, back = procession.JoinableQueue(), procession.Queue()
        jobs.put((back, "once more"))
        self.start(take_and_die, jobs).join(LONG)
        self.start(take_and_die, jobs).join(LONG)
        self.assertEqual([back.get(timeout=LONG) for _ in range(2)], ["once more"] * 2)
        with jobs.lease(timeout=LONG) as task:
            self.assertEqual(task.deliveries, 3)
            task.value[0].put("from here")
        self.assertEqual(back.get(timeout=LONG), "from here")

    def test_the_sender_may_be_gone_when_its_queue_is_taken(self):
        carrier = procession.Queue()
        self.finish(self.start(send_queue_and_return, carrier, "left behind"))
        self.assertEqual(carrier.get(timeout=LONG).get(timeout=LONG), "left behind")

    def test_a_child_has_a_descriptor_of_its_own(self):
        q, answers = procession.Queue(), procession.Queue()
        q.put("first")
        self.assertEqual(select.select([q], [], [], LONG)[0], [q])
        self.assertEqual(q.get(), "first")
        process = self.start(first_readable, q, answers)
        q.put("second")
        self.assertEqual(answers.get(timeout=LONG), "second")
        self.finish(process)

    def test_a_joinable_queue_counts_across_the_pool(self):
        jobs = procession.JoinableQueue()
        jobs.put_many(range(4))
        with self.context.Pool(2) as pool:
            pool.map(finish_one, [jobs] * 4)
            self.assertTrue(jobs.join(LONG))


class PassingWithinOneProcess(unittest.TestCase):
    def test_pickle_alone_does_not_pass_a_queue_on(self):
        for kind in (procession.Queue, procession.JoinableQueue, procession.SimpleQueue):
            with self.assertRaisesRegex(RuntimeError, "through inheritance") as caught:
                pickle.dumps(kind())
            self.assertIsInstance(caught.exception, procession.SharingError)

    def test_a_queue_that_comes_back_is_the_same_one(self):
        carrier, q = procession.Queue(), procession.Queue()
        carrier.put([q, {"again": q}])
        first, second = carrier.get(timeout=LONG)
        first.put(1)
        second["again"].put(2)
        self.assertEqual([q.get_nowait(), q.get_nowait()], [1, 2])

    def test_a_queue_through_put_many_and_get_many(self):
        carrier = procession.JoinableQueue()
        queues = [procession.Queue() for _ in range(5)]
        self.assertEqual(carrier.put_many(queues), 5)
        for n, arrived in enumerate(carrier.get_many()):
            arrived.put(n)
            carrier.task_done()
        self.assertEqual([q.get_nowait() for q in queues], list(range(5)))

    def test_what_is_no_queue_of_this_kind_is_refused(self):
        jobs = procession.JoinableQueue()
        broker, token = jobs._reference()
        empty = procession.Queue.__new__(procession.Queue)
        with self.assertRaisesRegex(procession.TypeMismatch, "it is a JoinableQueue"):
            empty._follow(broker, token, False)
        with self.assertRaisesRegex(procession.SharingError, "does not have them"):
            empty._follow(broker, b"x" * 16, False)
        with self.assertRaisesRegex(procession.DecodeError, "16 bytes"):
            empty._follow(broker, b"short", False)
        with self.assertRaises(OSError):
            empty._attach(os.open("/dev/null", os.O_RDWR), False)
        with self.assertRaisesRegex(procession.SharingError, "through inheritance"):
            empty._take_handle(b"garbage", False)

    def test_a_killed_broker_is_replaced(self):
        carrier, q = procession.Queue(), procession.Queue()
        carrier.put(q)
        for pid in brokers():
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with self.assertRaisesRegex(procession.DecodeError, "the handle broker"):
            carrier.get(timeout=LONG)
        self.assertEqual(len(carrier.take_dead_letters()), 1)
        carrier.put(q)
        carrier.get(timeout=LONG).put(1)
        self.assertEqual(q.get_nowait(), 1)

    def test_the_broker_lets_go_of_queues_that_are_gone(self):
        held = procession.Queue()
        held._reference()
        (pid,) = brokers()
        before = len(os.listdir(f"/proc/{pid}/fd"))
        queues = [procession.Queue() for _ in range(10)]
        for q in queues:
            q._reference()
            q._reference()  # one is enough
        self.assertEqual(len(os.listdir(f"/proc/{pid}/fd")), before + 20)
        queues.pop().close()
        del q, queues
        gc.collect()
        while len(os.listdir(f"/proc/{pid}/fd")) > before:
            time.sleep(0.05)
        taken = procession.Queue.__new__(procession.Queue)
        taken._follow(*held._reference(), False)

    def test_passing_leaves_no_descriptor_behind(self):
        carrier = procession.Queue()
        carrier.put(procession.Queue())  # the line to the broker stays open
        carrier.get(timeout=LONG)
        gc.collect()
        before = open_descriptors()
        for _ in range(20):
            carrier.put(procession.Queue())
            carrier.get(timeout=LONG)
            procession.Queue()._reference()
        gc.collect()
        self.assertEqual(open_descriptors(), before)


def go_elsewhere(change):
    if change == "user":
        os.setgid(60000 + os.getpid() % 5000)
        os.setuid(60000 + os.getpid() % 5000)
    elif ctypes.CDLL(None).unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise OSError("unshare")


def answer_elsewhere(change, jobs, made_there):
    go_elsewhere(change)
    jobs.get(timeout=LONG)[1].put(change)
    jobs.task_done()
    mine = procession.Queue()
    mine.put("mine")
    made_there.put(("made there", mine))


@unittest.skipUnless(os.geteuid() == 0, "only root may change its user or network namespace")
@for_each_start_method
class PassingElsewhere(WithProcesses):
    """Children that change their user, or their network namespace, where no address is known."""

    def reach(self, change):
        carrier = procession.Queue()
        carrier.put(procession.Queue())  # the broker is there before the child
        carrier.get(timeout=LONG)
        jobs, made_there = procession.JoinableQueue(), procession.Queue()
        process = self.start(answer_elsewhere, change, jobs, made_there)
        answers = procession.Queue()
        jobs.put(("answer", answers))
        self.assertEqual(answers.get(timeout=LONG), change)
        self.assertEqual(made_there.get(timeout=LONG)[1].get(timeout=LONG), "mine")
        self.finish(process)
        self.assertEqual(jobs.dead_letters(), [])

    def test_a_queue_reaches_a_child_that_became_another_user_and_back(self):
        self.reach("user")

    def test_a_queue_reaches_a_child_in_another_network_namespace_and_back(self):
        self.reach("network")


# An adopter of orphans that collects none, as the first process of a container may be.
ADOPTER = """
import ctypes, os, subprocess, sys
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
try:
    print("left behind:", os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("nothing is left behind")
"""

PROGRAM = """
import multiprocessing, procession
def use_the_broker():
    carrier = procession.Queue()
    carrier.put(("x", procession.Queue()))
    carrier.get()
"""


class TheBrokerOfAProgram(unittest.TestCase):
    def run_under_adopter(self, program):
        command = [sys.executable, "-c", ADOPTER, PROGRAM + program]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "nothing is left behind\n"))

    def test_is_collected_when_the_program_ends(self):
        self.run_under_adopter("use_the_broker()")

    def test_is_collected_when_a_forked_child_has_started_it(self):
        context = "multiprocessing.get_context('fork')"
        self.run_under_adopter(
            f"process = {context}.Process(target=use_the_broker); process.start(); process.join()"
        )


if __name__ == "__main__":
    unittest.main()
