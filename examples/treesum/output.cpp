// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <cstdio>
#include <cstring>
#include <system_error>

#include "system.h"

namespace treesum {

namespace {

constexpr std::size_t kWriteBytes = std::size_t{64} << 10;
constexpr std::string_view kDigits = "0123456789abcdef";

bool is_control(char each) {
    const auto byte = static_cast<unsigned char>(each);
    return byte < 0x20 || byte == 0x7f;
}

void append_hex(std::string& text, std::string_view bytes) {
    for (const char each : bytes) {
        const auto byte = static_cast<unsigned char>(each);
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
}

std::string_view bytes_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// The length of the UTF-8 character that `text` begins with; 0 when it begins with none.
std::size_t character_bytes(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0 && follows(1)) return 2;
    if (lead >= 0xe0 && lead < 0xf0 && follows(1) && follows(2)) {
        const bool overlong = lead == 0xe0 && at(1) < 0xa0;
        const bool surrogate = lead == 0xed && at(1) >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xf0 && lead < 0xf5 && follows(1) && follows(2) && follows(3)) {
        const bool overlong = lead == 0xf0 && at(1) < 0x90;
        const bool beyond = lead == 0xf4 && at(1) >= 0x90;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

/// Appends `text` as a JSON string. Returns whether it was UTF-8; other bytes become U+FFFD.
bool append_json_string(std::string& json, std::string_view text) {
    bool is_utf8 = true;
    json += '"';
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        if (bytes == 0) {
            is_utf8 = false;
            json += "\\ufffd";
        } else if (is_control(text[0])) {
            json += "\\u00";
            append_hex(json, text.substr(0, 1));
        } else {
            if (text[0] == '"' || text[0] == '\\') json += '\\';
            json += text.substr(0, bytes);
        }
        text.remove_prefix(bytes == 0 ? 1 : bytes);
    }
    json += '"';
    return is_utf8;
}

// As sha256sum does: a name with one of these is escaped, and a backslash before the line says so.
void append_line(std::string& text, std::string_view path, const Digest& digest) {
    const bool escaped = path.find_first_of("\\\n\r") != std::string_view::npos;
    if (escaped) text += '\\';
    append_hex(text, bytes_of(digest));
    text += "  ";
    for (const char each : path) {
        if (each == '\\') {
            text += "\\\\";
        } else if (each == '\n') {
            text += "\\n";
        } else if (each == '\r') {
            text += "\\r";
        } else {
            text += each;
        }
    }
    text += '\n';
}

}  // namespace

std::string rate_text(std::uint64_t bytes, double seconds) {
    const double megabytes = static_cast<double>(bytes) / 1e6;
    char text[96];
    std::snprintf(text, sizeof text, "%.1f MB in %.2f s (%.1f MB/s)", megabytes, seconds,
                  seconds > 0 ? megabytes / seconds : 0.0);
    return text;
}

std::string problem_text(std::int32_t problem) {
    if (problem == kGivenUp) return "given up: workers died over it too often";
    return std::generic_category().message(problem);
}

std::string shown(std::string_view path) {
    std::string text;
    for (const char each : path) {
        if (is_control(each)) {
            char octal[8];
            std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned char>(each));
            text += octal;
        } else {
            text += each;
        }
    }
    return text;
}

Output::Output(bool json) : json_(json) {
    if (json_) waiting_ = "{\"files\": [";
}

void Output::begin_entry(std::string_view path) {
    waiting_ += first_ ? "\n{\"path\": " : ",\n{\"path\": ";
    first_ = false;
    if (append_json_string(waiting_, path)) return;
    waiting_ += ", \"path_hex\": \"";
    append_hex(waiting_, path);
    waiting_ += '"';
}

void Output::add(const std::string& path, const FileSum& sum) {
    if (!json_) {
        append_line(waiting_, path, sum.digest);
        return;
    }
    begin_entry(path);
    waiting_ += ", \"sha256\": \"";
    append_hex(waiting_, bytes_of(sum.digest));
    waiting_ += "\", \"bytes\": " + std::to_string(sum.bytes) + '}';
}

void Output::add_problem(const std::string& path, std::int32_t problem) {
    if (!json_) return;
    begin_entry(path);
    waiting_ += ", \"error\": ";
    append_json_string(waiting_, problem_text(problem));
    waiting_ += '}';
}

void Output::end(const Summary& summary) {
    if (json_) {
        const auto field = [&](std::string_view name, const std::string& value) {
            waiting_ += ", \"" + std::string(name) + "\": " + value;
        };
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.6f", summary.seconds);
        waiting_ += "\n], \"summary\": {\"files\": " + std::to_string(summary.files);
        field("bytes", std::to_string(summary.bytes));
        field("seconds", seconds);
        field("failed", std::to_string(summary.failed));
        field("workers", std::to_string(summary.workers));
        field("start_method", '"' + std::string(summary.start_method) + '"');
        field("kills", std::to_string(summary.kills));
        field("deaths", std::to_string(summary.deaths));
        field("redelivered", std::to_string(summary.redelivered));
        waiting_ += "}}\n";
    }
    write();
}

bool Output::is_worth_writing() const { return waiting_.size() >= kWriteBytes; }

void Output::write() {
    write_to_stdout(waiting_);
    waiting_.clear();
}

}  // namespace treesum
