// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "os/handle.h"

namespace procession::testing {

/// A plain struct, all zeros at first, in memory that any descendant can map: forked ones have it,
/// spawned ones open it by its address().
template <class T>
class SharedRecord {
  public:
    /// Where another process finds it, as long as its maker lives.
    struct Address {
        std::int32_t pid = 0;
        std::int32_t fd = -1;
    };

    SharedRecord() : file_(::memfd_create("test-record", MFD_CLOEXEC)) {
        if (::ftruncate(file_.get(), sizeof(T)) != 0) throw std::runtime_error("ftruncate");
        map();
    }
    explicit SharedRecord(Address address)
        : file_(
              ::open(("/proc/" + std::to_string(address.pid) + "/fd/" + std::to_string(address.fd))
                         .c_str(),
                     O_RDWR | O_CLOEXEC)) {
        map();
    }
    ~SharedRecord() { ::munmap(record_, sizeof(T)); }
    SharedRecord(const SharedRecord&) = delete;
    SharedRecord& operator=(const SharedRecord&) = delete;

    [[nodiscard]] Address address() const { return {::getpid(), file_.get()}; }
    T* operator->() const { return record_; }
    T& operator*() const { return *record_; }

  private:
    void map() {
        void* memory =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
        if (memory == MAP_FAILED) throw std::runtime_error("mmap");
        record_ = static_cast<T*>(memory);
    }

    os::Handle file_;
    T* record_ = nullptr;
};

}  // namespace procession::testing
