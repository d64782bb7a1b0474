# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Waits: others run meanwhile, signals end them, event loops and coroutines can wait."""

import asyncio
import contextlib
import ctypes
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import unittest

import procession
from support import LONG


class Interruption(Exception):
    pass


def interrupt(signal_number, frame):
    raise Interruption


class SignalTest(unittest.TestCase):
    def setUp(self):
        before = signal.signal(signal.SIGUSR1, interrupt)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)

    def interrupted(self, wait, *arguments):
        """How long wait() went on after a signal."""
        sent = []

        def send():
            time.sleep(0.2)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGUSR1)

        thread = threading.Thread(target=send)
        thread.start()
        with self.assertRaises(Interruption):
            wait(*arguments)
        waited = time.monotonic() - sent[0]
        thread.join()
        return waited

    def test_signal_handlers_end_every_wait(self):
        full, empty = procession.Queue(1), procession.Queue()
        full.put(1)
        jobs = procession.JoinableQueue()
        jobs.put(1)
        waited = [
            self.interrupted(empty.get),
            self.interrupted(empty.get, True, LONG),
            self.interrupted(empty.get_many),
            self.interrupted(empty.borrow),
            self.interrupted(full.put, 2),
            self.interrupted(full.put, b"large" * 10_000),
            self.interrupted(full.put, ["large" * 10_000]),
            self.interrupted(full.put_many, [2, 3]),
            self.interrupted(jobs.join),
            self.interrupted(empty.wait_for_deaths, 0),
        ]
        print("seconds from the signal to its exception:", [round(w, 3) for w in waited])
        self.assertEqual((full.qsize(), empty.qsize(), jobs.qsize()), (1, 0, 1))

    def test_other_threads_run_while_one_waits(self):
        q = procession.Queue()
        got = []
        thread = threading.Thread(target=lambda: got.append(q.get()))
        thread.start()
        time.sleep(0.1)
        q.put("from another thread of the process that waits")
        thread.join()
        self.assertEqual(len(got), 1)


class Waiter:
    """A thread that waits, and its state by the kernel."""

    def __init__(self, wait, *arguments):
        def until_shut_down():
            with contextlib.suppress(procession.ShutDown):
                wait(*arguments)

        self.thread = threading.Thread(target=until_shut_down)
        self.thread.start()
        self.folder = f"/proc/self/task/{self.thread.native_id}"

    def read(self, name):
        with open(f"{self.folder}/{name}") as file:
            return file.read()

    def wake_ups(self):
        line = next(x for x in self.read("status").splitlines() if x.startswith("voluntary"))
        return int(line.split()[1])

    def asked_for(self):
        """For how many seconds it has asked to sleep on a word of shared memory, or 0."""
        fields = self.read("syscall").split()
        futex = {"x86_64": "202", "aarch64": "98"}[os.uname().machine]
        if len(fields) < 5 or fields[0] != futex or int(fields[2], 0) != 0:
            return 0
        seconds, nanoseconds = struct.unpack("qq", ctypes.string_at(int(fields[4], 0), 16))
        return seconds + nanoseconds * 1e-9


class IdleTest(unittest.TestCase):
    def test_who_waits_long_wakes_rarely(self):
        full, empty = procession.Queue(1), procession.Queue()
        full.put(1)
        jobs = procession.JoinableQueue()
        jobs.put(1)
        waiters = {
            "get": Waiter(empty.get),
            "get_many": Waiter(empty.get_many),
            "put": Waiter(full.put, 2),
            "put_many": Waiter(full.put_many, [2]),
            "join": Waiter(jobs.join),
        }
        try:
            for name, waiter in waiters.items():
                # Ten times a second: it asks for 0.1 s, after some tens of shorter sleeps.
                while waiter.asked_for() < 0.06:
                    self.assertLess(waiter.wake_ups(), 300, name)
                    time.sleep(0.001)
        finally:
            empty.shutdown()
            full.shutdown()
            jobs.get()
            jobs.task_done()
            for waiter in waiters.values():
                waiter.thread.join()


class ExitTest(unittest.TestCase):
    def run_program(self, *lines):
        environment = dict(os.environ, PYTHONUNBUFFERED="1")
        return subprocess.run(
            [sys.executable, "-c", "\n".join(lines)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONG,
        )

    def test_a_program_ends_while_its_daemon_threads_wait(self):
        done = self.run_program(
            "import procession, threading, time",
            "q = procession.Queue(); full = procession.Queue(1); full.put(1)",
            "for wait in (q.get, q.borrow, q.get_many, lambda: full.put(2)):",
            "    threading.Thread(target=wait, daemon=True).start()",
            "time.sleep(0.2); print('the end')",
        )
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "the end\n", ""))

    def test_a_program_ends_while_it_holds_queues_views_and_leases(self):
        done = self.run_program(
            "import procession",
            "q = procession.Queue(); q.put(b'x' * 100_000); view = q.borrow()",
            "jobs = procession.JoinableQueue(); jobs.put(1); lease = jobs.lease()",
            "carrier = procession.Queue(); carrier.put(q); descriptor = q.fileno()",
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_control_c_ends_a_program_that_waits(self):
        program = subprocess.Popen(
            [sys.executable, "-c", "import procession; print(1, flush=True); procession.Queue().get()"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with program:
            program.stdout.readline()
            time.sleep(0.2)
            program.send_signal(signal.SIGINT)
            self.assertIn("KeyboardInterrupt", program.communicate(timeout=LONG)[1])
        self.assertEqual(program.returncode, -signal.SIGINT)


    def test_another_interpreter_of_the_process_is_told(self):
        done = self.run_program(
            "import procession",
            "try: import _xxsubinterpreters as interpreters",
            "except ImportError: import _interpreters as interpreters",
            "one = interpreters.create()",
            "try: failed = interpreters.run_string(one, 'import procession')",
            "except interpreters.RunFailedError as refused: failed = refused",
            "print(failed)",
            "procession.Queue().put(1)",
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("interpreter", done.stdout)


class EventLoopTest(unittest.TestCase):
    def test_the_descriptor_is_readable_while_there_is_something(self):
        q = procession.Queue()
        self.assertEqual(select.select([q], [], [], 0)[0], [])
        q.put(1)
        self.assertEqual(select.select([q], [], [], LONG)[0], [q])
        q.get()
        with self.assertRaises(procession.Empty):
            q.get_nowait()
        self.assertEqual(select.select([q], [], [], 0)[0], [])

    def test_it_is_readable_after_shutdown(self):
        q = procession.Queue()
        q.fileno()
        q.shutdown()
        self.assertEqual(select.select([q], [], [], LONG)[0], [q])


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def test_coroutines_get_what_coroutines_put(self):
        q = procession.Queue(2)

        async def consume(count):
            return [await q.aget() for _ in range(count)]

        async def produce(first):
            for n in range(first, first + 100):
                await q.aput(n)

        results = await asyncio.wait_for(
            asyncio.gather(consume(120), consume(80), produce(0), produce(100)), LONG
        )
        self.assertEqual(sorted(results[0] + results[1]), list(range(200)))

    async def test_a_thread_wakes_every_coroutine(self):
        q = procession.Queue()
        waiting = [asyncio.create_task(q.aget()) for _ in range(20)]
        await asyncio.sleep(0.05)
        thread = threading.Thread(target=q.put_many, args=(range(20),))
        thread.start()
        got = await asyncio.wait_for(asyncio.gather(*waiting), LONG)
        thread.join()
        self.assertEqual(sorted(got), list(range(20)))

    async def test_the_time_of_a_wait_ends(self):
        q = procession.Queue(1)
        with self.assertRaises(procession.Empty):
            await q.aget(0.05)
        with self.assertRaises(procession.Empty):
            await q.aget(0)
        await q.aput(1)
        with self.assertRaises(procession.Full):
            await q.aput(2, 0.05)
        self.assertEqual(await q.aget(), 1)

    async def test_a_cancelled_coroutine_takes_nothing(self):
        q = procession.Queue()
        waiting = [asyncio.create_task(q.aget()) for _ in range(3)]
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        q.put("for the second")
        self.assertEqual(await asyncio.wait_for(waiting[1], LONG), "for the second")
        waiting[2].cancel()
        q.put("for nobody")
        await asyncio.sleep(0.05)
        self.assertEqual(q.qsize(), 1)
        self.assertTrue(waiting[0].cancelled())

    async def test_shutdown_reaches_coroutines(self):
        q = procession.JoinableQueue()
        waiting = asyncio.create_task(q.aget())
        leasing = asyncio.create_task(q.alease())
        await asyncio.sleep(0.05)
        q.shutdown()
        for task in (waiting, leasing):
            with self.assertRaises(procession.ShutDown):
                await asyncio.wait_for(task, LONG)

    async def test_a_coroutine_takes_a_lease(self):
        jobs = procession.JoinableQueue()
        await jobs.aput("job")
        with await jobs.alease() as task:
            self.assertEqual(task.value, "job")
        self.assertTrue(jobs.join(0))
