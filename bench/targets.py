# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""What Procession is meant to reach on two processors, as ratios within one run of ./run-bench."""
from dataclasses import dataclass
from typing import Optional

from results import median_ratio

QUEUE, JOINABLE = "Queue", "JoinableQueue"
BOOST, RING, BARE = "Boost message_queue", "ring, robust mutex", "bare SPSC ring (limit)"
SPIN_FUTEX = "spin 5 us, futex (limit)"
PINNED = ("a cpu each", "one cpu")
# Sleepers look after the dead at least every 50 ms: 20 wake-ups a second, and one for rounding.
WAKEUPS_MAX = 21

# What "no collapse" means with 32 processes on 2 cpus.
NO_COLLAPSE, NO_COLLAPSE_BESIDE_OTHERS = 0.25, 1


@dataclass
class Target:
    work: str
    beside: str
    wanted: float
    measured: Optional[float]
    absolute: str = ""
    at_least: bool = True
    unit: str = "x"

    def is_met(self):
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted


def rate(number):
    for unit, scale in (("M", 1e6), ("k", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}/s"
    return f"{number:.3g}/s"


def time(seconds):
    for unit, scale in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if seconds < 999.5 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.3g} s"


def ratio_of(ours, other, key="rounds"):
    return median_ratio(ours[key], other[key]) if ours and other else None


def beside(ours, other, show, key):
    return f"{show(ours[key])} : {show(other[key])}" if ours and other else ""


def throughput(results, case, ours, other, wanted, name=None):
    a = results.find("throughput", case, ours)
    b = results.find("throughput", case, other)
    return Target(f"{case}, {ours}", name or other, wanted, ratio_of(a, b),
                  beside(a, b, rate, "items_per_s"))


def best_of(results, case, names):
    found = [results.find("throughput", case, name) for name in names]
    found = [record for record in found if record]
    return max(found, key=lambda record: record["items_per_s"])["what"] if found else names[0]


def one_at_a_time(results):
    for size, boost, ring, bare in (("8 B", 5, 5, 0.5), ("64 B", 3, 5, 0.5), ("256 B", 5, 5, 0.5)):
        for placement in PINNED:
            case = f"{size} 1x1 {placement}"
            yield throughput(results, case, QUEUE, BOOST, boost)
            yield throughput(results, case, QUEUE, RING, ring)
            yield throughput(results, case, QUEUE, BARE, bare)
    for placement in PINNED:
        yield throughput(results, f"64 B 1x1 batch 64 {placement}", "Queue, many", BOOST, 10)


def many_processes(results):
    for size in ("8 B", "64 B", "256 B"):
        for members, wanted in (("2x2", 2.5), ("4x4", 2.5), ("16x16", NO_COLLAPSE_BESIDE_OTHERS)):
            case = f"{size} {members} free"
            best = best_of(results, case, (BOOST, RING))
            yield throughput(results, case, QUEUE, best, wanted, f"best of two: {best}")
        few = results.find("throughput", f"{size} 4x4 free", QUEUE)
        many = results.find("throughput", f"{size} 16x16 free", QUEUE)
        yield Target(f"{size} 16x16 free, Queue", "Queue at 4x4", NO_COLLAPSE,
                     ratio_of(many, few), beside(many, few, rate, "items_per_s"))


def joinable(results):
    for placement in PINNED:
        case = f"64 B 1x1 {placement}"
        yield throughput(results, case, JOINABLE, QUEUE, 0.6)
        yield throughput(results, case, JOINABLE, "Python JoinableQueue", 20)


def round_trip(results):
    def find(placement, what):
        return results.find("round_trip", placement, what)

    ours, limit = find("a cpu each", QUEUE), find("a cpu each", SPIN_FUTEX)
    boost = find("a cpu each", BOOST)
    for name, rounds, key in (("p50", "rounds", "p50_s"), ("p99", "rounds_p99", "p99_s")):
        yield Target(f"round trip 64 B {name}, a cpu each", SPIN_FUTEX, 3,
                     ratio_of(ours, limit, rounds), beside(ours, limit, time, key), at_least=False)
    yield Target("round trip 64 B p50, a cpu each", f"{BOOST}'s to ours", 20,
                 ratio_of(boost, ours), beside(ours, boost, time, "p50_s"))
    ours, boost = find("one cpu", QUEUE), find("one cpu", BOOST)
    yield Target("round trip 64 B p50, one cpu", BOOST, 1.3, ratio_of(ours, boost),
                 beside(ours, boost, time, "p50_s"), at_least=False)


def large(results):
    case, ours = "1 MiB 1x1 a cpu each", "Queue, as bytes"
    yield throughput(results, case, ours, "memcpy pair, 4 hot blocks", 0.8)
    yield throughput(results, case, ours, BOOST, 2)
    small = results.find("throughput", "4 KiB 1x1 in place a cpu each", "Queue, in place")
    flat = results.find("throughput", "16 MiB 1x1 in place a cpu each", "Queue, in place")
    yield Target("16 MiB by loan, publish, borrow", "4 KiB", 0.8, ratio_of(flat, small),
                 beside(flat, small, rate, "items_per_s"))


def costs(results):
    for what in ("Queue.get, empty", "JoinableQueue.get, empty"):
        record = results.find("idle", what, what) or {}
        cpu = record.get("cpu_share")
        yield Target(f"waiting in {what}: cpu", "-", 0.1, None if cpu is None else 100 * cpu,
                     at_least=False, unit=" %")
        yield Target(f"waiting in {what}: wake-ups", "-", WAKEUPS_MAX,
                     record.get("wakeups_per_s"), at_least=False, unit="/s")
    for parent in ("small", "1 GiB"):
        ours = results.find("start", parent, "Process, spawn")
        other = results.find("start", parent, "posix_spawn of itself")
        yield Target(f"Process spawn + join, {parent} parent", "posix_spawn of itself", 1.3,
                     ratio_of(ours, other), beside(ours, other, time, "seconds"), at_least=False)
    for queue in (QUEUE, JOINABLE):
        record = results.find("memory", queue, queue) or {}
        empty = record.get("empty_bytes")
        yield Target(f"memory of an empty {queue}", "-", 256, empty and empty / 1024,
                     at_least=False, unit=" KiB")
        yield Target(f"memory of a waiting 64 B item, {queue}", "-", 100,
                     record.get("bytes_per_item"), at_least=False, unit=" B")
    pipeline = results.find("treesum", "find | xargs -P2 sha256sum", "find | xargs -P2 sha256sum")
    ours = results.find("treesum", "treesum", "treesum")
    yield Target("treesum, warm tree", "pipeline's time to ours", 1, ratio_of(pipeline, ours),
                 beside(ours, pipeline, time, "seconds"))


def all_targets(results):
    for group in (one_at_a_time, many_processes, joinable, round_trip, large, costs):
        yield from group(results)
