// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant is one process, whatever its children inherit and whatever it closes: children made
// behind our back keep no participant alive and act for none; a process without descriptors lives.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "procession/procession.h"
#include "queue/shared_queue.h"
#include "support/gate.h"
#include "support/queue_helpers.h"
#include "support/shared_notes.h"

extern char** environ;

namespace procession {

using namespace detail;
namespace {

using namespace std::chrono_literals;
using testing::Gate;
using testing::kill_and_collect;

// ---- children that no at-fork handler has prepared
// ------------------------------------------------

int fork_by_system_call() { return static_cast<int>(::syscall(SYS_fork)); }
int fork_by_clone_call() {
    return static_cast<int>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}
int fork_without_handlers() { return ::_Fork(); }
int fork_with_handlers() { return ::fork(); }

struct Fork {
    const char* name;
    int (*make)();
};
const Fork kForks[] = {{"fork", fork_with_handlers},
                       {"Fork_without_handlers", fork_without_handlers},
                       {"the_system_call_fork", fork_by_system_call},
                       {"the_system_call_clone", fork_by_clone_call}};

class ChildMadeBy : public ::testing::TestWithParam<Fork> {
  protected:
    // Makes a child that runs `act` and ends; returns its exit status.
    template <class Act>
    static int run(Act act) {
        const int child = GetParam().make();
        if (child == 0) {
            try {
                act();
            } catch (const std::exception& failed) {
                std::fprintf(stderr, "child: %s\n", failed.what());
                ::_exit(98);
            }
            ::_exit(0);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
};

INSTANTIATE_TEST_SUITE_P(Each, ChildMadeBy, ::testing::ValuesIn(kForks),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_P(ChildMadeBy, does_not_keep_its_dead_parent_alive_though_it_never_uses_the_queue) {
    JoinableQueue<int> queue;
    Queue<int> taken;
    queue.put(1);
    Gate gate;
    Process holder(procession::fork, [&] {
        const auto lease = queue.get();
        if (GetParam().make() == 0) {
            gate.wait();
            ::_exit(0);
        }
        taken.put(1);
        ::kill(::getpid(), SIGKILL);
    });
    static_cast<void>(taken.get());
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    EXPECT_EQ(queue.deaths().front().pid, holder.pid());
    again.done();
    gate.open();
}

TEST_P(ChildMadeBy, is_a_participant_of_its_own) {
    JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto mine = queue.get();
    EXPECT_EQ(run([&] {
                  auto lease = queue.get();
                  testing::must(*lease == 2);
                  testing::must(queue.participants().size() == 2);
                  testing::must(queue.participants()[1].pid == ::getpid());
                  lease.done();
                  queue.put(3);
                  queue.close();
              }),
              0);
    EXPECT_EQ(queue.stats().deaths, 0U);
    mine.done();
    EXPECT_EQ(queue.get().detach(), 3);
}

TEST_P(ChildMadeBy, cannot_finish_or_give_back_what_is_its_parents) {
    JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto first = queue.get();
    auto second = queue.get();
    EXPECT_EQ(run([&] {
                  EXPECT_THROW(first.done(), ValueError);
                  EXPECT_THROW(second.give_back(), ValueError);
                  EXPECT_THROW(queue.task_done(), ValueError);
                  testing::must(!::testing::Test::HasFailure());
              }),
              0);
    EXPECT_EQ(queue.unfinished(), 2U);
    first.done();
    second.done();
    EXPECT_TRUE(queue.join(Deadline::now()));
}

TEST_P(ChildMadeBy, that_destroys_its_copies_unused_takes_nothing_from_its_parent) {
    auto queue = std::make_unique<JoinableQueue<int>>();
    queue->put(1);
    auto lease = std::make_unique<Lease<int>>(queue->get());
    EXPECT_EQ(run([&] {
                  lease.reset();
                  queue.reset();
              }),
              0);
    EXPECT_EQ(queue->bytes().notice_deaths(), 0U);
    EXPECT_FALSE(queue->try_get().has_value());
    lease->done();
    EXPECT_TRUE(queue->join(Deadline::now()));
}

TEST_P(ChildMadeBy, does_not_unmap_what_has_taken_the_place_of_its_parents_lock) {
    auto queue = std::make_unique<Queue<int>>();
    queue->put(1);
    EXPECT_EQ(run([&] {
                  // The lock's mapping left a hole in the child's address space: fill all holes.
                  constexpr std::size_t page = 4096;
                  std::vector<char*> pages;
                  for (int i = 0; i < 64; ++i) {
                      void* got = ::mmap(nullptr, page, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                      testing::must(got != MAP_FAILED);
                      pages.push_back(static_cast<char*>(got));
                  }
                  queue->close();
                  queue.reset();
                  for (char* each : pages) *each = 1;
              }),
              0);
    EXPECT_EQ(queue->bytes().notice_deaths(), 0U);
}

TEST_P(ChildMadeBy, may_use_the_queue_concurrently) {
    JoinableQueue<int> queue;
    for (int i = 0; i < 100; ++i) queue.put(i);
    auto mine = queue.get();
    EXPECT_EQ(run([&] {
                  std::vector<std::thread> threads;
                  for (int i = 0; i < 4; ++i) {
                      threads.emplace_back([&] {
                          while (auto lease = queue.try_get()) lease->done();
                      });
                  }
                  for (auto& each : threads) each.join();
                  queue.close();
              }),
              0);
    EXPECT_EQ(queue.unfinished(), 1U);
    EXPECT_EQ(queue.stats().deaths, 0U);
    mine.done();
}

TEST(ChildMadeByPosixSpawn, does_not_keep_its_dead_parent_alive) {
    JoinableQueue<int> queue;
    Queue<int> taken;
    queue.put(1);
    Gate gate;
    Process holder(procession::fork, [&] {
        const auto lease = queue.get();
        ::dup2(gate.reader(), STDIN_FILENO);
        char name[] = "cat";
        char* const arguments[] = {name, nullptr};
        pid_t spawned = 0;
        testing::must(::posix_spawnp(&spawned, name, nullptr, nullptr, arguments, environ) == 0);
        taken.put(1);
        ::kill(::getpid(), SIGKILL);
    });
    static_cast<void>(taken.get());
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    gate.open();
}

TEST(ChildMadeByVfork, that_has_executed_does_not_keep_its_dead_parent_alive) {
    JoinableQueue<int> queue;
    Queue<int> taken;
    queue.put(1);
    Gate gate;
    Process holder(procession::fork, [&] {
        const auto lease = queue.get();
        ::dup2(gate.reader(), STDIN_FILENO);
        // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork): that is what is tested
        if (::vfork() == 0) {
            ::execl("/bin/cat", "cat", static_cast<char*>(nullptr));
            ::_exit(127);
        }
        taken.put(1);
        ::kill(::getpid(), SIGKILL);
    });
    static_cast<void>(taken.get());
    EXPECT_EQ(queue.get().deliveries(), 2U);
    gate.open();
}

// ---- descriptors
// -----------------------------------------------------------------------------------

TEST(Descriptors, that_an_executed_program_inherits_without_close_on_exec_keep_no_process_alive) {
    JoinableQueue<int> queue;
    Queue<int> taken;
    queue.put(1);
    Gate gate;
    Process holder(procession::fork, [&] {
        const auto lease = queue.get();
        taken.put(1);
        // All its descriptors cross, also those that other code has opened.
        for (int fd = 3; fd < 64; ++fd) {
            if (fd != gate.writer()) ::fcntl(fd, F_SETFD, 0);
        }
        ::dup2(gate.reader(), STDIN_FILENO);
        ::execl("/bin/cat", "cat", static_cast<char*>(nullptr));
        ::_exit(127);
    });
    static_cast<void>(taken.get());
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U) << "exec is the end of the participant";
    EXPECT_TRUE(holder.is_alive());
    again.done();
    gate.open();
}

TEST(Descriptors, of_a_queue_are_one_for_each) {
    const auto open_ones = [] {
        int count = 0;
        for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
        return count;
    };
    const int before = open_ones();
    const JoinableQueue<int> queue;
    queue.put(1);
    queue.get().done();
    EXPECT_EQ(open_ones(), before + 1);
}

void close_all_descriptors() { ::syscall(SYS_close_range, 3U, ~0U, 0U); }

// What a process without descriptors still says, and to whom: shared memory.
struct Findings {
    std::atomic<bool> refuses_to_wait{false};
    std::atomic<bool> refuses_to_grow{false};
    std::atomic<bool> refuses_to_pass{false};
    std::atomic<bool> names_the_reason{false};
};

TEST(ProcessThatClosedAllDescriptors, is_alive_and_keeps_its_items) {
    JoinableQueue<int> queue;
    JoinableQueue<int> done;
    queue.put_many(std::vector{1, 2});
    const int daemon = ::fork();
    if (daemon == 0) {
        auto lease = queue.get();
        done.put(0);
        done.get().done();
        close_all_descriptors();
        ::raise(SIGSTOP);
        lease.done();
        queue.get().done();
        queue.put(3);
        queue.close();
        ::_exit(0);
    }
    EXPECT_TRUE(testing::until_stopped(daemon));
    EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
    const auto all = queue.participants();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(all[1].is_alive);
    EXPECT_EQ(all[1].items_held, 1U);
    ::kill(daemon, SIGCONT);
    EXPECT_EQ(::waitpid(daemon, nullptr, 0), daemon);
    EXPECT_EQ(queue.stats().finished, 2U);
    EXPECT_EQ(queue.get().detach(), 3);
    EXPECT_EQ(queue.stats().deaths, 0U) << "it left in good order";
}

TEST(ProcessThatClosedAllDescriptors, is_dead_once_it_dies) {
    JoinableQueue<int> queue;
    queue.put(1);
    const int daemon = ::fork();
    if (daemon == 0) {
        const auto lease = queue.get();
        close_all_descriptors();
        ::raise(SIGSTOP);
    }
    EXPECT_TRUE(testing::until_stopped(daemon));
    EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
    kill_and_collect(daemon);
    EXPECT_EQ(queue.get().deliveries(), 2U);
}

TEST(ProcessThatClosedAllDescriptors, says_so_instead_of_waiting_for_ever) {
    JoinableQueue<std::string> queue;
    const testing::SharedNotes<Findings> found;
    const int daemon = ::fork();
    if (daemon == 0) {
        queue.put("small");
        close_all_descriptors();
        queue.get().done();
        try {
            static_cast<void>(queue.get());
        } catch (const OSError& error) {
            found->refuses_to_wait = error.code() == std::errc::bad_file_descriptor;
            found->names_the_reason =
                std::string(error.what()).find("closefrom") != std::string::npos;
        }
        try {
            queue.put(std::string(1 << 20, 'x'));
        } catch (const OSError&) {
            found->refuses_to_grow = true;
        }
        try {
            Process child(procession::spawn, [](JoinableQueue<std::string>) {}, queue);
        } catch (const OSError&) {
            found->refuses_to_pass = true;
        }
        ::_exit(0);
    }
    EXPECT_EQ(::waitpid(daemon, nullptr, 0), daemon);
    EXPECT_TRUE(found->refuses_to_wait);
    EXPECT_TRUE(found->names_the_reason);
    EXPECT_TRUE(found->refuses_to_grow);
    EXPECT_TRUE(found->refuses_to_pass);
}

// The number of the queue's descriptor is another file's by now: nothing happens to that file.
TEST(ProcessThatClosedAllDescriptors, leaves_the_file_alone_that_has_the_number_now) {
    JoinableQueue<std::string> queue;
    auto victim = std::make_unique<JoinableQueue<std::string>>(queue);
    queue.put("held by another process");
    const int other = ::fork();
    if (other == 0) {
        const auto lease = queue.get();
        ::raise(SIGSTOP);
    }
    EXPECT_TRUE(testing::until_stopped(other));
    Process daemon(procession::fork, [&] {
        queue.put("x");
        queue.get().done();
        const int number = shm::SharedObject::all().front()->segment().file().get();
        const int stranger = ::memfd_create("a stranger's file", 0);
        testing::must(::dup2(stranger, number) == number);
        ::close(stranger);
        testing::must(queue.bytes().notice_deaths() == 0);  // though no byte of it is locked
        try {
            queue.put(std::string(1 << 20, 'x'));
            testing::must(false);
        } catch (const OSError&) {}
        struct stat status{};
        testing::must(::fstat(number, &status) == 0 && status.st_size == 0);
        queue = JoinableQueue<std::string>();
        victim.reset();
        testing::must(::fcntl(number, F_GETFD) >= 0);  // not closed with the queue
    });
    EXPECT_TRUE(testing::ends_well(daemon));
    kill_and_collect(other);
}

TEST(ProcessWithoutFreeDescriptors, says_so_when_it_has_to_repair) {
    if (testing::sanitized) GTEST_SKIP() << "the sanitizer looks at memory through a pipe";
    JoinableQueue<int> queue;
    queue.put(1);
    const int victim = ::fork();
    if (victim == 0) {
        const auto lease = queue.get();
        ::kill(::getpid(), SIGKILL);
    }
    EXPECT_EQ(::waitpid(victim, nullptr, 0), victim);
    std::vector<os::Handle> all;
    for (int fd = 0; (fd = ::fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0;) all.emplace_back(fd);
    EXPECT_THROW(static_cast<void>(queue.get()), OSError);
    all.clear();
    EXPECT_EQ(queue.get().deliveries(), 2U);
}

}  // namespace
}  // namespace procession
