// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <map>

#include "contract/process_fixture.h"
#include "contract/python_program.h"
#include "support/queue_helpers.h"

// A C++ program whose workers are Python programs: they take from its queues and put into them.
// (The other way round: examples/mixed, and python/tests/test_messagepack.py.)

namespace procession::testing {

struct Task {
    std::string path;
    int number = 0;
    std::optional<double> weight;
};

struct Answer {
    std::string path;
    std::int64_t square = 0;
    std::vector<std::byte> bytes;
    std::map<std::string, std::vector<double>> details;
};

namespace {

/// A queue's memory file under a number that programs inherit which are started meanwhile.
class Inheritable {
  public:
    template <class QueueOfSome>
    explicit Inheritable(const QueueOfSome& queue) : file_(::dup(queue.bytes().native_handle())) {}
    [[nodiscard]] std::string number() const { return std::to_string(file_.get()); }

  private:
    Handle file_;
};

class PythonWorker : public ::testing::Test {
  protected:
    void SetUp() override {
#ifdef PROCESSION_PYTHON_PACKAGE
        python_ = std::string("PYTHONPATH='") + PROCESSION_PYTHON_PACKAGE + "' '" +
                  PROCESSION_PYTHON_PROGRAM + "' -B";
#else
        GTEST_SKIP() << "this build has no Python package";
#endif
    }
    /// Runs `body` with the queues at hand, and a class for what is in each.
    [[nodiscard]] PythonProgram start(const std::string& body) const {
        return {python_,
                "import os, time, procession\n"
                "from dataclasses import dataclass\n"
                "@dataclass\n"
                "class Task:\n"
                "    path: str\n"
                "    number: int\n"
                "    weight: float | None\n"
                "@dataclass\n"
                "class Answer:\n"
                "    path: str\n"
                "    square: int\n"
                "    bytes: bytes\n"
                "    details: dict[str, list[float]]\n"
                "tasks_number, answers_number = " +
                    tasks_file_.number() + ", " + answers_file_.number() +
                    "\n"
                    "def attach():\n"
                    "    return (procession.JoinableQueue.from_descriptor(tasks_number, type=Task),"
                    " procession.Queue.from_descriptor(answers_number, type=Answer))\n" +
                    body};
    }

    std::string python_;
    const JoinableQueue<Task> tasks_;
    const Queue<Answer> answers_;
    const Inheritable tasks_file_{tasks_};
    const Inheritable answers_file_{answers_};
};

TEST_F(PythonWorker, takes_what_cpp_puts_and_puts_what_cpp_takes) {
    PythonProgram worker = start(
        "tasks, answers = attach()\n"
        "for task in tasks:\n"
        "    answers.put(Answer(task.path, task.number ** 2, task.path.encode(),\n"
        "                       {'weight': [] if task.weight is None else [task.weight, 2.5]}))\n"
        "    tasks.task_done()\n"
        "print('through')\n");
    for (int i = 0; i < 100; ++i)
        tasks_.put(
            {"path " + std::to_string(i), i, i % 2 == 0 ? std::nullopt : std::optional(0.5)});
    EXPECT_TRUE(tasks_.join());
    for (int i = 0; i < 100; ++i) {
        const Answer answer = answers_.get();
        EXPECT_EQ(answer.path, "path " + std::to_string(i));
        EXPECT_EQ(answer.square, i * i);
        EXPECT_EQ(answer.bytes.size(), answer.path.size());
        const auto& weight = answer.details.at("weight");
        EXPECT_EQ(weight, i % 2 == 0 ? std::vector<double>() : (std::vector{0.5, 2.5}));
    }
    tasks_.shutdown();
    EXPECT_EQ(worker.rest(), "through\n");
}

TEST_F(PythonWorker, killed_with_a_task_in_hand_gives_it_back_to_cpp) {
    tasks_.put({"the only one", 7, {}});
    PythonProgram worker = start(
        "tasks, answers = attach()\n"
        "task = tasks.get()\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(1000)\n");
    const std::string pid = worker.line();
    ASSERT_EQ(::kill(std::stoi(pid), SIGKILL), 0) << pid;
    auto lease = tasks_.get();
    EXPECT_EQ(lease->number, 7);
    EXPECT_EQ(lease.deliveries(), 2U);
    lease.done();
    EXPECT_EQ(tasks_.stats().redelivered, 1U);
}

TEST_F(PythonWorker, that_takes_a_queue_for_what_it_is_not_is_told_so) {
    PythonProgram worker = start(
        "for kind, number in (procession.Queue, tasks_number), "
        "(procession.JoinableQueue, answers_number):\n"
        "    try:\n"
        "        kind.from_descriptor(os.dup(number))\n"
        "    except procession.TypeMismatch as told:\n"
        "        print(told)\n");
    const std::string told = worker.rest();
    EXPECT_TRUE(contains(told, "it is a JoinableQueue of")) << told;
    EXPECT_TRUE(contains(told, "it is a Queue of")) << told;
}

TEST_F(PythonWorker, that_puts_what_is_no_answer_leaves_a_dead_letter_that_says_why) {
    PythonProgram worker = start(
        "tasks, answers = attach()\n"
        "answers.put(['path', 'no number', b'', {}])\n"
        "print('put')\n");
    EXPECT_EQ(worker.rest(), "put\n");
    EXPECT_THROW((void)answers_.get(), DecodeError);
    const auto letters = answers_.take_dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_TRUE(contains(letters[0].reason, "integer")) << letters[0].reason;
}

}  // namespace
}  // namespace procession::testing
