// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <vector>

namespace procession::bench {

/// An array that forked children share with their parent; zeroed.
template <class T>
class SharedArray {
  public:
    explicit SharedArray(std::size_t count) : count_(count) {
        void* memory = ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        items_ = static_cast<T*>(memory);
    }
    SharedArray(const SharedArray&) = delete;
    SharedArray& operator=(const SharedArray&) = delete;
    ~SharedArray() { ::munmap(items_, count_ * sizeof(T)); }

    [[nodiscard]] T& operator[](std::size_t index) const { return items_[index]; }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] std::span<T> all() const { return {items_, count_}; }

  private:
    T* items_ = nullptr;
    std::size_t count_;
};

/// Those that this program may run on.
[[nodiscard]] std::vector<int> allowed_cpus();
inline constexpr int kAnyCpu = -1;

/// What one process of a round does.
struct Member {
    std::function<void()> prepare;        // before the start
    std::function<std::uint64_t()> work;  // its results are added up
    int cpu = kAnyCpu;                    // an index into allowed_cpus()
    std::function<void()> leave = {};     // when its end has been noted
};

struct Round {
    double seconds = 0;  // from the start of all to the end of the last
    std::uint64_t result = 0;
};

/// Runs the members in fresh processes, forked from this one, that start together.
///
/// Throws:   std::runtime_error when one of them fails; the others are ended. What takes longer
///           than a minute ends the whole program with status 124; children never outlive it.
[[nodiscard]] Round run_round(const std::string& name, std::span<const Member> members);

/// The minute begins again. `name` is what the program says it was doing when it ends.
void expect_progress(const std::string& name);

}  // namespace procession::bench
