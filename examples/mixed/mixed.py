# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The SHA-256 of every file below a folder, as sha256sum prints them: Python feeds the paths, C++
workers read the files, Python prints. With --chaos, workers are killed all the time; the output is
the same."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import procession


# As the structs of main.cpp have them: the fields' order counts, not their names.
@dataclass
class Job:
    path: str
    asked: datetime


@dataclass
class Sum:
    path: str
    error: str | None
    sha256: bytes
    size: int
    waited: timedelta


class Crew:
    """C++ processes, each a child of this one."""

    def __init__(self, program: str, size: int, jobs, results) -> None:
        self._descriptors = [jobs.descriptor(), results.descriptor()]
        self._command = [program, *map(str, self._descriptors)]
        self._workers = [self._start() for _ in range(size)]
        self.killed = 0

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(self._command, pass_fds=self._descriptors)

    def kill_one(self) -> None:
        place = random.randrange(len(self._workers))
        self._workers[place].kill()
        self._workers[place].wait()
        self._workers[place] = self._start()
        self.killed += 1

    def finish(self) -> None:
        for worker in self._workers:
            if worker.wait() != 0:
                sys.exit(f"mixed.py: a worker ended with {worker.returncode}")


def files_below(folder: str) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(place, name)


def feed(jobs: procession.JoinableQueue[Job], paths: list[str]) -> None:
    for path in paths:
        jobs.put(Job(path, datetime.now(timezone.utc)))
    jobs.join()
    jobs.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", required=True, help="the program made of main.cpp")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chaos", action="store_true", help="kill workers all the time")
    parser.add_argument("folder")
    arguments = parser.parse_args()

    jobs = procession.JoinableQueue(100, codec="msgpack", max_deliveries=1000, name="jobs")
    results = procession.Queue(codec="msgpack", type=Sum, name="results")
    crew = Crew(arguments.worker, arguments.workers, jobs, results)
    paths = list(files_below(arguments.folder))
    feeder = threading.Thread(target=feed, args=(jobs, paths))
    feeder.start()

    sums: dict[str, Sum] = {}  # a file that was hashed twice is here once
    while feeder.is_alive() or not results.empty():
        for each in results.get_many(timeout=0.01):
            sums[each.path] = each
        if arguments.chaos and feeder.is_alive():
            crew.kill_one()
    feeder.join()
    crew.finish()

    for path in sorted(sums):
        if sums[path].error is None:
            print(f"{sums[path].sha256.hex()}  {path}")
        else:
            print(f"mixed.py: {path}: {sums[path].error}", file=sys.stderr)
    stats = jobs.stats()
    print(
        f"{len(sums)} files, {sum(s.size for s in sums.values())} bytes; {crew.killed} workers "
        f"killed, {stats.redelivered} jobs delivered again",
        file=sys.stderr,
    )
    return 0 if len(sums) == len(paths) and not any(s.error for s in sums.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
