# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""python -m procession.bench [--rounds N] [--seconds S] [--json FILE] [--plot FILE]

Procession's queues beside multiprocessing.Queue and, where it is installed, faster-fifo: the same
work in the same run, in rounds that alternate, with the median of each. One process puts, another
one gets, but for the round trip. The plot needs matplotlib; arrays are NumPy's, where it is
installed, otherwise bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import queue
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import procession

try:
    import numpy  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    numpy = None  # type: ignore[assignment, unused-ignore]
try:
    import faster_fifo  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    faster_fifo = None

SMALL = b"x" * 64
BATCH = 1000


def procession_queue() -> Any:
    return procession.Queue(10_000)


def multiprocessing_queue() -> Any:
    return multiprocessing.Queue(10_000)


def faster_fifo_queue() -> Any:
    return faster_fifo.Queue(max_size_bytes=64 << 20)


# Of small items.
QUEUES = {"multiprocessing": multiprocessing_queue, "procession": procession_queue}
if faster_fifo is not None:
    QUEUES["faster-fifo"] = faster_fifo_queue


def put_one(q: Any, item: Any, ready: Any) -> None:
    ready.wait()
    while True:
        q.put(item)


def put_batches(q: Any, item: Any, ready: Any) -> None:
    batch = [item] * BATCH
    ready.wait()
    while True:
        put_whole(q, batch)


def put_whole(q: Any, batch: list[Any]) -> None:
    if isinstance(q, procession.Queue):
        q.put_many(batch)
        return
    while True:  # faster-fifo refuses a batch that there is no room for
        try:
            q.put_many(batch)
            return
        except queue.Full:
            time.sleep(0)


def get_one(q: Any) -> int:
    q.get()
    return 1


def get_view(q: Any) -> int:
    q.borrow()
    return 1


def get_some(q: Any) -> int:
    if isinstance(q, procession.Queue):
        return len(q.get_many())
    return len(q.get_many(max_messages_to_get=BATCH))


@contextlib.contextmanager
def beside(work: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """A block during which another process does the work."""
    process = multiprocessing.get_context("fork").Process(
        target=work, args=arguments, daemon=True
    )
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def rate(
    make: Callable[[], Any], put: Any, get: Callable[[Any], int], item: Any, seconds: float
) -> float:
    """Items per second between two processes."""
    q, ready = make(), multiprocessing.get_context("fork").Event()
    with beside(put, q, item, ready):
        ready.set()
        get(q)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            for _ in range(20):
                count += get(q)
        return count / (time.perf_counter() - start)


def finish_each(jobs: Any) -> None:
    while True:
        jobs.get()
        jobs.task_done()


def round_trips(make: Callable[[], Any], seconds: float) -> float:
    """put(), the other one's get() and task_done(), and join(): how often a second."""
    jobs = make()
    with beside(finish_each, jobs):
        jobs.put(1)
        jobs.join()
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            jobs.put(1)
            jobs.join()
            count += 1
        return count / (time.perf_counter() - start)


def large_item() -> Any:
    if numpy is None:
        return os.urandom(10_000_000)
    return numpy.random.default_rng(1).random(1_250_000)


Measure = Callable[[float], float]


def measures() -> dict[str, dict[str, Measure]]:
    """Each work, and the queues that do it. The others are compared with the first one."""
    large = large_item()
    large_name = "10 MB bytes" if numpy is None else "10 MB NumPy array"

    def one(make: Any, item: Any, get: Any = get_one) -> Measure:
        return lambda seconds: rate(make, put_one, get, item, seconds)

    def many(make: Any) -> Measure:
        return lambda seconds: rate(make, put_batches, get_some, SMALL, seconds)

    def one_each(item: Any) -> dict[str, Measure]:
        return {name: one(make, item) for name, make in QUEUES.items()}

    batches = {name: many(make) for name, make in QUEUES.items() if name != "multiprocessing"}
    return {
        "64 B bytes, one at a time": one_each(SMALL),
        "64 B bytes, put_many and get_many": {
            "multiprocessing, one at a time": one(multiprocessing_queue, SMALL),
            **batches,
        },
        "a small tuple, one at a time": one_each(("text", 1, 2.5)),
        large_name: {
            "multiprocessing": one(lambda: multiprocessing.Queue(8), large),
            "procession": one(lambda: procession.Queue(8), large),
            "procession, borrow()": one(lambda: procession.Queue(8), large, get_view),
        },
        "put() and join(), round trips": {
            "multiprocessing": lambda seconds: round_trips(multiprocessing.JoinableQueue, seconds),
            "procession": lambda seconds: round_trips(procession.JoinableQueue, seconds),
        },
    }


Results = dict[str, dict[str, list[float]]]


def run(rounds: int, seconds: float) -> Results:
    table = measures()
    results: Results = {what: {who: [] for who in by} for what, by in table.items()}
    for number in range(rounds):
        for what, by in table.items():
            for who, measure in by.items():
                print(f"round {number + 1} of {rounds}: {what}: {who}", file=sys.stderr)
                results[what][who].append(measure(seconds))
    return results


def show(results: Results) -> None:
    print(f"{'':48} {'per second':>12} {'spread':>8} {'ratio':>8}")
    for what, by in results.items():
        print(what)
        base = statistics.median(next(iter(by.values())))
        for who, rates in by.items():
            middle = statistics.median(rates)
            spread = (max(rates) - min(rates)) / middle
            print(f"    {who:44} {middle:12,.0f} {spread:8.0%} {middle / base:8.1f}")


def plot(results: Results, file: str) -> None:
    try:
        from matplotlib import pyplot  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        sys.exit("the plot needs matplotlib, which is not installed; leave --plot out")
    figure, axes = pyplot.subplots(len(results), figsize=(8, 2 * len(results)))
    for axis, (what, by) in zip(axes, results.items()):
        names = list(by)[::-1]
        medians = [statistics.median(by[name]) for name in names]
        bars = axis.barh(names, medians, color="#4477aa")
        axis.bar_label(bars, [f" {median:,.0f}" for median in medians], fontsize=8)
        axis.set_title(f"{what}: items per second", fontsize=9, loc="left")
        axis.tick_params(labelsize=8)
        axis.set_xticks([])
        axis.set_xlim(0, max(medians) * 1.15)
    figure.tight_layout()
    figure.savefig(file)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m procession.bench", description=(__doc__ or "").split("\n\n", 1)[1]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each measurement")
    parser.add_argument("--json", help="write all figures there")
    parser.add_argument("--plot", help="draw them there (PNG, SVG, ...)")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or not arguments.seconds > 0:
        parser.error("--rounds is at least 1, --seconds more than 0")
    results = run(arguments.rounds, arguments.seconds)
    show(results)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=1)
    if arguments.plot:
        plot(results, arguments.plot)


if __name__ == "__main__":
    main()
