// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "contract/process_fixture.h"
#include "os/byte_lock.h"
#include "os/futex.h"
#include "os/mapping.h"
#include "os/memory_file.h"
#include "os/sealed_bytes.h"
#include "os/wait.h"
#include "os/windows/section_head.h"
#include "support/asleep.h"
#include "support/windows/open_handles.h"

// Sections as memory files, the liveness of processes, and futexes.

namespace procession::testing {

using namespace detail;
namespace {

constexpr std::uint64_t kMost = 1 << 24;

struct Memory {
    Memory() {
        must(!os::create_memory_file("test", kMost, file));
        must(!os::allocate(file, 0, 65536));
        map();
    }
    explicit Memory(Handle arrived) : file(std::move(arrived)) { map(); }
    void map() {
        std::uint64_t size = 0;
        must(!os::identify(file, identity, size));
        must(!os::Mapping::map(file, kMost, mapping));
    }
    [[nodiscard]] std::atomic<std::uint32_t>& word(std::size_t at) const {
        return *reinterpret_cast<std::atomic<std::uint32_t>*>(mapping.base() + at);
    }

    Handle file;
    os::FileIdentity identity;
    os::Mapping mapping;
};

void grow_and_write(Handle file) {
    const Memory memory(std::move(file));
    must(!os::allocate(memory.file, kMost - 4096, 4096));
    memory.word(kMost - 8) = 42;
}

TEST(WindowsMemoryFile, that_a_child_makes_grow_has_grown_for_all) {
    const Memory memory;
    ASSERT_TRUE(ends_well(Process(grow_and_write, memory.file.duplicate())));
    EXPECT_EQ(memory.word(kMost - 8), 42U);
    os::FileIdentity identity;
    std::uint64_t size = 0;
    EXPECT_FALSE(os::identify(memory.file, identity, size));
    EXPECT_EQ(size, kMost);
    EXPECT_EQ(identity, memory.identity);
    EXPECT_EQ(os::allocate(memory.file, kMost, 1), std::errc::file_too_large);
}

TEST(WindowsMemoryFile, is_told_from_everything_else) {
    const Memory memory;
    EXPECT_EQ(os::why_not_memory_file(memory.file), nullptr);
    const Handle event(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    EXPECT_NE(os::why_not_memory_file(event), nullptr);
    const Handle foreign(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr,
                                              PAGE_READWRITE | SEC_RESERVE, 0, 1 << 20, nullptr));
    EXPECT_NE(os::why_not_memory_file(foreign), nullptr);
    const Memory other;
    EXPECT_NE(memory.identity, other.identity);
    EXPECT_EQ(os::refers_to(other.file, memory.identity), std::errc::bad_file_descriptor);
}

void lock_and_wait(Handle file, const std::string& says_up) {
    const Memory memory(std::move(file));
    os::ByteLock lock;
    must(!os::ByteLock::try_lock(memory.file, memory.identity, 4096, lock));
    wait_for_death(says_up);
}

TEST(WindowsByteLock, is_held_as_long_as_its_process_lives) {
    const Memory memory;
    const Folder folder;
    const std::string up = folder.fifo("up");
    Process child(lock_and_wait, memory.file.duplicate(), up);
    ASSERT_EQ(read_line(open_end(up, O_RDONLY)), "up");
    os::ByteLock lock;
    EXPECT_TRUE(os::ByteLock::is_locked(memory.file, memory.identity, 4096));
    EXPECT_TRUE(os::ByteLock::is_any_locked(memory.file, 0, 8192));
    EXPECT_FALSE(os::ByteLock::is_locked(memory.file, memory.identity, 4096 + 64));
    EXPECT_EQ(os::ByteLock::try_lock(memory.file, memory.identity, 4096, lock),
              std::errc::device_or_resource_busy);
    child.kill();
    child.join();
    EXPECT_FALSE(os::ByteLock::is_locked(memory.file, memory.identity, 4096));
    EXPECT_FALSE(os::ByteLock::try_lock(memory.file, memory.identity, 4096, lock));
    EXPECT_TRUE(os::ByteLock::is_locked(memory.file, memory.identity, 4096));
    lock.unlock();
    EXPECT_FALSE(os::ByteLock::is_any_locked(memory.file, 0, 8192));
}

TEST(WindowsByteLock, is_given_up_by_one_that_ended_with_the_code_that_the_living_have) {
    const Memory memory;
    const Folder folder;
    Process child(lock_and_wait, memory.file.duplicate(), folder.fifo("up"));
    ASSERT_EQ(read_line(open_end(folder.fifo("up"), O_RDONLY)), "up");
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(os::ByteLock::is_locked(memory.file, memory.identity, 4096));
    ::TerminateProcess(child.sentinel(), STILL_ACTIVE);
    child.join();
    // Such an end is noticed only after several calls.
    while (os::ByteLock::is_locked(memory.file, memory.identity, 4096)) os::yield();
}

void wait_while(const Memory& memory, std::uint32_t value) {
    while (memory.word(0) == value) os::futex_wait(memory.word(0), value, std::chrono::hours(1));
}

void change_and_wake(const Memory& memory, std::uint32_t value) {
    memory.word(0) = value;
    os::futex_wake(memory.word(0), 1);
}

/// A thread sleeps while the word is `value`; a change and one wake-up end its sleep.
void sleep_and_wake(const Memory& memory, std::uint32_t value) {
    OnThread sleeper([&] { wait_while(memory, value); });
    sleeper.until_asleep();
    change_and_wake(memory, value + 1);
    sleeper.join();
}

void sleep_at(Handle file, const std::string& says_up) {
    const Memory memory(std::move(file));
    write_text(open_end(says_up, O_WRONLY), "up\n");
    wait_while(memory, 0);
    memory.word(8) = 1;
}

TEST(WindowsFutex, is_ended_by_a_wake_of_another_process) {
    const Memory memory;
    const Folder folder;
    Process child(sleep_at, memory.file.duplicate(), folder.fifo("up"));
    ASSERT_EQ(read_line(open_end(folder.fifo("up"), O_RDONLY)), "up");
    change_and_wake(memory, 1);
    EXPECT_TRUE(ends_well(child));
    EXPECT_EQ(memory.word(8), 1U);
}

TEST(WindowsFutex, loses_no_wake_up_to_a_sleeper_that_was_killed) {
    const Memory memory;
    const Folder folder;
    Process killed(sleep_at, memory.file.duplicate(), folder.fifo("up"));
    ASSERT_EQ(read_line(open_end(folder.fifo("up"), O_RDONLY)), "up");
    // It may be killed before it sleeps, or while it does: both must do.
    killed.kill();
    killed.join();
    sleep_and_wake(memory, 0);
}

/// Sleeps again and again; word 8 counts how often, word 16 is its thread.
void sleep_repeatedly(Handle file) {
    const Memory memory(std::move(file));
    memory.word(16) = static_cast<std::uint32_t>(this_thread());
    for (std::uint32_t round = 0;; ++round) {
        memory.word(8) = round + 1;
        while (memory.word(0) <= round)
            os::futex_wait(memory.word(0), memory.word(0), std::chrono::hours(1));
    }
}

TEST(WindowsFutex, loses_no_wake_up_to_one_that_was_woken_before_and_then_killed) {
    const Memory memory;
    Process killed(sleep_repeatedly, memory.file.duplicate());
    for (std::uint32_t round = 0; round < 3; ++round) {
        while (memory.word(8) <= round) os::yield();
        until_asleep(killed.pid(), static_cast<pid_t>(memory.word(16).load()));
        if (round == 2) break;
        change_and_wake(memory, round + 1);
    }
    killed.kill();
    killed.join();
    sleep_and_wake(memory, 2);
}

TEST(WindowsFutex, loses_no_wake_up_to_keys_that_were_forged) {
    const Memory memory;
    auto& head =
        *reinterpret_cast<os::SectionHead*>(memory.mapping.base() - os::section_head_bytes);
    const std::uint64_t here = os::section_head_bytes + 1;
    const std::uint64_t own = ::GetCurrentProcessId();
    std::size_t index = 0;
    for (const std::uint64_t forged :
         {~std::uint64_t{0}, std::uint64_t{4}, own, own | 7ULL << 48}) {
        head.sleepers[index].owner = forged;
        head.sleepers[index++].word = here;
    }
    sleep_and_wake(memory, 0);
}

TEST(WindowsFutex, keeps_no_more_handles_however_many_are_woken_and_none_without_memory) {
    constexpr std::size_t slack = 20;  // of the libraries
    constexpr std::size_t most = 2 * 64;
    auto memory = std::make_unique<Memory>();
    const std::size_t before = open_handles();
    for (std::uint32_t i = 0; i < 80; ++i) sleep_and_wake(*memory, i);
    EXPECT_LE(open_handles(), before + most + slack);
    EXPECT_GT(open_handles(), before + slack) << "those woken last are known";
    memory.reset();
    EXPECT_LE(open_handles(), before + slack);
}

TEST(WindowsFutex, of_many_threads_is_ended_for_each) {
    const Memory memory;
    std::atomic<int> rounds{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (std::uint32_t round = 0; round < 50; ++round) {
                while (memory.word(0) <= round)
                    os::futex_wait(memory.word(0), round, std::chrono::hours(1));
                ++rounds;
            }
        });
    }
    for (int round = 0; round < 50; ++round) {
        while (rounds < round * 8) std::this_thread::yield();
        ++memory.word(0);
        os::futex_wake(memory.word(0), INT32_MAX);
    }
    for (auto& each : threads) each.join();
    EXPECT_EQ(rounds, 400);
}

TEST(WindowsFutex, ends_at_its_limit) {
    const Memory memory;
    EXPECT_EQ(os::futex_wait(memory.word(0), 0, 1ms), os::FutexResult::timed_out);
    EXPECT_EQ(os::futex_wait(memory.word(0), 1, std::chrono::hours(1)), os::FutexResult::woken)
        << "it is another value";
    std::atomic<std::uint32_t> own{0};
    EXPECT_EQ(os::futex_wait(own, 0, 1ms), os::FutexResult::timed_out)
        << "in memory of this process alone";
}

TEST(WindowsWait, watches_more_objects_than_one_call_of_windows_can) {
    std::vector<Handle> events;
    std::vector<os::Watched> watched;
    for (int i = 0; i < 300; ++i) {
        events.emplace_back(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
        watched.push_back({events.back().get()});
    }
    EXPECT_FALSE(os::wait_any(watched, Deadline(1ms)));
    std::thread setter([&] { ::SetEvent(events[299].get()); });
    EXPECT_TRUE(os::wait_any(watched, Deadline::never()));
    setter.join();
    EXPECT_TRUE(watched[299].ready);
    EXPECT_FALSE(watched[0].ready);
}

TEST(WindowsSealedBytes, are_read_and_cannot_be_written) {
    const std::string text = "a bootstrap message";
    const std::array parts{std::as_bytes(std::span(text))};
    Handle sealed;
    ASSERT_FALSE(os::seal_bytes("test", parts, sealed));
    os::SealedBytes bytes;
    ASSERT_FALSE(bytes.open(sealed));
    EXPECT_TRUE(std::ranges::equal(bytes.bytes(), parts[0]));
    EXPECT_EQ(::MapViewOfFile(sealed.get(), FILE_MAP_WRITE, 0, 0, 0), nullptr);
    os::SealedBytes other;
    EXPECT_EQ(other.open(Memory().file), std::errc::permission_denied) << "it could still change";
}

}  // namespace
}  // namespace procession::testing
