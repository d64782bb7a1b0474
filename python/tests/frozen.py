# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""frozen.py FOLDER    freezes a program by PyInstaller, and runs it.

PyInstaller is installed once, into FOLDER. Ends with 77, and the reason, where it cannot be had.
"""

import os
import subprocess
import sys
import tempfile
import venv

PYINSTALLER = "pyinstaller==6.22.3"
SKIPPED = 77

PROGRAM = """
import multiprocessing, os, sys
import procession

def child(queue):
    queue.put("from a child")

def main():
    with open(sys.argv[1], "a") as starts:
        starts.write("started\\n")
    with open(sys.argv[1]) as starts:
        if len(starts.readlines()) > 1:
            os._exit(3)  # it was to run once
    queue, inner = procession.Queue(), procession.Queue()
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=child, args=(queue,))
        process.start()
        print(method, queue.get(timeout=60))
        process.join()
    inner.put("from a queue in a queue")
    queue.put(("nested", inner))
    print(queue.get(timeout=60)[1].get(timeout=60))

if __name__ == "__main__":
    multiprocessing.freeze_support()
    main()
"""
EXPECTED = "fork from a child\nspawn from a child\nfrom a queue in a queue\n"


def installed(folder):
    """The program of PyInstaller."""
    program = os.path.join(folder, "bin", "pyinstaller")
    if os.path.exists(program):
        return program
    try:
        venv.create(folder, with_pip=True)
        pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "install", "-q", PYINSTALLER]
        subprocess.run(pip, check=True, timeout=180)
    except (OSError, subprocess.SubprocessError) as failed:
        print(f"skipped: {PYINSTALLER} cannot be installed: {failed}")
        sys.exit(SKIPPED)
    return program


def main():
    pyinstaller = installed(os.path.abspath(sys.argv[1]))
    package = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    with tempfile.TemporaryDirectory(prefix="procession-frozen-") as work:
        source = os.path.join(work, "frozen.py")
        with open(source, "w") as file:
            file.write(PROGRAM)
        build = [pyinstaller, "--onedir", "--log-level=ERROR", "--paths", package]
        build += ["--distpath", "made", "--workpath", "work", source]
        subprocess.run(build, cwd=work, check=True)
        starts = os.path.join(work, "starts")
        frozen = [os.path.join(work, "made", "frozen", "frozen"), starts]
        without_package = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(frozen, stdout=subprocess.PIPE, text=True, env=without_package)
        with open(starts) as file:
            count = len(file.readlines())
    if (done.returncode, done.stdout, count) != (0, EXPECTED, 1):
        sys.exit(f"FAILED: exit code {done.returncode}, {count} starts, and:\n{done.stdout}")


if __name__ == "__main__":
    main()
