# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Workers are killed all the time, at any instruction; nothing is lost, no process hangs.

PROCESSION_SOAK=1 kills many more; PROCESSION_SEED repeats the random choices of a run.
"""

import os
import random
import threading
import time

import procession
from support import LONG, WithProcesses, end, for_each_start_method

SEED = int(os.environ.get("PROCESSION_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
IS_SOAK = os.environ.get("PROCESSION_SOAK") == "1"
KILLS = {"fork": 60, "forkserver": 40, "spawn": 12}

#: In the log, in a block of its own, and out of band.
PADDINGS = [b"", "p" * 100, b"x" * 6_000, ["y" * 9_000], bytearray(b"z" * 20_000)]


def work(jobs, results, started):
    """Each job is its number and something that makes it small or large."""
    started.put(os.getpid())
    for number, padding in jobs:
        results.put((number, len(padding)))
        jobs.task_done()


def work_under_leases(jobs, results, started):
    started.put(os.getpid())
    while True:
        with jobs.lease() as task:
            number, padding = task.value
            results.put((number, len(padding)))


def work_in_batches(jobs, results, started):
    started.put(os.getpid())
    while True:
        some = jobs.get_many(7)
        results.put_many([(number, len(padding)) for number, padding in some])
        for _ in some:
            jobs.task_done()


def produce(q, name, started):
    """Numbers from 0 on, each at once or with others."""
    started.put(os.getpid())
    number = 0
    while True:
        q.put((name, number, PADDINGS[number % len(PADDINGS)]))
        q.put_many([(name, number + 1 + n, b"") for n in range(5)])
        number += 6


class InBackground:
    """Repeats work() in a thread until the block ends; its failure is the block's."""

    def __init__(self, work):
        self._work = work
        self._is_over = False
        self._failure = None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self._is_over:
                self._work()
        except BaseException as failure:
            self._failure = failure

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *failure):
        self._is_over = True
        self._thread.join()
        if self._failure is not None:
            raise self._failure


@for_each_start_method
class KillStorm(WithProcesses):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.random = random.Random(SEED)
        self.kills = KILLS[self.context.get_start_method()] * (30 if IS_SOAK else 1)
        self.started = procession.Queue(name="started")

    def start_one(self, function, *arguments):
        process = self.context.Process(
            target=function, args=(*arguments, self.started), daemon=True
        )
        process.start()
        return process

    def storm(self, start):
        """Kills processes that start(n) gives, each while it is at work, and starts others."""
        crew = {}
        for n in range(3):
            process = start(n)
            crew[process.pid] = process
        for n in range(3, 3 + self.kills):
            pid = self.started.get(timeout=LONG)
            time.sleep(self.random.uniform(0, 0.02))
            crew[pid].kill()
            end(crew.pop(pid))
            process = start(n)
            crew[process.pid] = process
        for process in crew.values():
            process.kill()
            end(process)

    def consumers(self, function):
        jobs = procession.JoinableQueue(50, max_deliveries=10_000, name="jobs")
        results = procession.Queue(name="results")
        chance = random.Random(SEED + 1)
        done = []
        count = 0

        def feed():
            nonlocal count
            try:
                jobs.put((count, chance.choice(PADDINGS)), timeout=0.01)
                count += 1
            except procession.Full:
                pass

        def collect():
            done.extend(results.get_many(timeout=0.01))

        with InBackground(collect):
            with InBackground(feed):
                self.storm(lambda n: self.start_one(function, jobs, results))
            last = self.start_one(function, jobs, results)
            self.assertTrue(jobs.join(LONG), jobs.stats())
            last.kill()
            end(last)
        jobs.notice_deaths()
        results.notice_deaths()
        while some := results.get_many(timeout=0):
            done.extend(some)
        self.check_consumers(jobs, done, count)

    def check_consumers(self, jobs, done, count):
        stats = jobs.stats()
        print(f"{self.kills} kills, {count} jobs, {len(done)} results, {stats}", flush=True)
        # Every job has its result; one that was delivered again may have several.
        self.assertEqual({number for number, _ in done}, set(range(count)))
        self.assertLessEqual(len(done) - count, stats.redelivered)
        self.assertEqual((stats.put, stats.finished, stats.queued), (count, count, 0))
        self.assertEqual(stats.dead_lettered, 0)
        self.assertEqual((jobs.unfinished(), jobs.dead_letters()), (0, []))
        self.assertGreaterEqual(stats.deaths, self.kills // 2)  # they were at work
        self.assertEqual(stats.participants, 1)
        jobs.put("still usable")
        self.assertEqual(jobs.get(timeout=LONG), "still usable")

    def test_consumers_by_get_and_task_done(self):
        self.consumers(work)

    def test_consumers_under_leases(self):
        self.consumers(work_under_leases)

    def test_consumers_in_batches(self):
        self.consumers(work_in_batches)

    def test_producers(self):
        q = procession.Queue(100, name="q")
        expected = {}

        def check():
            for name, number, padding in q.get_many(timeout=0.01):
                self.assertEqual(number, expected.get(name, 0))
                expected[name] = number + 1
                if number % 6 == 0:
                    self.assertEqual(padding, PADDINGS[number % len(PADDINGS)])

        with InBackground(check):
            self.storm(lambda n: self.start_one(produce, q, n))
        q.notice_deaths()
        while not q.empty():
            check()
        stats = q.stats()
        print(f"{self.kills} kills, {stats}", flush=True)
        self.assertEqual(stats.put, sum(expected.values()))
        self.assertEqual((stats.taken, stats.lost_in_hand), (stats.put, 0))
        self.assertGreaterEqual(stats.deaths, self.kills // 2)
        q.put("still usable")
        self.assertEqual(q.get(timeout=LONG), "still usable")
