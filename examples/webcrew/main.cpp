// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// webcrew    A web server whose connections outlive the processes that answer on them.
//
// The parent accepts. A connection on which a request has arrived goes, as an element of a
// JoinableQueue, to a worker that was running long before. A worker may be killed at any moment
// (--chaos does it): the lease on the connection goes back, the client notices nothing, and
// another worker answers.

#include <fcntl.h>
#include <procession/procession.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "desk.h"

namespace {

int stop_writer = -1;

void stop(int) {
    const char any = 0;
    [[maybe_unused]] const auto written = ::write(stop_writer, &any, 1);
}

/// Readable after Ctrl-C or SIGTERM.
int stop_reader() {
    static procession::Handle kept[2];
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    kept[0].reset(ends[0]);
    kept[1].reset(ends[1]);
    stop_writer = ends[1];
    std::signal(SIGINT, stop);
    std::signal(SIGTERM, stop);
    return ends[0];
}

}  // namespace

int main(int argc, char** argv) try {
    procession::init(argc, argv);
    webcrew::Options options;
    std::string method(procession::name_of(options.method));
    CLI::App app(
        "A web server on the loopback interface: the parent accepts, workers answer, each request\n"
        "with the number of the process that did. Ends by Ctrl-C or SIGTERM.",
        "webcrew");
    app.add_option("--port", options.port, "0: any that is free; printed on stdout")
        ->check(CLI::Range(0, 65535));
    app.add_option("--workers", options.workers, "processes that answer; 2")
        ->check(CLI::Range(1, 64));
    app.add_option("--start-method", method, "how workers are started; " + method)
        ->check(CLI::IsMember(std::vector<std::string>{"fork", "spawn", "forkserver"}));
    app.add_option("--chaos", options.chaos, "SIGKILL a random worker N times a second")
        ->check(CLI::Range(0, 100));
    CLI11_PARSE(app, argc, argv);
    options.method = procession::start_method_from_name(method);
    const int stop = stop_reader();
    webcrew::Desk desk(options);
    std::printf("http://127.0.0.1:%u/\n", desk.port());
    std::fflush(stdout);
    desk.run(stop);
    return 0;
} catch (const std::exception& failed) {
    std::fprintf(stderr, "webcrew: %s\n", failed.what());
    return 1;
}
