// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "faults/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "faults/fault_plan.h"

namespace {

std::atomic<long> live{0};

void* allocate(std::size_t size, std::size_t alignment) {
    if (procession::testing::allocation_fails()) throw std::bad_alloc();
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
    if (memory == nullptr) throw std::bad_alloc();
    live.fetch_add(1, std::memory_order_relaxed);  // relaxed: a lone count
    return memory;
}

void release(void* memory) noexcept {
    if (memory == nullptr) return;
    live.fetch_sub(1, std::memory_order_relaxed);
    std::free(memory);
}

}  // namespace

namespace procession::testing {

long live_allocations() noexcept { return live.load(std::memory_order_relaxed); }

}  // namespace procession::testing

// The other forms of new (arrays, nothrow) call these two.
void* operator new(std::size_t size) { return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
