// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace procession::bench {

/// What every benchmark understands on its command line.
struct Settings {
    std::size_t rounds = 7;
    bool quick = false;     // 3 rounds, a quarter of the work
    std::string json_file;  // empty: none
    std::string only;       // run only the cases whose name contains this

    [[nodiscard]] bool wants(const std::string& name) const {
        return name.find(only) != std::string::npos;
    }
};

/// Ends the program with status 2 and a message when an argument is not understood.
[[nodiscard]] Settings settings_from(int argc, char** argv, std::string_view purpose);

/// The main function of a benchmark: reads the settings and runs it.
/// Returns: its exit status; 2 for settings that leave nothing to do, 1 for a failure, both with a
///          message.
[[nodiscard]] int run_benchmark(int argc, char** argv, const char* name, std::string_view purpose,
                                int (*run)(const Settings&));

/// "2026-11-24", UTC
[[nodiscard]] std::string today();
/// On a terminal: says on stderr what is measured now. It stands there until the next one.
void announce(const std::string& name);

/// Of no values: NaN.
[[nodiscard]] double median(std::vector<double> values);
/// `share` 0.99 gives the 99th percentile.
[[nodiscard]] double percentile(std::vector<double> values, double share);
/// The same for each of several shares.
[[nodiscard]] std::vector<double> percentiles(std::vector<double> values,
                                              const std::vector<double>& shares);
/// The median of the ratios of values measured in the same round.
[[nodiscard]] double paired_ratio(const std::vector<double>& values,
                                  const std::vector<double>& reference);

/// "3.21 M", "61.0 k", "870"
[[nodiscard]] std::string show_rate(double per_second);
/// "41.2 us", "0.53 ms"
[[nodiscard]] std::string show_time(double seconds);
/// "1.25", or "-" for NaN.
[[nodiscard]] std::string show_ratio(double ratio);
/// "64 B", "1 MiB", "1 GiB"
[[nodiscard]] std::string show_bytes(std::size_t bytes);

/// Text in columns: the first `left` of them aligned to the left, the others to the right.
class Table {
  public:
    Table(std::size_t left, std::vector<std::string> heads);
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    /// An empty line, between groups of rows.
    void gap() { rows_.emplace_back(); }
    void print() const;
    /// Throws: std::invalid_argument when --case left nothing to measure.
    void require_rows(const Settings& settings) const;

  private:
    std::size_t left_;
    std::vector<std::vector<std::string>> rows_;
};

/// The results of one benchmark as a JSON file: what was measured where, and a list of records.
class JsonReport {
  public:
    JsonReport(std::string_view benchmark, const Settings& settings);
    JsonReport& record();
    JsonReport& set(std::string_view key, std::string_view text);
    JsonReport& set(std::string_view key, double number);  // NaN is written as null
    JsonReport& set(std::string_view key, const std::vector<double>& numbers);
    /// Throws: std::runtime_error when the file cannot be written.
    void write() const;

  private:
    std::string file_;
    std::string head_;
    std::vector<std::string> records_;
};

/// Shows the table and writes the results. Returns the exit status of the benchmark.
/// Throws: as Table::require_rows() and JsonReport::write().
int conclude(const Table& table, const JsonReport& json, const Settings& settings);

}  // namespace procession::bench
