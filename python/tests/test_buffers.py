# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Large buffers travel beside the pickle, and can be looked at where they lie."""

import array
import gc
import os
import pickle
import random
import unittest

import procession
from support import LONG, WithProcesses, for_each_start_method

try:
    import numpy
except ImportError:
    numpy = None


class Frame:
    """Exports its memory to pickle, as arrays do."""

    def __init__(self, pixels):
        self.pixels = pixels

    def __reduce_ex__(self, protocol):
        return (Frame, (pickle.PickleBuffer(self.pixels),))


def memory_needed_for(work):
    """By how much this process's memory grew at most during work()."""

    def kilobytes(name):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name))

    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")  # proc(5): forget the peak
    before = kilobytes("VmRSS:")
    work()
    return (kilobytes("VmHWM:") - before) << 10


def sum_of(requests, sums):
    for frame in requests:
        sums.put(sum(memoryview(frame.pixels)[:100]))


class BuffersTest(unittest.TestCase):
    def test_what_was_read_only_where_it_came_from_can_be_written_to(self):
        q = procession.Queue()
        for size in (0, 10, 5_000, 1_000_000):
            q.put([Frame(memoryview(b"r" * size)), "beside it"])
            got = q.get(timeout=LONG)[0].pixels
            self.assertIsInstance(got, bytearray)
            self.assertEqual(got, b"r" * size)
            memoryview(got)[:1] = b"w"[:size]
            self.assertEqual(got[:1], b"w"[:size])

    def test_what_is_borrowed_is_read_only_whatever_its_size(self):
        q = procession.Queue()
        for size in (0, 1, 10, 5_000, 1_000_000):
            for pixels in (bytearray(b"p" * size), memoryview(b"p" * size)):
                q.put(Frame(pixels))
                seen = q.borrow(timeout=LONG).pixels
                self.assertTrue(memoryview(seen).readonly)
                self.assertEqual(bytes(seen), b"p" * size)
                del seen

    def test_a_writable_buffer_arrives_writable_and_bytes_as_bytes(self):
        q = procession.Queue()
        for size in (10, 5_000, 1_000_000):
            q.put(Frame(bytearray(b"w" * size)))
            got = q.get(timeout=LONG).pixels
            self.assertEqual(bytes(got), b"w" * size)
            memoryview(got)[0] = 0
            q.put(Frame(b"r" * size))
            got = q.get(timeout=LONG).pixels
            self.assertEqual(got, b"r" * size)
            self.assertTrue(memoryview(got).readonly)

    def test_many_buffers_of_one_object(self):
        q = procession.Queue()
        q.put([Frame(bytearray(bytes([n]) * (4096 + n))) for n in range(200)])
        for n, frame in enumerate(q.get(timeout=LONG)):
            self.assertEqual(frame.pixels, bytearray(bytes([n]) * (4096 + n)))

    def test_borrowed_buffers_lie_in_the_queue_until_the_last_is_gone(self):
        q = procession.Queue()
        q.put(b"small first")
        self.assertEqual(q.get(), b"small first")
        at_rest = q.stats().memory_bytes
        content = os.urandom(1_000_000)
        q.put([Frame(content), Frame(content[::-1])])
        first, second = q.borrow(timeout=LONG)
        self.assertEqual((bytes(first.pixels), bytes(second.pixels)), (content, content[::-1]))
        self.assertTrue(first.pixels.readonly)
        with self.assertRaisesRegex(ValueError, "views"):
            q.close()
        part = second.pixels[500:600]
        del first, second
        gc.collect()
        self.assertGreater(q.stats().memory_bytes, at_rest)
        self.assertEqual(bytes(part), content[::-1][500:600])
        del part
        gc.collect()
        self.assertEqual(q.stats().memory_bytes, at_rest)
        q.close()

    def test_borrowed_bytes_are_a_memoryview(self):
        q = procession.Queue()
        for content in (b"", b"small", b"large" * 10_000):
            q.put(content)
            got = q.borrow(timeout=LONG)
            self.assertIsInstance(got, memoryview)
            self.assertEqual(bytes(got), content)

    def test_what_has_no_buffers_is_borrowed_like_any_other(self):
        q = procession.Queue()
        for value in (1, "text", ["large text" * 1000]):
            q.put(value)
            self.assertEqual(q.borrow(timeout=LONG), value)

    def test_a_lease_may_show_its_item_where_it_lies(self):
        jobs = procession.JoinableQueue()
        jobs.put(Frame(b"p" * 100_000))
        with jobs.lease(borrow=True) as task:
            self.assertEqual(bytes(task.value.pixels), b"p" * 100_000)
        self.assertTrue(jobs.join(0))

    def test_a_buffer_that_is_not_contiguous_is_pickles_business(self):
        q = procession.Queue()
        with self.assertRaises((BufferError, pickle.PicklingError)):
            q.put(Frame(memoryview(bytearray(20_000))[::2]))
        self.assertEqual(q.qsize(), 0)

    def test_a_parcel_that_somebody_has_scribbled_on_is_refused(self):
        """All of it but the pickle, which is believed like any pickle."""
        q = procession.JoinableQueue()
        q.put([Frame(bytearray(5_000)), Frame(b"r" * 6_000), procession.Queue()])
        q.lease().reject("to be looked at")
        (letter,) = q.take_dead_letters()
        good = letter.bytes
        end_of_head = good.index(b"\x80\x05")  # where the pickle begins
        seed = int(os.environ.get("PROCESSION_SEED", "0")) or random.randrange(1, 2**32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        refused = 0
        for _ in range(3_000):
            bad = bytearray(good)
            for _ in range(chance.randrange(1, 4)):
                bad[chance.randrange(end_of_head)] = chance.choice((0, 1, 127, 128, 255))
            if chance.random() < 0.3:
                del bad[chance.randrange(len(bad)) :]
            if bad == good:
                continue
            try:
                q._decode(4, bytes(bad))
            except (procession.Error, pickle.UnpicklingError, EOFError, TypeError):
                refused += 1
        self.assertGreater(refused, 1_000)

    def test_standard_arrays_arrive(self):
        q = procession.Queue()
        numbers = array.array("d", range(10_000))
        q.put(numbers)
        self.assertEqual(q.get(timeout=LONG), numbers)

    def test_no_copy_is_made_but_the_one_in_the_queue(self):
        size = 64 << 20
        q = procession.Queue()
        content = bytes(size)
        for each in (content, Frame(content), [content, "in a list"]):
            q.put(each)  # pages of the queue are this process's, too, once it has touched them
            q.borrow(timeout=LONG)
            gc.collect()
            self.assertLess(memory_needed_for(lambda: q.put(each)), size // 2)
            seen = []
            if not isinstance(each, list):
                needed = memory_needed_for(lambda: seen.append(q.borrow(timeout=LONG)))
                self.assertLess(needed, size // 2)
            else:
                q.get(timeout=LONG)
        # The meter works.
        self.assertGreater(memory_needed_for(lambda: bytearray(content)), size // 2)

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_numpy_arrays(self):
        q = procession.Queue()
        for order in "CF":
            numbers = numpy.arange(600_000, dtype="f8").reshape(1000, 600)
            numbers = numpy.array(numbers, order=order)
            q.put({"numbers": numbers})
            got = q.get(timeout=LONG)["numbers"]
            self.assertTrue((got == numbers).all())
            got[0, 0] = -1
            q.put(numbers)
            seen = q.borrow(timeout=LONG)
            self.assertTrue((seen == numbers).all())
            self.assertFalse(seen.flags.writeable)
        for count in (0, 3, 400, 600_000):
            for writeable in (True, False):
                numbers = numpy.arange(count)
                numbers.flags.writeable = writeable
                for obj in (numbers, {"in": [numbers]}):
                    q.put(obj)
                    got = q.get(timeout=LONG)
                    got = got if obj is numbers else got["in"][0]
                    self.assertTrue(got.flags.writeable)
                    self.assertEqual(got.tolist(), numbers.tolist())
                    got += 1
                q.put(numbers)
                self.assertFalse(q.borrow(timeout=LONG).flags.writeable)
        numbers = numpy.arange(600.0).reshape(20, 30)
        q.put(numbers[::2, ::3])
        self.assertTrue((q.get(timeout=LONG) == numbers[::2, ::3]).all())
        q.put(numpy.array([1, 2, 3]))
        self.assertEqual(q.get().tolist(), [1, 2, 3])


@for_each_start_method
class BuffersBetweenProcesses(WithProcesses):
    def test_buffers_reach_another_process(self):
        requests, sums = procession.Queue(2), procession.Queue()
        process = self.start(sum_of, requests, sums)
        for n in range(5):
            requests.put(Frame(bytearray([n]) * 1_000_000))
            self.assertEqual(sums.get(timeout=LONG), 100 * n)
        requests.shutdown()
        self.finish(process)
