// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "walker.h"

#include <algorithm>
#include <utility>

#include "system.h"

namespace treesum {

int problem_of(const std::string& path) {
    Seen seen;
    return look_at(path, seen);
}

Walker::Walker(const std::string& root, OnProblem on_problem)
    : on_problem_(std::move(on_problem)), root_(root) {}

std::optional<FoundFile> Walker::begin(const std::string& root) {
    Seen seen;
    if (const int problem = look_at(root, seen); problem != 0) {
        on_problem_(root, problem);
    } else if (seen.kind == Kind::file) {
        return FoundFile{root, seen.bytes};
    } else if (seen.kind == Kind::directory) {
        open(root);
    }
    return std::nullopt;
}

void Walker::open(const std::string& name) {
    std::vector<Named> found;
    if (const int problem = list_directory(name, found); problem != 0) on_problem_(name, problem);
    Folder folder;
    for (Named& each : found) {
        if (each.seen.kind == Kind::directory) folder.entries.push_back({each.name + '/', 0});
        if (each.seen.kind == Kind::file)
            folder.entries.push_back({std::move(each.name), each.seen.bytes});
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
