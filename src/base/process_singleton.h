// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0::detail::base {

/// The one T of this process.
///
/// It is constructed before main(). Otherwise a fork could happen while another thread constructs
/// it, and the child would wait for that thread for ever. It is never destroyed, because static
/// objects of the program may use it in their destructors.
///
/// If T's constructor is private, ProcessSingleton<T> is T's friend.
/// Threads: any may call instance(); T says which may use it.
template <class T>
class ProcessSingleton {
  public:
    ProcessSingleton() = delete;

    [[nodiscard]] static T& instance() {
        static_cast<void>(made_early_);  // instantiates it: an unused static member is not
        static T* const only = new T;
        return *only;
    }

  private:
    static inline const bool made_early_ = (static_cast<void>(instance()), true);
};

}  // namespace procession::inline v0::detail::base
