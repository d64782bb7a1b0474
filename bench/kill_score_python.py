# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The storm of bench/kill_storm.cc against multiprocessing.Queue of CPython's standard library.

    kill_score_python.py KILLS SECONDS SEED    prints the score as one line: name=value ...

Two producers and two consumers, one of which is killed by SIGKILL and started again, then the next;
now and then all at once. Started by kill_score_bench; ends when that ends.
"""
import mmap
import multiprocessing
import os
import platform
import random
import signal
import struct
import sys
import time
import traceback

from die_with import die_with

PRODUCERS, EVERYBODY, CAPACITY = 2, 4, 10
ITEMS_MAX = 4_000_000
STUCK_AFTER, SOME_STUCK_AFTER, EVERYBODY_PERCENT = 1.0, 2.0, 5
WORDS = 32
MASK = (1 << 64) - 1


def item_of(number):
    return struct.pack("<32Q", *((number + i * 0x9E3779B97F4A7C15) & MASK for i in range(WORDS)))


def number_of(data):
    """ITEMS_MAX for what is no item."""
    if not isinstance(data, bytes) or len(data) != 8 * WORDS:
        return ITEMS_MAX
    return min(struct.unpack_from("<Q", data)[0], ITEMS_MAX)


class Ledger:
    """Shared by fork. A producer has the numbers that are its index modulo the producers, so that
    each byte and each counter has one writer at a time."""

    def __init__(self):
        self.putting = mmap.mmap(-1, ITEMS_MAX)
        self.put = mmap.mmap(-1, ITEMS_MAX)
        self.seen = mmap.mmap(-1, ITEMS_MAX)
        words = memoryview(mmap.mmap(-1, 4096)).cast("Q")
        self.progress, self.taking = words[0:4], words[4:8]
        self.next, self.twice, self.torn = words[8:12], words[12:16], words[16:20]
        self.stop = words[20:21]


def produce(queue, ledger, who):
    while not ledger.stop[0]:
        number = ledger.next[who] * PRODUCERS + who
        ledger.next[who] += 1
        ledger.putting[number] = 1
        queue.put(item_of(number))
        ledger.put[number] = 1
        ledger.progress[who] += 1


def consume(queue, ledger, who):
    while True:
        ledger.taking[who] = 1
        data = queue.get()
        number = number_of(data)
        if number == ITEMS_MAX or data != item_of(number) or not ledger.putting[number]:
            ledger.torn[who] += 1
        else:
            ledger.twice[who] += ledger.seen[number]
            ledger.seen[number] = 1
        ledger.taking[who] = 0
        ledger.progress[who] += 1


class Storm:
    def __init__(self, kills_max, seconds_max, seed):
        self.kills_max, self.seconds_max = kills_max, seconds_max
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.pids = [None] * EVERYBODY
        self.score = dict.fromkeys(
            "kills committed all_stuck some_stuck first_stuck lost stranded in_hand failed".split(), 0)

    def run(self):
        started = time.monotonic()
        self.begin()
        while self.score["kills"] < self.kills_max and time.monotonic() - started < self.seconds_max:
            if not self.everybody_goes_on():
                self.end_epoch(stuck=True)
                self.begin()
                continue
            time.sleep(self.random.random() * 0.002)
            if self.random.random() * 100 < EVERYBODY_PERCENT:
                victims = range(EVERYBODY)
            else:
                victims = [self.random.randrange(EVERYBODY)]
            for who in victims:
                self.strike(who)
            for who in victims:
                self.start(who)
        self.end_epoch(stuck=not self.everybody_goes_on() or not self.drains())
        self.score["twice"] = sum(self.ledger.twice)
        self.score["torn"] = sum(self.ledger.torn)
        self.score["seconds"] = round(time.monotonic() - started, 3)
        return self.score

    def begin(self):
        self.queue = multiprocessing.get_context("fork").Queue(CAPACITY)
        self.ledger.stop[0] = 0
        rounds = max(self.ledger.next[:PRODUCERS])
        for who in range(PRODUCERS):
            self.ledger.next[who] = rounds
        self.first = rounds * PRODUCERS
        self.in_hand = 0
        for who in range(EVERYBODY):
            self.start(who)

    def start(self, who):
        self.ledger.taking[who] = 0
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.pids[who] = pid
            return
        try:
            die_with(parent)
            role = produce if who < PRODUCERS else consume
            role(self.queue, self.ledger, who)
            self.queue.close()
            self.queue.join_thread()  # what a process does at its end: the feeder sends what it has
            os._exit(0)
        except BaseException:
            if os.environ.get("KILL_SCORE_SHOW_ERRORS"):
                traceback.print_exc()
            os._exit(1)

    def strike(self, who):
        if self.pids[who] is None:
            return
        os.kill(self.pids[who], signal.SIGKILL)
        _, status = os.waitpid(self.pids[who], 0)
        self.pids[who] = None
        self.score["kills"] += 1
        self.score["failed"] += not os.WIFSIGNALED(status)
        self.in_hand += self.ledger.taking[who]

    def restart_failed(self):
        for who, pid in enumerate(self.pids):
            if pid is None:
                continue
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            self.pids[who] = None
            if self.ledger.stop[0] and status == 0:
                continue
            self.score["failed"] += 1
            self.in_hand += self.ledger.taking[who]
            self.start(who)

    def everybody_goes_on(self):
        before = last = list(self.ledger.progress)
        begun = last_change = time.monotonic()
        while True:
            now, moment = list(self.ledger.progress), time.monotonic()
            if all(a != b for a, b in zip(now, before)):
                return True
            if now != last:
                last_change = moment
            last = now
            all_stuck = moment - last_change >= STUCK_AFTER
            if all_stuck or moment - begun >= SOME_STUCK_AFTER:
                self.score["all_stuck" if all_stuck else "some_stuck"] += 1
                self.score["first_stuck"] = self.score["first_stuck"] or max(1, self.score["kills"])
                return False
            self.restart_failed()
            time.sleep(0.0002)

    def drains(self):
        self.ledger.stop[0] = 1
        last, last_change = list(self.ledger.progress), time.monotonic()
        while True:
            self.restart_failed()
            producers_ended = not any(self.pids[:PRODUCERS])
            if producers_ended and not self.unseen():
                return True
            now = list(self.ledger.progress)
            if now != last:
                last_change = time.monotonic()
            last = now
            if time.monotonic() - last_change >= STUCK_AFTER:
                self.score["all_stuck"] += not producers_ended
                return producers_ended
            time.sleep(0.01)

    def numbers(self):
        return range(self.first, max(self.ledger.next[:PRODUCERS]) * PRODUCERS)

    def unseen(self):
        put, seen = self.ledger.put, self.ledger.seen
        return sum(1 for number in self.numbers() if put[number] and not seen[number])

    def end_epoch(self, stuck):
        for who, pid in enumerate(self.pids):
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self.pids[who] = None
        missing = self.unseen()
        explained = min(missing, self.in_hand)
        self.score["in_hand"] += explained
        self.score["stranded" if stuck else "lost"] += missing - explained
        self.score["committed"] += sum(self.ledger.put[number] for number in self.numbers())
        self.queue.close()


def main():
    die_with(os.getppid())
    kills, seconds, seed = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    score = Storm(kills, seconds, seed).run()
    words = [f"{name}={value}" for name, value in score.items()]
    print(f"version={platform.python_version()}", *words, flush=True)


if __name__ == "__main__":
    main()
