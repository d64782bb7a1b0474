// expect: this class has private members or constructors
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "procession/queue.h"

// It may be more than a container: what is in it besides its elements would be lost.
class Ring {
  public:
    using value_type = int;
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }
    std::size_t size() const { return items_.size(); }
    void push_back(int item) { items_.push_back(item); }

  private:
    std::deque<int> items_;
};

#ifdef PROCESSION_NOCOMPILE_CONTROL
template <>
inline constexpr bool procession::is_container<Ring> = true;
#endif

void send(const Ring& ring) {
    const procession::Queue<Ring> queue;
    queue.put(ring);
}
