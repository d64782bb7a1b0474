// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "walker.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

namespace treesum {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

int problem_of(const std::string& path) {
    struct stat seen{};
    return ::lstat(path.c_str(), &seen) == 0 ? 0 : errno;
}

Walker::Walker(const std::string& root, OnProblem on_problem)
    : on_problem_(std::move(on_problem)), root_(root) {}

std::optional<FoundFile> Walker::begin(const std::string& root) {
    struct stat seen{};
    if (::lstat(root.c_str(), &seen) != 0) {
        on_problem_(root, errno);
    } else if (S_ISREG(seen.st_mode)) {
        return FoundFile{root, static_cast<std::uint64_t>(seen.st_size)};
    } else if (S_ISDIR(seen.st_mode)) {
        open(root);
    }
    return std::nullopt;
}

void Walker::open(const std::string& name) {
    // A link that took the directory's place meanwhile is not followed.
    const int descriptor =
        ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    const Directory directory(descriptor < 0 ? nullptr : ::fdopendir(descriptor));
    if (!directory) {
        on_problem_(name, errno);
        if (descriptor >= 0) ::close(descriptor);
        return;
    }
    Folder folder;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr) {
            if (errno != 0) on_problem_(name, errno);
            break;
        }
        if (is_dots(entry->d_name)) continue;
        unsigned type = entry->d_type;
        std::uint64_t bytes = 0;
        struct stat seen{};
        if ((type == DT_REG || type == DT_UNKNOWN) &&
            ::fstatat(descriptor, entry->d_name, &seen, AT_SYMLINK_NOFOLLOW) == 0) {
            type = IFTODT(seen.st_mode);
            bytes = static_cast<std::uint64_t>(seen.st_size);
        }
        if (type == DT_DIR) folder.entries.push_back({std::string(entry->d_name) + '/', 0});
        if (type == DT_REG) folder.entries.push_back({entry->d_name, bytes});
    }
    // With its slash a directory stands where all that is below it belongs.
    std::sort(folder.entries.begin(), folder.entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    folder.prefix = name.ends_with('/') ? name : name + '/';
    open_.push_back(std::move(folder));
}

std::optional<FoundFile> Walker::next() {
    if (root_) {
        const std::string root = *std::exchange(root_, std::nullopt);
        if (auto lone = begin(root)) return lone;
    }
    while (!open_.empty()) {
        Folder& folder = open_.back();
        if (folder.at == folder.entries.size()) {
            open_.pop_back();
            continue;
        }
        const Entry& entry = folder.entries[folder.at++];
        std::string path = folder.prefix + entry.name;
        if (!path.ends_with('/')) return FoundFile{std::move(path), entry.bytes};
        path.pop_back();
        open(path);
    }
    return std::nullopt;
}

}  // namespace treesum
