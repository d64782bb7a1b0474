# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""One round of a benchmark with the queues of CPython's multiprocessing.

    python_peer.py throughput KIND BYTES MEMBERS CAPACITY ITEMS CPU CPU    prints seconds=...
    python_peer.py round_trip TRIPS CPU CPU                         prints seconds=...,...,...

KIND is Queue or JoinableQueue; the CPUs of producers and consumers are numbers, or "any". Started
by throughput_bench and round_trip_bench, and ends when those end. Items are bytes objects.
"""
import mmap
import multiprocessing
import os
import sys
import time

from die_with import die_with

context = multiprocessing.get_context("fork")
WARM_UP = 50


def stay_on(cpu):
    if cpu != "any":
        os.sched_setaffinity(0, {int(cpu)})


def start(work, cpu, barrier):
    """Runs work() in a child, once all are at the barrier; an exception ends it with status 1."""
    parent = os.getpid()

    def run():
        die_with(parent)
        stay_on(cpu)
        barrier.wait()
        work()

    child = context.Process(target=run, daemon=True)
    child.start()
    return child


def join(children):
    for child in children:
        child.join()
        if child.exitcode != 0:
            sys.exit(f"python_peer.py: {child.name} ended with {child.exitcode}")


def throughput(kind, size, members, capacity, items, producer_cpu, consumer_cpu):
    queue = getattr(context, kind)(capacity)
    share = items // members
    padding = bytes(size - 8)
    ends = memoryview(mmap.mmap(-1, 16 * members)).cast("d")
    sums = memoryview(mmap.mmap(-1, 8 * members)).cast("Q")

    def produce(who):
        for number in range(who, items, members):
            queue.put(number.to_bytes(8, "little") + padding)
        queue.close()
        queue.join_thread()
        ends[who] = time.monotonic()

    def consume(who):
        for _ in range(share):
            sums[who] += int.from_bytes(queue.get()[:8], "little")
            if kind == "JoinableQueue":
                queue.task_done()
        ends[members + who] = time.monotonic()

    barrier = context.Barrier(2 * members + 1)
    children = []
    for who in range(members):
        children.append(start(lambda who=who: produce(who), producer_cpu, barrier))
        children.append(start(lambda who=who: consume(who), consumer_cpu, barrier))
    barrier.wait()
    started = time.monotonic()
    join(children)
    if sum(sums) != items * (items - 1) // 2:
        sys.exit("python_peer.py: what arrived is not what was put")
    print(f"seconds={max(ends) - started:.9f}")


def round_trip(trips, producer_cpu, consumer_cpu):
    there, back = context.Queue(16), context.Queue(16)
    data = bytes(64)
    seconds = memoryview(mmap.mmap(-1, 8 * trips)).cast("d")

    def ping():
        for trip in range(-WARM_UP, trips):
            began = time.perf_counter()
            there.put(data)
            back.get()
            if trip >= 0:
                seconds[trip] = time.perf_counter() - began

    def pong():
        for _ in range(WARM_UP + trips):
            back.put(there.get())

    barrier = context.Barrier(3)
    children = [start(ping, producer_cpu, barrier), start(pong, consumer_cpu, barrier)]
    barrier.wait()
    join(children)
    print("seconds=" + ",".join(f"{second:.9f}" for second in seconds))


def main():
    die_with(os.getppid())
    if sys.argv[1] == "throughput":
        throughput(sys.argv[2], *map(int, sys.argv[3:7]), *sys.argv[7:9])
    else:
        round_trip(int(sys.argv[2]), *sys.argv[3:5])


if __name__ == "__main__":
    main()
