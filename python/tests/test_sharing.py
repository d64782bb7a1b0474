# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""share(): queues through any pickler; and queues that cannot be had any more."""

import gc
import importlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import procession
from support import LONG, WithProcesses, for_each_start_method

KINDS = (procession.Queue, procession.JoinableQueue, procession.SimpleQueue)


class Named(procession.Queue):
    def __init__(self, label):
        super().__init__()
        self.label = label

    def __getstate__(self):
        return (self.label, super().__getstate__())

    def __setstate__(self, state):
        self.label, inherited = state
        super().__setstate__(inherited)


def module_or_skip(test, name):
    try:
        return importlib.import_module(name)
    except ImportError:
        test.skipTest(f"{name} is not installed")


def put_pid(q, n):
    q.put(os.getpid())
    return n


def pid_and_failure(carried):
    """A task's error about a queue that it cannot use."""
    try:
        carried.get_nowait()
    except procession.SharingError as failed:
        return os.getpid(), str(failed)
    return os.getpid(), None


def own_pid():
    return os.getpid()


def hold_until(started, go_on):
    started.put(1)
    go_on.get()


def share_and_return(requests, data):
    q = procession.Queue()
    q.put("from the sender")
    with procession.share(q) as reference:
        data.put(pickle.dumps(reference))
        requests.get()


class FromBytes:
    """Is unpickled as the object of its bytes."""

    def __init__(self, data):
        self.data = data

    def __reduce__(self):
        return (pickle.loads, (self.data,))


def lost_queue():
    """The pickle of a queue that the broker has let go of."""
    q = procession.Queue()
    with procession.share(q) as reference:
        data = pickle.dumps(reference)
    del q, reference
    gc.collect()
    # Not by using the queue that arrives: then a process would have it.
    while "not received" not in repr(pickle.loads(data)):
        time.sleep(0.05)
    return data


class SharingTest(unittest.TestCase):
    def check_pickler(self, dumps, loads):
        for kind in KINDS:
            q = kind()
            with procession.share(q) as reference:
                arrived = [loads(dumps(reference)), loads(dumps([{"in": reference}]))[0]["in"]]
                arrived += [loads(dumps(q)), loads(dumps([{"in": q}]))[0]["in"]]
            for n, each in enumerate(arrived):
                self.assertIs(type(each), kind)
                each.put(n)
            self.assertEqual([q.get_nowait() for _ in range(4)], [0, 1, 2, 3])

    def test_pickle(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            self.check_pickler(lambda obj, p=protocol: pickle.dumps(obj, p), pickle.loads)
        self.check_pickler(lambda obj: pickle._dumps(obj), pickle._loads)  # the one in Python

    def test_dill(self):
        dill = module_or_skip(self, "dill")
        self.check_pickler(dill.dumps, dill.loads)

    def test_cloudpickle(self):
        cloudpickle = module_or_skip(self, "cloudpickle")
        self.check_pickler(cloudpickle.dumps, cloudpickle.loads)
        q = procession.Queue()
        with procession.share(q):
            cloudpickle.loads(cloudpickle.dumps(lambda: q.put("in a closure")))()
        self.assertEqual(q.get_nowait(), "in a closure")

    def test_loky(self):
        loky = module_or_skip(self, "loky")
        q = procession.JoinableQueue()
        with procession.share(q) as reference, loky.ProcessPoolExecutor(2) as executor:
            futures = [executor.submit(put_pid, each, 1) for each in (reference, q) * 5]
            self.assertEqual(sum(future.result(LONG) for future in futures), 10)
        self.assertNotIn(os.getpid(), q.get_many())

    def test_joblib(self):
        joblib = module_or_skip(self, "joblib")
        for backend in ("loky", "multiprocessing", "threading"):
            q = procession.Queue()
            with procession.share(q) as reference:
                got = joblib.Parallel(n_jobs=2, backend=backend)(
                    joblib.delayed(put_pid)(each, n) for n, each in enumerate([reference, q] * 5)
                )
            self.assertEqual(got, list(range(10)))
            self.assertEqual(os.getpid() in q.get_many(10), backend == "threading")
        joblib.externals.loky.get_reusable_executor().shutdown(wait=True)

    def test_billiard(self):
        billiard = module_or_skip(self, "billiard")
        q = procession.Queue()
        with procession.share(q) as reference, billiard.Pool(1) as pool:
            self.assertEqual(pool.apply(put_pid, (reference, 7)), 7)
            pool.close()
            pool.join()
        self.assertNotEqual(q.get_nowait(), os.getpid())

    def test_an_unrelated_program_opens_the_bytes(self):
        program = "import pickle, sys; pickle.loads(bytes.fromhex(sys.argv[1])).put('from there')"
        q = procession.Queue()
        with procession.share(q) as reference:
            subprocess.run(
                [sys.executable, "-c", program, pickle.dumps(reference).hex()],
                check=True,
                timeout=LONG,
                env={"PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,
                cwd="/",
            )
        self.assertEqual(q.get(timeout=LONG), "from there")

    def test_a_derived_class_and_a_type_arrive(self):
        with procession.share(Named("mine")) as reference:
            arrived = pickle.loads(pickle.dumps(reference))
        self.assertEqual((type(arrived), arrived.label), (Named, "mine"))
        with procession.share(procession.Queue(codec="msgpack", type=list[int])) as reference:
            arrived = pickle.loads(pickle.dumps(reference))
        arrived.put([1])
        self.assertEqual(arrived.get(), [1])

    def test_in_this_process_a_reference_is_used_as_the_queue(self):
        q = procession.JoinableQueue(3)
        with procession.share(q) as reference:
            self.assertIs(reference.queue, q)
            with ThreadPoolExecutor(1) as executor:
                executor.submit(put_pid, reference, 1).result(LONG)
            self.assertEqual((reference.qsize(), reference.maxsize), (1, 3))
            reference.shutdown()
            self.assertEqual(list(reference), [os.getpid()])
            with self.assertRaises(AttributeError):
                reference.no_such_thing
        self.assertIn("closed", repr(reference))

    def test_outside_of_its_life_a_reference_leads_nowhere(self):
        q = procession.Queue()
        with procession.share(q) as first:
            second = procession.share(q)
        with self.assertRaisesRegex(procession.SharingError, "reference was closed"):
            pickle.dumps(first)
        pickle.dumps([q, second])
        del second
        gc.collect()
        with self.assertRaisesRegex(procession.SharingError, "procession.share"):
            pickle.dumps(q)
        q.close()
        with self.assertRaises(procession.ClosedError):
            procession.share(q)

    def test_a_reference_holds_its_queue_as_long_as_it_lives(self):
        reference = procession.share(procession.Queue())
        reference.put("still there")
        data = pickle.dumps(reference)
        lost_queue()  # the broker has let go of a queue that no process has
        self.assertEqual(pickle.loads(data).get_nowait(), "still there")

    def test_a_queue_that_cannot_be_had_any_more_says_so_at_its_first_use(self):
        q = pickle.loads(lost_queue())
        uses = {
            "put": lambda: q.put(1),
            "get": q.get,
            "get_many": q.get_many,
            "qsize": q.qsize,
            "maxsize": lambda: q.maxsize,
            "iteration": lambda: list(q),
            "fileno": q.fileno,
            "pickling": lambda: procession.share(q),
        }
        for use in uses.values():
            with self.assertRaisesRegex(
                procession.SharingError, r"had let go of it.*Keep the queue, or procession\.share"
            ):
                use()
        self.assertIn("not received", repr(q))

    def test_a_thread_may_use_a_received_queue_at_once_with_others(self):
        q = procession.Queue()
        with procession.share(q) as reference:
            arrived = pickle.loads(pickle.dumps(reference))
            again = procession.Queue.__new__(procession.Queue)
            broker, token = q._reference()
            again._follow_later(broker, token, False)
            again._prepare(None)
            threads = [threading.Thread(target=again.put, args=(n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LONG)
        self.assertEqual(sorted(arrived.get_many()), [0, 1, 2, 3])


@for_each_start_method
class SharingBetweenProcesses(WithProcesses):
    def test_a_queue_that_cannot_be_had_ends_no_worker_and_no_executor(self):
        data = lost_queue()
        with self.context.Pool(1) as pool:
            before = pool.apply(own_pid)
            pid, failure = pool.apply(pid_and_failure, (FromBytes(data),))
            self.assertEqual((pid, pool.apply(own_pid)), (before, before))
            self.assertIn("procession.share(queue)", failure)

    def test_a_task_may_wait_as_long_as_its_queue_is_shared(self):
        started, go_on = procession.Queue(), procession.Queue()
        q = procession.Queue()
        with self.context.Pool(1) as pool, procession.share(q) as reference:
            pool.apply_async(hold_until, (started, go_on))
            started.get(timeout=LONG)
            waiting = pool.apply_async(put_pid, (reference, 5))
            del q
            lost_queue()  # longer than the broker keeps a queue that no process has
            go_on.put(1)
            self.assertEqual(waiting.get(LONG), 5)
            self.assertNotEqual(reference.get(timeout=LONG), os.getpid())

    def test_a_reference_outlives_no_process(self):
        requests, data = procession.Queue(), procession.Queue()
        process = self.start(share_and_return, requests, data)
        pickled = data.get(timeout=LONG)
        arrived = pickle.loads(pickled)
        requests.put("end")
        self.finish(process)
        self.assertEqual(arrived.get(timeout=LONG), "from the sender")
        del arrived
        gc.collect()
        while "not received" not in repr(pickle.loads(pickled)):
            time.sleep(0.05)
        with self.assertRaises(procession.SharingError):
            pickle.loads(pickled).get_nowait()

    def test_a_reference_is_an_argument_like_its_queue(self):
        q = procession.Queue()
        with procession.share(q) as reference:
            self.finish(self.start(put_pid, reference, 1))
            self.assertNotEqual(q.get(timeout=LONG), os.getpid())
            carrier = procession.Queue()
            carrier.put(reference)
            carrier.get().put(1)
            self.assertEqual(q.get(timeout=LONG), 1)
            with self.assertRaises(queue.Empty):
                q.get_nowait()


if __name__ == "__main__":
    unittest.main()
