// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <unordered_set>
#include <vector>

namespace procession::schedule {

class World;

/// Decides at each point of a run how it goes on.
class Chooser {
  public:
    Chooser() = default;
    Chooser(const Chooser&) = delete;
    Chooser& operator=(const Chooser&) = delete;
    virtual ~Chooser() = default;
    /// One of `options` (at least 2; 0 is to go on without a switch, where that is possible), or -1
    /// to end the run here.
    virtual int choose(int options, const World& world) = 0;
};

/// All runs, one after the other: depth first. With a memory for states, a run ends where it meets
/// a state from which all that can follow has been, or will be, explored.
class AllRuns final : public Chooser {
  public:
    explicit AllRuns(bool remembers_states) : remembers_states_(remembers_states) {}

    void start_run() { depth_ = 0; }
    /// Makes the next run another one; false when there is none.
    bool next();
    int choose(int options, const World& world) override;
    [[nodiscard]] std::size_t states() const noexcept { return seen_.size(); }
    [[nodiscard]] std::vector<int> path() const;
    /// A run that follows its path found another number of options: something is not deterministic.
    [[nodiscard]] bool lost_its_way() const noexcept { return lost_its_way_; }

  private:
    struct Branch {
        int chosen;
        int options;
    };
    bool remembers_states_;
    bool lost_its_way_ = false;
    std::size_t depth_ = 0;
    std::vector<Branch> path_;
    std::unordered_set<std::uint64_t> seen_;
};

/// The run of a path.
class Replay final : public Chooser {
  public:
    explicit Replay(std::vector<int> path) : path_(std::move(path)) {}
    int choose(int options, const World& world) override;

  private:
    std::vector<int> path_;
    std::size_t depth_ = 0;
};

/// A random run; the same for the same seed.
class RandomRun final : public Chooser {
  public:
    explicit RandomRun(std::uint64_t seed);
    int choose(int options, const World& world) override;
    [[nodiscard]] const std::vector<int>& path() const noexcept { return path_; }

  private:
    std::mt19937_64 engine_;
    unsigned one_in_ = 1;
    std::vector<int> path_;
};

}  // namespace procession::schedule
