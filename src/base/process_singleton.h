// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::base {

/// The one T of this process.
///
/// It is made before main(): a fork child must never wait for a thread of its parent that was just
/// making it. It is never destroyed: objects with static lifetime may use it after any static of
/// ours would be gone.
///
/// T's constructor may be private; then T befriends ProcessSingleton<T>.
/// Threads: instance() any; T as it says itself.
template <class T>
class ProcessSingleton {
  public:
    ProcessSingleton() = delete;

    [[nodiscard]] static T& instance() {
        static_cast<void>(made_early_);  // a use, without which it would not be made at all
        static T* const only = new T;
        return *only;
    }

  private:
    static inline const bool made_early_ = (static_cast<void>(instance()), true);
};

}  // namespace procession::base
