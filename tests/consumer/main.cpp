// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// A user's program: a spawned worker takes jobs of one type and puts results of another. What the
// library throws is caught here by its type.

#include <procession/procession.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace mp = procession;
using namespace std::chrono_literals;

namespace {

struct Sum {
    std::string text;
    long value;
};

struct Adder {
    mp::JoinableQueue<std::string> jobs;
    mp::Queue<Sum> sums;

    void operator()() {  // runs in the child
        for (auto job : jobs) {
            long value = 0;
            for (const char letter : *job) value += letter - '0';
            sums.put({*job, value});
            job.done();
        }
    }
};

void check(bool is_right, const char* what) {
    if (is_right) return;
    std::printf("wrong: %s\n", what);
    std::exit(1);
}

template <class Thrown, class Call>
bool throws(Call call) {
    try {
        call();
    } catch (const Thrown&) {
        return true;
    }
    return false;
}

void a_worker_adds() {
    Adder adder;
    mp::Process worker(mp::spawn, adder);
    adder.jobs.put("123");
    adder.jobs.put("4567");
    adder.jobs.join();
    adder.jobs.shutdown();
    check(adder.sums.get().value == 6, "the first sum");
    check(adder.sums.get().text == "4567", "the second job");
    worker.join();
    check(worker.exit_code() == 0, "the exit code of the worker");
}

void errors_are_caught_by_type() {
    mp::Queue<int> queue;
    check(throws<mp::Empty>([&] { (void)queue.get(1ms); }), "Empty as itself");
    check(throws<mp::TimeoutError>([&] { (void)queue.get(1ms); }), "Empty as a TimeoutError");
    check(throws<mp::Error>([&] { (void)queue.get(1ms); }), "Empty as an Error");
    queue.close();
    check(throws<mp::ClosedError>([&] { queue.put(1); }), "ClosedError");
    check(throws<mp::ValueError>([] { (void)mp::start_method_from_name("clone"); }), "ValueError");
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(argc, argv);
    a_worker_adds();
    errors_are_caught_by_type();
    std::printf("a spawned worker added, and errors were caught by their types\n");
    return 0;
}
