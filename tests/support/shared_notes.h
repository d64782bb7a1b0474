// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <new>

namespace procession::testing {

/// A plain struct in memory that this process and its fork children share: what a victim had done
/// when it died.
template <class Notes>
class SharedNotes {
  public:
    SharedNotes() {
        void* memory = ::mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        notes_ = new (memory) Notes();
    }
    ~SharedNotes() { ::munmap(notes_, sizeof(Notes)); }
    SharedNotes(const SharedNotes&) = delete;
    SharedNotes& operator=(const SharedNotes&) = delete;

    Notes* operator->() const { return notes_; }
    Notes& operator*() const { return *notes_; }

  private:
    Notes* notes_;
};

}  // namespace procession::testing
