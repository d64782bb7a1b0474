// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef _WIN32
#include "os/windows/api.h"
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <cstdint>
#include <stdexcept>
#include <string>

#include "os/handle.h"

namespace procession::testing {

using namespace detail;

/// A plain struct, all zeros at first, in memory that any descendant can map: forked ones have it,
/// spawned ones open it by its address().
template <class T>
class SharedRecord {
  public:
    /// Where another process finds it, as long as its maker lives.
    struct Address {
        std::int32_t pid = 0;
        std::int32_t fd = -1;  // on Windows the number in its name
    };

#ifdef _WIN32
    SharedRecord() {
        static std::int32_t counter = 0;
        address_ = {static_cast<std::int32_t>(::GetCurrentProcessId()), ++counter};
        open();
    }
    explicit SharedRecord(Address address) : address_(address) { open(); }
    ~SharedRecord() { ::UnmapViewOfFile(record_); }
    [[nodiscard]] Address address() const { return address_; }
#else

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
    [[nodiscard]] Address address() const { return {::getpid(), file_.get()}; }
#endif
    SharedRecord(const SharedRecord&) = delete;
    SharedRecord& operator=(const SharedRecord&) = delete;

    T* operator->() const { return record_; }
    T& operator*() const { return *record_; }

  private:
#ifdef _WIN32
    void open() {
        const std::wstring name = L"Local\\procession-test-" + std::to_wstring(address_.pid) +
                                  L"-" + std::to_wstring(address_.fd);
        file_.reset(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0,
                                         sizeof(T), name.c_str()));
        record_ = static_cast<T*>(::MapViewOfFile(file_.get(), FILE_MAP_WRITE, 0, 0, sizeof(T)));
        if (record_ == nullptr) throw std::runtime_error("MapViewOfFile");
    }
    Address address_;
#else
    void map() {
        void* memory =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
        if (memory == MAP_FAILED) throw std::runtime_error("mmap");
        record_ = static_cast<T*>(memory);
    }
#endif

    os::Handle file_;
    T* record_ = nullptr;
};

}  // namespace procession::testing
