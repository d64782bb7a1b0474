// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Writes the first inputs of each fuzz target: make_seeds FOLDER

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "fuzz/sample.h"
#include "process/bootstrap.h"
#include "process/report.h"
#include "procession/codec.h"
#include "procession/detail/launch.h"

namespace procession::fuzz {

using namespace detail;
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

class Seeds {
  public:
    explicit Seeds(fs::path root) : root_(std::move(root)) {}

    void add(const std::string& target, const std::string& name, const Bytes& bytes) const {
        fs::create_directories(root_ / target);
        std::ofstream file(root_ / target / ("seed_" + name), std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
    }

  private:
    fs::path root_;
};

void append(Bytes& to, std::span<const std::byte> bytes) {
    for (const std::byte each : bytes) to.push_back(std::to_integer<std::uint8_t>(each));
}
void append16(Bytes& to, std::size_t number) {
    to.push_back(static_cast<std::uint8_t>(number));
    to.push_back(static_cast<std::uint8_t>(number >> 8));
}
template <class T>
Bytes encoded(const T& value, Bytes before = {}) {
    Writer writer;
    encode(writer, value);
    append(before, writer.bytes());
    return before;
}

Tree tree(int depth) {
    Tree tree;
    tree.id = 123456789012345;
    tree.name = "a name";
    tree.numbers = {1.5, -2.5, 0};
    tree.bytes.resize(20, std::byte{7});
    tree.counts = {{"one", 1}, {"two", -70000}};
    tree.maybe = std::optional<int>{};
    tree.leaves.resize(2, Leaf{1, true, Colour::blue, 0.5F});
    tree.either = "either";
    tree.set = {1, 300};
    tree.table = {{1, "x"}};
    tree.bools = {true, false};
    tree.list.push_back(std::make_unique<int>(3));
    tree.list.push_back(nullptr);
    for (int i = 0; i < depth; ++i) tree.children.push_back(fuzz::tree(depth - 1));
    return tree;
}

void messagepack(const Seeds& seeds) {
    seeds.add("messagepack", "tree", encoded(tree(1), {0, 1}));
    seeds.add("messagepack", "string", encoded(std::string("text"), {1, 1}));
    seeds.add("messagepack", "strings", encoded(std::vector<std::string>{"a", "bb"}, {2, 1}));
    const std::map<std::string, std::vector<int>> map{{"k", {1, 2, 1000}}};
    seeds.add("messagepack", "map", encoded(map, {3, 1}));
    const std::unordered_map<int, double> table{{1, 2.5}};
    seeds.add("messagepack", "table", encoded(table, {4, 1}));
    const std::variant<int, bool, std::string> variant(std::string("v"));
    seeds.add("messagepack", "variant", encoded(variant, {5, 1}));
    const std::optional<std::tuple<int, std::string>> maybe(std::tuple(1, "t"));
    seeds.add("messagepack", "optional", encoded(maybe, {6, 1}));
    seeds.add("messagepack", "raw", {7, 0, 1, 2, 3, 4, 0, 0, 0, 0, 1, 0, 0, 0});
    seeds.add("messagepack", "bools", encoded(std::vector<std::vector<bool>>{{true}}, {8, 1}));
    seeds.add("messagepack", "number", {10, 0, 1, 2, 3, 4, 5, 6, 7, 8});
    // 2^32 - 1 elements of one byte each, which are not there.
    seeds.add("messagepack", "endless", {11, 1, 0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0});
}

void bootstrap(const Seeds& seeds) {
    process::Bootstrap message;
    message.name = "Process-1";
    message.path = "1";
    message.parent_name = "MainProcess";
    message.parent_pid = 4711;
    message.die_with_parent = true;
    message.entry = {"", "0123456789abcdef", 4096};
    message.handles = {{3, 1, 2, "report"}, {4, 1, 3, "lifeline"}};
    for (const int how : {1, 6, 7}) {
        Bytes bytes{static_cast<std::uint8_t>(how)};
        const Bytes body = encoded(message);
        append16(bytes, body.size());
        bytes.insert(bytes.end(), body.begin(), body.end());
        bytes.insert(bytes.end(), {0x93, 1, 2, 3});
        seeds.add("bootstrap_message", "body_" + std::to_string(how), bytes);
    }
    const process::BootstrapHead head;
    Bytes raw{0};
    append(raw, std::as_bytes(std::span(&head, 1)));
    seeds.add("bootstrap_message", "head", raw);
}

void reports(const Seeds& seeds) {
    process::Report report;
    report.kind = static_cast<std::uint8_t>(process::Report::Kind::ended);
    report.exit_code = -11;
    report.failed = true;
    report.type = "std::runtime_error";
    report.message = "what it says";
    const Bytes one = encoded(report);
    Bytes bytes;
    append16(bytes, one.size());
    bytes.insert(bytes.end(), one.begin(), one.end());
    append16(bytes, 4);
    bytes.insert(bytes.end(), {0x94, 1, 2, 3});
    append16(bytes, one.size());
    bytes.insert(bytes.end(), one.begin(), one.end());
    seeds.add("child_report", "three", bytes);
}

void manifest(const Seeds& seeds) {
    // Two queues, one changed entry, undamaged; then the arguments.
    Bytes sound{2, 0, 1, 0, 1};
    sound.insert(sound.end(), {0x93, 0xc7, 4, 0x50, 0, 0, 0, 0, 0x91, 0xc7, 4, 0x50, 1, 0, 0, 0,
                               0xa2, 'o', 'k'});
    seeds.add("transfer_manifest", "sound", sound);
    Bytes changed{3, 0, 2, 3, 2, 0, 0, 5, 1, 4, 2, 0, 9, 9};
    changed.insert(changed.end(), sound.begin() + 5, sound.end());
    seeds.add("transfer_manifest", "changed", changed);
    Bytes absent{1, 3, 0, 1};
    absent.insert(absent.end(), sound.begin() + 5, sound.end());
    seeds.add("transfer_manifest", "no_queue", absent);
}

void headers(const Seeds& seeds) {
    for (std::uint8_t size = 0; size < 8; ++size) {
        seeds.add("segment_header", "size_" + std::to_string(size), {size, 0, 'r', 'o', 'c', 's'});
    }
    seeds.add("segment_header", "sound", {0, 1});
    // Each field of the header: a byte of it, all of it.
    for (std::uint8_t at = 0; at < 64; at = static_cast<std::uint8_t>(at + 8)) {
        seeds.add("segment_header", "field_" + std::to_string(at),
                  {0, 1, at, 0, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
    }
}

void queues(const Seeds& seeds) {
    const Bytes everything{10, 8,  40, 9,  0,  9, 10, 10, 11, 0,  12, 0,  10, 13, 0,  14, 5,  15,
                           9,  18, 19, 21, 17, 0, 20, 23, 8,  10, 10, 22, 17, 1,  16, 0,  16, 1};
    for (const int which : {0, 1}) {
        const auto kind = static_cast<std::uint8_t>(which);
        Bytes bytes{kind};
        bytes.insert(bytes.end(), everything.begin(), everything.end());
        seeds.add("queue_state", "everything_" + std::to_string(kind), bytes);
        for (std::uint8_t step = 1; step < 250; step = static_cast<std::uint8_t>(step + 12)) {
            Bytes later{static_cast<std::uint8_t>(128 + kind), step,
                        static_cast<std::uint8_t>(step % 4)};
            later.insert(later.end(), everything.begin(), everything.end());
            seeds.add("queue_state", "died_" + std::to_string(kind) + "_" + std::to_string(step),
                      later);
        }
        // Each place of the state: one interesting value, before everything.
        for (std::size_t at = 0; at < 0x500; at += 40) {
            Bytes patched{kind, 0, (1U << 2) | 3U | (1U << 5)};
            append16(patched, at);
            patched.push_back(static_cast<std::uint8_t>(at / 40));
            patched.insert(patched.end(), everything.begin(), everything.end());
            seeds.add("queue_state", "patched_" + std::to_string(kind) + "_" + std::to_string(at),
                      patched);
        }
    }
}

}  // namespace
}  // namespace procession::fuzz

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "use: make_seeds FOLDER\n");
        return 2;
    }
    const procession::fuzz::Seeds seeds(argv[1]);
    procession::fuzz::messagepack(seeds);
    procession::fuzz::bootstrap(seeds);
    procession::fuzz::reports(seeds);
    procession::fuzz::manifest(seeds);
    procession::fuzz::headers(seeds);
    procession::fuzz::queues(seeds);
    return 0;
}
