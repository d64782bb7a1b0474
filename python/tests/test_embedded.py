# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Applications that embed Python: the interpreter's program is the application."""

import os
import shutil
import subprocess
import sysconfig
import tempfile
import unittest

import procession

APPLICATION = r"""
#include <Python.h>
#include <stdio.h>

int main(int argc, char** argv) {
    FILE* starts = fopen("starts", "a");
    fputs("started\n", starts);
    fclose(starts);
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    PyConfig_SetBytesString(&config, &config.executable, argv[0]);
    PyConfig_SetBytesString(&config, &config.program_name, argv[0]);
    PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status) || argc != 3) return 4;
    FILE* script = fopen(argv[2], "r");
    PyObject* path = PySys_GetObject("path");
    PyList_Insert(path, 0, PyUnicode_DecodeFSDefault(argv[1]));
    int failed = PyRun_SimpleFile(script, argv[2]);
    fclose(script);
    return Py_FinalizeEx() != 0 || failed;
}
"""

SCRIPT = """
import sys
if len(open("starts").readlines()) > 1:
    raise SystemExit(3)  # it was to run once
import procession
queue, inner = procession.Queue(), procession.Queue()
inner.put(sys.executable)
queue.put(("nested", inner))
print(queue.get(timeout=60)[1].get(timeout=60))
"""


def compiler_options():
    """The options that link a program with this interpreter's library; None where there is none."""
    version = sysconfig.get_config_var("LDVERSION")
    folders = [sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LIBPL")]
    for folder in filter(None, folders):
        if os.path.exists(f"{folder}/libpython{version}.so"):
            libraries = [f"-L{folder}", f"-Wl,-rpath,{folder}", f"-lpython{version}"]
            return ["-I" + sysconfig.get_path("include"), *libraries]
    return None


class AnApplicationThatEmbedsPython(unittest.TestCase):
    def setUp(self):
        options = compiler_options()
        compiler = shutil.which("cc")
        if options is None or compiler is None:
            self.skipTest("no C compiler, or no shared library of this interpreter")
        folder = tempfile.TemporaryDirectory(prefix="procession-embedded-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.write("application.c", APPLICATION)
        command = [compiler, "application.c", "-o", "application", *options]
        subprocess.run(command, cwd=self.folder, check=True)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def test_is_not_started_again_when_a_queue_is_put_into_a_queue(self):
        self.write("script.py", SCRIPT)
        application = os.path.join(self.folder, "application")
        package = os.path.dirname(os.path.dirname(os.path.abspath(procession.__file__)))
        done = subprocess.run(
            [application, package, "script.py"], cwd=self.folder, stdout=subprocess.PIPE, text=True
        )
        self.assertEqual((done.returncode, done.stdout), (0, application + "\n"))
        with open(os.path.join(self.folder, "starts")) as starts:
            self.assertEqual(starts.read(), "started\n")


if __name__ == "__main__":
    unittest.main()
