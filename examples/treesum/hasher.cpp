// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "hasher.h"

// EVP, which OpenSSL 3 prefers, cannot hand out a digest half done; these functions can.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>

namespace treesum {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
static_assert(kStepBytes % kReadBytes == 0, "steps end where a read may end");
static_assert(kStepBytes % SHA256_CBLOCK == 0, "no part of a block is left over at a checkpoint");

class File {
  public:
    // O_NONBLOCK: what was a file when the tree was walked may be a FIFO without a writer now.
    explicit File(const std::string& path)
        : descriptor_(
              ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

/// 0, or what is wrong with the file.
int look_at(const File& file, FileStamp& stamp) {
    struct stat seen{};
    if (file.get() < 0 || ::fstat(file.get(), &seen) != 0) return errno;
    if (!S_ISREG(seen.st_mode)) return S_ISDIR(seen.st_mode) ? EISDIR : EINVAL;
    stamp = {seen.st_dev, seen.st_ino, static_cast<std::uint64_t>(seen.st_size),
             seen.st_mtim.tv_sec * 1'000'000'000 + seen.st_mtim.tv_nsec};
    return 0;
}

// Bytes read; fewer than asked for only at the end of the file. -1 with errno.
ssize_t read_fully(int descriptor, std::byte* to, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
        const ssize_t got = ::read(descriptor, to + done, bytes - done);
        if (got == 0) break;
        if (got > 0) done += static_cast<std::size_t>(got);
        if (got < 0 && errno != EINTR) return -1;
    }
    return static_cast<ssize_t>(done);
}

void restore(SHA256_CTX& hash, const Checkpoint& from) {
    std::copy(from.state.begin(), from.state.end(), std::begin(hash.h));
    hash.Nl = static_cast<SHA_LONG>(from.offset << 3);
    hash.Nh = static_cast<SHA_LONG>(from.offset >> 29);
}

}  // namespace

FileSum hash_file(const std::string& path, const Checkpoint& from,
                  const std::function<void(const Checkpoint&)>& reached) {
    static const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kReadBytes);
    FileSum sum;
    const File file(path);
    Checkpoint at;
    sum.problem = look_at(file, at.stamp);
    if (sum.problem != 0) return sum;
    SHA256_CTX hash;
    SHA256_Init(&hash);
    const bool goes_on = from.offset != 0 && from.stamp == at.stamp &&
                         ::lseek(file.get(), static_cast<off_t>(from.offset), SEEK_SET) >= 0;
    if (goes_on) {
        at = from;
        restore(hash, from);
    }
    std::size_t got = kReadBytes;
    while (got == kReadBytes) {
        const ssize_t result = read_fully(file.get(), buffer.get(), kReadBytes);
        if (result < 0) {
            sum.problem = errno;
            return sum;
        }
        got = static_cast<std::size_t>(result);
        SHA256_Update(&hash, buffer.get(), got);
        at.offset += got;
        if (got == kReadBytes && at.offset % kStepBytes == 0) {
            std::copy(std::begin(hash.h), std::end(hash.h), at.state.begin());
            reached(at);
        }
    }
    SHA256_Final(sum.digest.data(), &hash);
    sum.bytes = at.offset;
    return sum;
}

}  // namespace treesum
