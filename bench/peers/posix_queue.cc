// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "peers/posix_queue.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace procession::bench {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

PosixQueue::PosixQueue(std::size_t capacity, std::size_t bytes) : bytes_(bytes) {
    const std::string name = "/procession_bench_" + std::to_string(::getpid());
    mq_attr attributes{};
    attributes.mq_maxmsg = static_cast<long>(capacity);
    attributes.mq_msgsize = static_cast<long>(bytes);
    queue_ = ::mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attributes);
    if (queue_ < 0) fail("mq_open");
    ::mq_unlink(name.c_str());
}

void PosixQueue::send(const void* item) const {
    if (::mq_send(queue_, static_cast<const char*>(item), bytes_, 0) != 0) fail("mq_send");
}

void PosixQueue::receive(void* item) const {
    const ssize_t received = ::mq_receive(queue_, static_cast<char*>(item), bytes_, nullptr);
    if (received != static_cast<ssize_t>(bytes_)) fail("mq_receive");
}

std::error_code PosixQueue::why_not() {
    try {
        const PosixQueue attempt(1, 8);
        return {};
    } catch (const std::system_error& failed) {
        return failed.code();
    }
}

}  // namespace procession::bench
