// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "contract/process_fixture.h"
#include "procession/error.h"
#include "support/sudden_death.h"

// Processes that confine themselves after they have come to a queue: by chroot, where there is no
// /proc, or by a filter that lets no file be opened.

namespace procession::testing {
namespace {

enum class Confinement : std::uint8_t { chroot, filter };

void open_no_file_any_more() {
    constexpr std::uint32_t number_at = offsetof(seccomp_data, nr);
    std::array<sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number_at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{program.size(), program.data()};
    must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    must(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

void confine(Confinement how, const std::string& folder) {
    ignore_leaks_of_this_process();  // a leak detector needs what this takes away
    if (how == Confinement::filter) return open_no_file_any_more();
    must(::chroot(folder.c_str()) == 0 && ::chdir("/") == 0);
}

bool is_possible(Confinement how) { return how == Confinement::filter || ::geteuid() == 0; }

template <class Kind>
class QueueOfAConfinedProcess : public ForKind<Kind> {
  protected:
    template <class Test>
    void for_each_way(Test test) {
        for (const auto how : {Confinement::chroot, Confinement::filter}) {
            if (!is_possible(how)) continue;  // chroot is for root
            for (const auto method : get_all_start_methods()) test(how, method);
        }
    }
};
TYPED_TEST_SUITE(QueueOfAConfinedProcess, BothKinds, KindName);

template <class Queue>
void hold_one_and_say_so(const Queue& jobs, const std::string& fifo) {
    [[maybe_unused]] const auto held = jobs.get();
    wait_for_death(fifo);
}

/// A worker with an item in hand is killed, and not collected, so that only others can notice.
template <class Queue>
class DeadWorker {
  public:
    DeadWorker(const Queue& jobs, const Folder& folder, int number)
        : worker_(fork, hold_one_and_say_so<Queue>, jobs,
                  folder.fifo("held" + std::to_string(number))) {
        read_line(open_end(folder.file("held" + std::to_string(number)), O_RDONLY));
    }
    void kill() {
        worker_.kill();
        siginfo_t info{};
        ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(worker_.pid()), &info, WEXITED | WNOWAIT), 0);
    }

  private:
    Process worker_;
};

template <class Queue>
void notice_confined(const Queue& jobs, Confinement how, const std::string& root,
                     std::size_t deaths) {
    must(jobs.qsize() == 0);  // it takes part
    confine(how, root);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                while (jobs.wait_for_deaths(0, Deadline::now()).size() < deaths)
                    std::this_thread::yield();
            });
        }
    }
    if constexpr (requires { jobs.unfinished(); }) {
        for (std::size_t i = 0; i < deaths; ++i) jobs.get(Deadline::now()).done();
    }
    must(jobs.qsize() == 0);
    jobs.put(1);
    must(take(jobs, Deadline::now()) == 1);
}

TYPED_TEST(QueueOfAConfinedProcess, is_mended_by_that_process_alone) {
    using Jobs = typename TestFixture::Ints;
    this->for_each_way([](Confinement how, StartMethod method) {
        const Folder folder;
        const Jobs jobs;
        for (int i = 0; i < 3; ++i) jobs.put(i);
        std::vector<std::unique_ptr<DeadWorker<Jobs>>> workers;
        for (int i = 0; i < 3; ++i)
            workers.push_back(std::make_unique<DeadWorker<Jobs>>(jobs, folder, i));
        for (const auto& each : workers) each->kill();
        const std::string root = folder.file("root");
        std::filesystem::create_directory(root);
        EXPECT_TRUE(
            ends_well(Process(method, notice_confined<Jobs>, jobs, how, root, std::size_t{3})));
    });
}

template <class Queue>
void put_large_ones(const Queue& texts, Confinement how, const std::string& root) {
    must(texts.empty());
    confine(how, root);
    const std::string large(5'000'000, 'x');
    for (int i = 0; i < 5; ++i) texts.put(large);
    for (int i = 0; i < 5; ++i) must(take(texts, Deadline::now()) == large);
}

TYPED_TEST(QueueOfAConfinedProcess, grows) {
    using Items = typename TestFixture::Texts;
    this->for_each_way([](Confinement how, StartMethod method) {
        const Folder folder;
        EXPECT_TRUE(
            ends_well(Process(method, put_large_ones<Items>, Items(), how, folder.file(""))));
    });
}

template <class Queue>
void come_too_late(const Queue& jobs, Confinement how, const std::string& root) {
    confine(how, root);
    const auto why = message_of<OSError>([&] { jobs.put(1); });
    must(why.find("cannot open /proc/thread-self/fd") != std::string::npos);
    must(why.find("before the process confines itself") != std::string::npos);
    const auto also_get =
        message_of<OSError>([&] { static_cast<void>(jobs.get(Deadline::now())); });
    must(also_get.find("cannot open /proc/thread-self/fd") != std::string::npos);
}

TYPED_TEST(QueueOfAConfinedProcess, is_refused_with_the_reason_when_it_is_used_too_late) {
    using Jobs = typename TestFixture::Ints;
    this->for_each_way([](Confinement how, StartMethod method) {
        const Folder folder;
        const Jobs jobs;
        EXPECT_TRUE(ends_well(Process(method, come_too_late<Jobs>, jobs, how, folder.file(""))));
        jobs.put(2);
        EXPECT_EQ(take(jobs), 2) << "it is in order for the others";
    });
}

void spawn_confined(const std::string& root) {
    confine(Confinement::chroot, root);
    for (const auto method : {StartMethod::spawn, StartMethod::forkserver}) {
        const auto why = message_of<ProcessError>([&] { Process(method, do_nothing); });
        must(why.find("/proc/self/exe") != std::string::npos);
    }
}

TEST(ProcessThatIsConfined, cannot_start_its_program_once_more_and_says_why) {
    if (!is_possible(Confinement::chroot)) GTEST_SKIP() << "chroot is for root";
    const Folder folder;
    const std::string root = folder.file("");
    EXPECT_TRUE(ends_well(Process(spawn, spawn_confined, root)));
}

}  // namespace
}  // namespace procession::testing
