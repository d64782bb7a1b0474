# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""run_suite.py [--package FOLDER] [--quick] [MODULE...]

Runs CPython's own tests of multiprocessing with Procession's queues under the standard names.
Fails unless every test that passes on the interpreter as it is passes so, too, and our queues were
used: by the tests of multiprocessing each of the three classes. A test that did not pass on our
queues is run once more without them: it must be skipped or fail there as well, and is listed with
its reason.

The interpreter is the one that runs this file; it needs its test package (Debian:
libpython3.11-testsuite). FOLDER holds the package `procession`, where it is not installed.
--quick leaves out all but the tests that are about queues, pools and executors.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

METHODS = ("fork", "spawn", "forkserver")
CLASSES = ("JoinableQueue", "Queue", "SimpleQueue")
#: Long and demanding tests as well, but none that needs a network, a window or gigabytes.
RESOURCES = "all,-network,-urlfetch,-gui,-audio,-largefile"
DEFAULT_MODULES = [f"test_multiprocessing_{method}" for method in METHODS]
#: Tests that pin a limit of CPython's queues which ours do not have.
EXCLUDED = {
    "test_mixed_startmethod": (
        "wants a queue of a fork context to be refused by spawn and forkserver; ours reach "
        "children of every start method"
    ),
    "test_python_finalization_error": (
        "keeps the queue's feeder thread from being started and wants the pool to break; ours "
        "have no such thread"
    ),
}
QUICK = ["*Queue*", "*Pool*", "*ProcessPool*", "*Fork*", "*Spawn*"]
SECONDS = 1500
OVERLAY = os.path.dirname(os.path.abspath(__file__))


def outcomes(report: str) -> dict[str, str]:
    """The outcome of each test: ok, failed, or skipped with the reason."""
    found = {}
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("name", "")
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found[name] = "failed"
        elif skipped is not None:
            found[name] = "skipped: " + (skipped.text or skipped.get("message") or "no reason")
        elif case.get("result") == "completed":
            found[name] = "ok"
        else:
            found[name] = "skipped: " + case.get("result", "no reason")
    return found


def run(module: str, patterns: list[str], environment: dict[str, str]) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="procession-suite-") as folder:
        report = os.path.join(folder, "report.xml")
        log = os.path.join(folder, "log")
        command = [sys.executable, "-m", "test", "--junit-xml", report, "--timeout", "300"]
        command += ["-u", RESOURCES]
        for pattern in patterns:
            command += ["-m", pattern]
        with open(log, "w") as output:
            done = subprocess.run(
                [*command, module],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
            )
        if os.path.exists(report):
            found = outcomes(report)
            if done.returncode == 0 or "failed" in found.values():
                return found
        with open(log) as output:
            print(output.read())
        sys.exit(f"{module} ended with {done.returncode} and no failed test")


def overlay_environment(package: str | None, ledger: str) -> dict[str, str]:
    folders = [OVERLAY] + ([os.path.abspath(package)] if package else [])
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join(folders + ([inherited] if inherited else []))
    return dict(os.environ, PYTHONPATH=path, PROCESSION_OVERLAY_LEDGER=ledger)


def made(ledger: str) -> collections.Counter[str]:
    """How many queues of each class were made, in all processes."""
    if not os.path.exists(ledger):
        return collections.Counter()
    with open(ledger) as lines:
        return collections.Counter(line.split()[0] for line in lines)


def try_module(module: str, patterns: list[str], package: str | None) -> bool:
    with tempfile.TemporaryDirectory(prefix="procession-suite-") as folder:
        ledger = os.path.join(folder, "ledger")
        ours = run(module, patterns, overlay_environment(package, ledger))
        queues = made(ledger)
    for name in ours:
        reason = EXCLUDED.get(name.rsplit(".", 1)[-1])
        if reason is not None and ours[name] != "ok":
            print(f"{name} is excluded: it {reason}")
            ours[name] = "excluded"
    excluded_names = [name for name, outcome in ours.items() if outcome == "excluded"]
    others = sorted(name for name in ours if ours[name] not in ("ok", "excluded"))
    standard = run(module, others, dict(os.environ)) if others else {}
    same = [name for name in others if standard.get(name) == ours[name]]
    worse = [name for name in others if name not in same]

    print(
        f"{module}: {len(ours)} tests, {list(ours.values()).count('ok')} ok, {len(same)} as "
        f"without our queues, {len(excluded_names)} excluded, {len(worse)} worse; made: "
        + ", ".join(f"{count} {name}" for name, count in sorted(queues.items()))
    )
    for reason, count in collections.Counter(ours[name] for name in same).most_common():
        print(f"    {count} {reason}")
    for name in worse:
        print(f"    {name}: {ours[name]}; without our queues: {standard.get(name)}")
    wanted = CLASSES if module in DEFAULT_MODULES else [name for name in CLASSES if queues[name]]
    unused = [name for name in wanted if not queues[name]]
    if unused or not wanted:
        print(f"    not used: {', '.join(unused or CLASSES)}")
    return bool(ours) and bool(wanted) and not unused and not worse


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[1])
    parser.add_argument("--package")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("modules", nargs="*", default=DEFAULT_MODULES)
    arguments = parser.parse_args()

    version = ".".join(map(str, sys.version_info[:3]))
    failed = []
    for module in arguments.modules:
        if importlib.util.find_spec(f"test.{module}") is None:
            print(f"{module}: CPython {version} here has no such tests")
            return 2
    print(f"CPython {version}", flush=True)
    for module in arguments.modules:
        if not try_module(module, QUICK if arguments.quick else [], arguments.package):
            failed.append(module)
        sys.stdout.flush()
    print(f"FAILED: {failed}" if failed else "every test passes that passes without our queues")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
