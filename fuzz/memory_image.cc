// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "fuzz/memory_image.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "fuzz/expect.h"
#include "os/memory_file.h"

namespace procession::fuzz {

using namespace detail;

namespace {

constexpr std::size_t kPage = 4096;

os::Handle fresh_file(std::uint64_t size) {
    os::Handle file;
    if (os::create_memory_file("procession-fuzz", std::uint64_t{1} << 40, file))
        found("no memory file");
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) found("cannot size a memory file");
    return file;
}

}  // namespace

void write_at(const os::Handle& file, std::uint64_t at, std::span<const std::byte> bytes) {
    const ssize_t written =
        ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written != static_cast<ssize_t>(bytes.size())) found("cannot write a memory file");
}

MemoryImage MemoryImage::of(const os::Handle& file) {
    MemoryImage image;
    os::FileIdentity identity;
    if (os::identify(file, identity, image.bytes_)) found("cannot identify a memory file");
    std::array<std::byte, kPage> page{};
    for (std::uint64_t at = 0; at < image.bytes_; at += kPage) {
        const ssize_t got = ::pread(file.get(), page.data(), page.size(), static_cast<off_t>(at));
        if (got <= 0) found("cannot read a memory file");
        const std::span<const std::byte> now(page.data(), static_cast<std::size_t>(got));
        if (std::all_of(now.begin(), now.end(), [](std::byte b) { return b == std::byte{0}; })) {
            continue;
        }
        const bool adjoins =
            !image.runs_.empty() && image.runs_.back().at + image.runs_.back().bytes.size() == at;
        if (!adjoins) image.runs_.push_back({at, {}});
        auto& run = image.runs_.back().bytes;
        run.insert(run.end(), now.begin(), now.end());
    }
    return image;
}

os::Handle MemoryImage::restore() const {
    os::Handle file = fresh_file(bytes_);
    for (const Run& run : runs_) write_at(file, run.at, run.bytes);
    return file;
}

os::Handle memory_file_with(std::span<const std::byte> bytes, std::uint64_t size) {
    os::Handle file = fresh_file(size);
    if (!bytes.empty()) write_at(file, 0, bytes.first(std::min<std::uint64_t>(bytes.size(), size)));
    return file;
}

}  // namespace procession::fuzz
