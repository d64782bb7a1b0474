// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "item.h"
#include "peers/bare_ring.h"
#include "peers/peers.h"
#include "peers/robust_ring.h"
#include "team.h"

namespace procession::bench {

namespace {

/// BareRing in memory that forked children share with their parent.
template <class T>
class ForkedBareRing {
  public:
    using value_type = T;

    explicit ForkedBareRing(std::size_t capacity) : sides_(2), slots_(capacity) {}
    void put(const T& item) { ring_.put(item); }
    void take(T& item) { ring_.take(item); }

  private:
    SharedArray<BareRingSide> sides_;
    SharedArray<T> slots_;
    BareRing<T> ring_{sides_.all().first<2>(), slots_.all()};
};

template <class Ring>
class RingContestant : public Contestant {
  public:
    using Value = typename Ring::value_type;

    RingContestant(const char* name, std::size_t capacity) : name_(name), ring_(capacity) {}

    [[nodiscard]] std::string name() const override { return name_; }
    void put(std::uint64_t number) override {
        fill(*item_, number);
        ring_.put(*item_);
    }
    std::uint64_t take() override {
        ring_.take(*item_);
        return checksum(*item_);
    }

  private:
    const char* name_;
    Ring ring_;
    std::unique_ptr<Value> item_ = std::make_unique<Value>();
};

template <template <class> class Ring>
std::unique_ptr<Contestant> make(const char* name, std::size_t bytes, std::size_t capacity) {
    std::unique_ptr<Contestant> made;
    with_item_size(bytes, [&]<std::size_t size>() {
        made = std::make_unique<RingContestant<Ring<Item<size>>>>(name, capacity);
    });
    return made;
}

}  // namespace

std::unique_ptr<Contestant> make_ring(const Case& which) {
    return make<RobustRing>(kRingName, which.bytes, which.capacity);
}

std::unique_ptr<Contestant> make_bare_ring(const Case& which) {
    if (which.members > 1) return nullptr;
    return make<ForkedBareRing>(kBareRingName, which.bytes, which.capacity);
}

std::unique_ptr<Contestant> make_copy_limit(const Case& which) {
    constexpr std::size_t kBlocks = 4;
    if (which.members > 1) return nullptr;
    return make<ForkedBareRing>("memcpy pair, 4 hot blocks", which.bytes, kBlocks);
}

}  // namespace procession::bench
