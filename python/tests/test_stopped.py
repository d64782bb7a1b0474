# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Behind a participant that is stopped anywhere, also inside the queue, no call tells an untruth."""

import os
import signal
import time
import unittest

import procession
from support import WithProcesses, for_each_start_method


def put_and_get(q, inside):
    inside.put(1)
    while True:
        q.put(b"x" * 50)
        q.get()
        if isinstance(q, procession.JoinableQueue):
            q.task_done()


def outcome_of(call):
    """Its result, or the name of its error."""
    try:
        return call()
    except Exception as failed:
        return type(failed).__name__


def state_of(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


@for_each_start_method
class StoppedTest(WithProcesses):
    def let_it_work(self, q):
        before = q.stats().put
        while q.stats().put == before:
            time.sleep(0)

    def test_a_queue_without_bounds_is_never_full_and_one_with_items_never_empty(self):
        for kind in (procession.Queue, procession.JoinableQueue):
            q, inside = kind(), procession.Queue()
            q.put_many([b"always there"] * 1_000)
            process = self.start(put_and_get, q, inside)
            inside.get()
            timed_out = rounds = 0
            # Until the process was inside the queue often enough, or seems never to be.
            while timed_out < 8 and rounds < 300:
                rounds += 1
                self.let_it_work(q)
                os.kill(process.pid, signal.SIGSTOP)
                while state_of(process) != "T":
                    time.sleep(0)
                outcomes = [
                    outcome_of(lambda: q.put(b"x", timeout=0.001)),
                    outcome_of(lambda: q.get(timeout=0.001)),
                    outcome_of(lambda: q.put_many([b"y"], timeout=0.001)),
                    outcome_of(lambda: q.get_many(1, timeout=0.001)),
                ]
                os.kill(process.pid, signal.SIGCONT)
                timed_out += outcomes.count("TimeoutError")
                self.assertIn(outcomes[0], (None, "TimeoutError"))
                self.assertIn(outcomes[2], (1, "TimeoutError"))
                self.assertTrue(outcomes[1] == "TimeoutError" or isinstance(outcomes[1], bytes))
                self.assertTrue(outcomes[3] == "TimeoutError" or len(outcomes[3]) == 1)
            print(f"in {rounds} rounds, {timed_out} calls were behind it", flush=True)
            process.kill()
            process.join()


if __name__ == "__main__":
    unittest.main()
