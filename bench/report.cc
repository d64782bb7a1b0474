// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "machine.h"
#include "versions.h"

namespace procession::bench {

namespace {

constexpr std::size_t kRoundsMax = 1000;

[[noreturn]] void refuse(const char* program, const std::string& message) {
    std::fprintf(stderr, "%s: %s\n", program, message.c_str());
    std::exit(2);
}

std::size_t rounds_from(const char* program, std::string_view text) {
    std::size_t rounds = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, rounds);
    if (parsed.ec != std::errc{} || parsed.ptr != end || rounds == 0 || rounds > kRoundsMax) {
        refuse(program, "--rounds is '" + std::string(text) + "'; a number from 1 to " +
                            std::to_string(kRoundsMax) + " is allowed");
    }
    return rounds;
}

std::string show(const char* format, double value) {
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

/// Three significant digits.
std::string show_three(double value) {
    return show(value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f", value);
}

/// As JSON: NaN is null.
std::string literal(double number) { return std::isfinite(number) ? show("%.9g", number) : "null"; }

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + '"';
}

}  // namespace

Settings settings_from(int argc, char** argv, std::string_view purpose) {
    Settings settings;
    bool rounds_given = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const auto value = [&]() -> std::string_view {
            if (i + 1 >= argc) refuse(argv[0], std::string(option) + " needs a value");
            return argv[++i];
        };
        if (option == "--rounds") {
            settings.rounds = rounds_from(argv[0], value());
            rounds_given = true;
        } else if (option == "--quick") {
            settings.quick = true;
        } else if (option == "--json") {
            settings.json_file = value();
        } else if (option == "--case") {
            settings.only = value();
        } else if (option == "--help") {
            std::printf(
                "%s [--rounds N] [--quick] [--json FILE] [--case TEXT]\n\n%s\n\n"
                "  --rounds N    measure N times (7); medians are shown\n"
                "  --quick       3 rounds of a quarter of the work\n"
                "  --json FILE   write the results to FILE, too\n"
                "  --case TEXT   only the cases whose name contains TEXT\n",
                argv[0], std::string(purpose).c_str());
            std::exit(0);
        } else {
            refuse(argv[0], "unknown argument '" + std::string(option) +
                                "'; --rounds N, --quick, --json FILE, --case TEXT and --help are "
                                "allowed");
        }
    }
    if (settings.quick && !rounds_given) settings.rounds = 3;
    return settings;
}

int run_benchmark(int argc, char** argv, const char* name, std::string_view purpose,
                  int (*run)(const Settings&)) {
    try {
        return run(settings_from(argc, argv, purpose));
    } catch (const std::invalid_argument& refused) {
        std::fprintf(stderr, "%s: %s\n", name, refused.what());
        return 2;
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "%s: %s\n", name, failed.what());
        return 1;
    }
}

std::string today() {
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    const std::chrono::year_month_day date(day);
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

void announce(const std::string& name) {
    static const bool is_seen = is_seen_at_once();
    if (is_seen) std::fprintf(stderr, "\r\033[K%s ...\r", name.c_str());
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

double percentile(std::vector<double> values, double share) {
    return percentiles(std::move(values), {share}).front();
}

std::vector<double> percentiles(std::vector<double> values, const std::vector<double>& shares) {
    std::sort(values.begin(), values.end());
    std::vector<double> found;
    for (const double share : shares) {
        const double place = share * (static_cast<double>(values.size()) - 1);
        found.push_back(values.empty() ? std::numeric_limits<double>::quiet_NaN()
                                       : values[static_cast<std::size_t>(std::lround(place))]);
    }
    return found;
}

double paired_ratio(const std::vector<double>& values, const std::vector<double>& reference) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(values.size(), reference.size()); ++i) {
        ratios.push_back(values[i] / reference[i]);
    }
    return median(std::move(ratios));
}

std::string show_rate(double per_second) {
    if (per_second >= 999.5e3) return show_three(per_second / 1e6) + " M";
    if (per_second >= 999.5) return show_three(per_second / 1e3) + " k";
    return show("%.0f", per_second);
}

std::string show_time(double seconds) {
    if (seconds < 999.5e-9) return show_three(seconds * 1e9) + " ns";
    if (seconds < 999.5e-6) return show_three(seconds * 1e6) + " us";
    return show_three(seconds * 1e3) + " ms";
}

std::string show_ratio(double ratio) { return std::isnan(ratio) ? "-" : show_three(ratio); }

std::string show_bytes(std::size_t bytes) {
    if (bytes >= 1U << 30) return std::to_string(bytes >> 30) + " GiB";
    if (bytes >= 1U << 20) return std::to_string(bytes >> 20) + " MiB";
    if (bytes >= 1U << 10) return std::to_string(bytes >> 10) + " KiB";
    return std::to_string(bytes) + " B";
}

Table::Table(std::size_t left, std::vector<std::string> heads) : left_(left) {
    rows_.push_back(std::move(heads));
    rows_.emplace_back();
}

void Table::print() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - row[i].size(), ' ');
            line += (i == 0 ? "" : "  ") + (i < left_ ? row[i] + padding : padding + row[i]);
        }
        std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
}

void Table::require_rows(const Settings& settings) const {
    if (rows_.size() > 2) return;
    throw std::invalid_argument("--case is '" + settings.only +
                                "'; no case's name contains that (the first columns of the table "
                                "without --case show the names)");
}

int conclude(const Table& table, const JsonReport& json, const Settings& settings) {
    table.require_rows(settings);
    table.print();
    json.write();
    return 0;
}

JsonReport::JsonReport(std::string_view benchmark, const Settings& settings)
    : file_(settings.json_file),
      head_("\"benchmark\": " + quoted(benchmark) + ",\n  \"machine\": " + quoted(machine()) +
            ",\n  \"date\": " + quoted(today()) + ",\n  \"versions\": " + quoted(versions()) +
            ",\n  \"rounds\": " + std::to_string(settings.rounds) +
            ",\n  \"quick\": " + (settings.quick ? "true" : "false")) {}

JsonReport& JsonReport::record() {
    records_.emplace_back();
    return *this;
}

JsonReport& JsonReport::set(std::string_view key, std::string_view text) {
    std::string& record = records_.back();
    record += (record.empty() ? "" : ", ") + quoted(key) + ": " + quoted(text);
    return *this;
}

JsonReport& JsonReport::set(std::string_view key, double number) {
    std::string& record = records_.back();
    record += (record.empty() ? "" : ", ") + quoted(key) + ": " + literal(number);
    return *this;
}

JsonReport& JsonReport::set(std::string_view key, const std::vector<double>& numbers) {
    std::string& record = records_.back();
    record += (record.empty() ? "" : ", ") + quoted(key) + ": [";
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        record += (i == 0 ? "" : ", ") + literal(numbers[i]);
    }
    record += ']';
    return *this;
}

void JsonReport::write() const {
    if (file_.empty()) return;
    std::ofstream out(file_);
    out << "{\n  " << head_ << ",\n  \"results\": [";
    for (std::size_t i = 0; i < records_.size(); ++i) {
        out << (i == 0 ? "" : ",") << "\n    {" << records_[i] << "}";
    }
    out << "\n  ]\n}\n";
    if (!out.flush()) throw std::runtime_error("cannot write '" + file_ + "' (--json)");
}

}  // namespace procession::bench
