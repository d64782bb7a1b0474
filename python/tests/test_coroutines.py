# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Coroutines: every verb, cancellation at every moment, and the end of their waits by close()."""

import asyncio
import gc
import os
import threading
import unittest

import procession
from support import LONG, open_descriptors

KINDS = (procession.Queue, procession.JoinableQueue)


class NoObject:
    def __reduce__(self):
        return (int, ("no number",))


async def let_others_run(times=5):
    for _ in range(times):
        await asyncio.sleep(0)


async def started(*coroutines):
    """Tasks that have come as far as they come without an event."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    await let_others_run()
    return tasks


def joining_threads():
    return [thread for thread in threading.enumerate() if thread.name == "procession-ajoin"]


class CoroutinesTest(unittest.IsolatedAsyncioTestCase):
    async def test_async_for_gives_objects_until_the_queue_is_shut_down_and_empty(self):
        for kind in KINDS:
            q = kind()
            q.put_many(range(200))
            seen = []

            async def consume(q=q, seen=seen):
                async for item in q:
                    seen.append(item)

            (task,) = await started(consume())
            q.put(200)
            q.shutdown()
            await asyncio.wait_for(task, LONG)
            self.assertEqual(seen, list(range(201)))

    async def test_async_for_lets_others_run_though_there_is_always_an_object(self):
        q = procession.Queue()
        q.put_many(range(1000))
        other_ran = asyncio.Event()

        async def other():
            other_ran.set()

        task = asyncio.create_task(other())
        async for item in q:
            if other_ran.is_set():
                break
        await task
        self.assertLess(item, 999)

    async def test_a_block_of_alease_finishes_its_object_or_gives_it_back(self):
        jobs = procession.JoinableQueue()
        await jobs.aput("job")
        with self.assertRaises(KeyError):
            async with jobs.alease() as task:
                raise KeyError
        async with jobs.alease(timeout=LONG) as task:
            self.assertEqual((task.value, task.deliveries), ("job", 2))
        self.assertTrue(jobs.join(0))
        with self.assertRaises(procession.Empty):
            async with jobs.alease(timeout=0):
                self.fail("nothing is there")

    async def test_a_block_of_alease_that_is_cancelled_gives_its_object_back(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        inside = asyncio.Event()

        async def work():
            async with jobs.alease():
                inside.set()
                await asyncio.Event().wait()

        (task,) = await started(work())
        await inside.wait()
        self.assertEqual(jobs.qsize(), 0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(jobs.qsize(), 1)

    async def test_a_lease_that_no_coroutine_gets_to_see_goes_back(self):
        jobs = procession.JoinableQueue()
        jobs.put("job")
        (task,) = await started(jobs.alease())
        self.assertTrue(task.done())
        self.assertEqual(jobs.qsize(), 0)
        del task
        gc.collect()
        self.assertEqual(jobs.qsize(), 1)

    async def test_aget_many_takes_what_is_there_and_waits_for_one(self):
        for kind in KINDS:
            q = kind()
            self.assertEqual(await q.aget_many(timeout=0), [])
            self.assertEqual(await q.aget_many(0), [])
            (task,) = await started(q.aget_many(timeout=LONG))
            q.put_many([1, 2, 3])
            self.assertEqual(await task, [1, 2, 3])
            q.put_many([1, NoObject(), 3])
            self.assertEqual(await q.aget_many(), [1])
            with self.assertRaises(procession.DecodeError):
                await q.aget_many()
            self.assertEqual(await q.aget_many(1), [3])
            q.shutdown()
            with self.assertRaisesRegex(procession.ShutDown, "^aget_many "):
                await q.aget_many()

    async def test_aput_many_puts_all_as_room_comes(self):
        for kind in KINDS:
            q = kind(3)
            self.assertEqual(await q.aput_many([]), 0)
            (task,) = await started(q.aput_many(iter(range(10))))
            self.assertFalse(task.done())
            self.assertEqual([await q.aget() for _ in range(10)], list(range(10)))
            self.assertEqual(await task, 10)
            self.assertEqual(await q.aput_many(range(5), timeout=0.01), 3)
            with self.assertRaisesRegex(Exception, "pickle"):
                await q.aput_many([1, lambda: 2])
            self.assertEqual(q.qsize(), 3)
            (task,) = await started(q.aput_many(["after", "that"]))
            q.shutdown()
            with self.assertRaisesRegex(procession.ShutDown, "^aput_many "):
                await task

    async def test_aput_many_says_how_many_found_room_before_the_shutdown(self):
        q = procession.Queue(2)
        (task,) = await started(q.aput_many(range(5)))
        self.assertEqual(q.qsize(), 2)
        q.shutdown()
        self.assertEqual(await asyncio.wait_for(task, LONG), 2)

    async def test_ajoin_waits_until_every_object_is_finished(self):
        jobs = procession.JoinableQueue()
        self.assertTrue(await jobs.ajoin())
        jobs.put_many([1, 2])
        self.assertFalse(await jobs.ajoin(0))
        self.assertFalse(await jobs.ajoin(0.01))
        tasks = await started(*(jobs.ajoin(LONG) for _ in range(3)))
        for _ in range(2):
            self.assertFalse(any(task.done() for task in tasks))
            jobs.get()
            jobs.task_done()
        self.assertEqual(await asyncio.gather(*tasks), [True] * 3)

    async def test_the_thread_behind_ajoin_ends_with_the_last_who_waits(self):
        jobs = procession.JoinableQueue()
        jobs.put(1)
        (task,) = await started(jobs.ajoin())
        threads = joining_threads()
        self.assertEqual(len(threads), 1)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        threads[0].join(LONG)
        self.assertFalse(threads[0].is_alive())
        jobs.get()
        (task,) = await started(jobs.ajoin())
        jobs.task_done()
        self.assertTrue(await task)


class CancellationTest(unittest.IsolatedAsyncioTestCase):
    async def test_no_object_is_lost_or_doubled_whenever_who_waits_is_cancelled(self):
        for kind in KINDS:
            q = kind()
            got = []
            for n in range(100):
                tasks = await started(*(q.aget() for _ in range(3)))
                q.put(n)
                # From before the loop learns of it to after the object is in a coroutine's hands.
                await let_others_run(n % 7)
                tasks[n % 3].cancel()
                if n % 2:
                    await asyncio.sleep(0.001)
                for task in tasks[:2]:
                    task.cancel()
                results = await asyncio.wait_for(
                    asyncio.gather(tasks[0], tasks[1], return_exceptions=True), LONG
                )
                tasks[2].cancel()
                results += await asyncio.gather(tasks[2], return_exceptions=True)
                got += [each for each in results if isinstance(each, int)]
                got += q.get_many(timeout=0)
            self.assertEqual(got, list(range(100)))

    async def test_no_object_is_put_twice_or_half_whenever_who_puts_is_cancelled(self):
        for kind in KINDS:
            q = kind(1)
            put = []
            for n in range(100):
                q.put("in the way")
                (task,) = await started(q.aput(n))
                self.assertEqual(q.get(), "in the way")
                await let_others_run(n % 7)
                task.cancel()
                (result,) = await asyncio.gather(task, return_exceptions=True)
                self.assertEqual(q.qsize(), 1 if result is None else 0)
                put += q.get_many(timeout=0)
            self.assertEqual(put, sorted(set(put)))

    async def test_no_lease_is_left_open_whenever_who_waits_is_cancelled(self):
        jobs = procession.JoinableQueue()
        for n in range(100):

            async def work():
                async with jobs.alease():
                    await asyncio.sleep(0)

            tasks = await started(work(), work())
            jobs.put(n)
            await let_others_run(n % 7)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            del task, tasks
            gc.collect()
            for _ in range(jobs.qsize()):
                jobs.lease(block=False).done()
            self.assertTrue(jobs.join(0))

    async def test_who_is_cancelled_in_its_turn_hands_it_on(self):
        q = procession.Queue()
        first, second = await started(q.aget(), q.aget())
        q.put("one")
        first.cancel()
        self.assertEqual(await asyncio.wait_for(second, LONG), "one")

    async def test_who_gets_no_object_hands_its_turn_on(self):
        q = procession.Queue()
        tasks = await started(q.aget(), q.aget())
        q.put_many([NoObject(), "two"])
        results = await asyncio.wait_for(
            asyncio.gather(*tasks, return_exceptions=True), LONG
        )
        self.assertEqual({type(each) for each in results}, {procession.DecodeError, str})


class CloseTest(unittest.IsolatedAsyncioTestCase):
    def waiting_verbs(self, q, full):
        yield "aget", q.aget()
        yield "aget_many", q.aget_many()
        yield "aput", full.aput(1)
        yield "aput_many", full.aput_many([1])
        if isinstance(q, procession.JoinableQueue):
            yield "alease", q.alease()
            yield "ajoin", full.ajoin()

    async def check_close(self, close):
        before = len(open_descriptors())
        for kind in KINDS:
            q, full = kind(), kind(1)
            full.put(0)
            verbs = dict(self.waiting_verbs(q, full))
            tasks = await started(*verbs.values())
            close(q, full)
            results = await asyncio.wait_for(
                asyncio.gather(*tasks, return_exceptions=True), LONG
            )
            for verb, result in zip(verbs, results):
                self.assertIsInstance(result, procession.ClosedError)
                self.assertTrue(str(result).startswith(verb + " "), str(result))
                self.assertIsInstance(result, ValueError)
        for thread in joining_threads():
            thread.join(LONG)
        del q, full, tasks, results, result
        gc.collect()
        self.assertEqual(len(open_descriptors()), before)

    async def test_close_ends_every_wait(self):
        def close(*queues):
            for q in queues:
                q.close()

        await self.check_close(close)

    async def test_close_in_another_thread_ends_every_wait(self):
        def close(*queues):
            threads = [threading.Thread(target=q.close) for q in queues]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        await self.check_close(close)

    async def test_close_of_another_object_of_the_same_queue_ends_every_wait(self):
        def close(*queues):
            for q in queues:
                type(q).from_descriptor(os.dup(q.descriptor())).close()

        await self.check_close(close)

    async def test_verbs_of_a_closed_queue_say_so(self):
        for kind in KINDS:
            q, full = kind(), kind(1)
            for each in (q, full):
                each.close()
            for verb, coroutine in self.waiting_verbs(q, full):
                with self.assertRaisesRegex(procession.ClosedError, f"^{verb} "):
                    await coroutine

    async def test_no_descriptor_of_another_file_is_watched_after_the_close(self):
        q = procession.Queue()
        tasks = await started(q.aget())
        q.close()
        reader, writer = os.pipe()
        os.write(writer, b"x")
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(reader, told.set)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(told.wait(), LONG)
        loop.remove_reader(reader)
        os.close(reader)
        os.close(writer)


if __name__ == "__main__":
    unittest.main()
