// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// mixed JOBS RESULTS    The C++ half of an example in two languages: mixed.py starts it.
//
// JOBS and RESULTS are the numbers of descriptors, which the parent process has passed on. For each
// Job it puts the SHA-256 of the file. It ends when the jobs are shut down.

#include <openssl/evp.h>
#include <procession/procession.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mp = procession;

namespace {

// As the dataclasses of mixed.py have them: the fields' order counts, not their names.
struct Job {
    std::string path;
    std::chrono::system_clock::time_point asked;
};
struct Sum {
    std::string path;
    std::optional<std::string> error;
    std::vector<std::byte> sha256;
    std::uint64_t size = 0;
    std::chrono::nanoseconds waited{};
};

Sum sum_of(const Job& job) {
    Sum sum{.path = job.path, .error = {}, .sha256 = {}};
    sum.waited = std::chrono::system_clock::now() - job.asked;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(job.path.c_str(), "rb"),
                                                               std::fclose);
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> hash(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
    if (!file) {
        sum.error = "it cannot be opened";
        return sum;
    }
    EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
    std::array<std::byte, 65536> block;
    while (const std::size_t got = std::fread(block.data(), 1, block.size(), file.get())) {
        EVP_DigestUpdate(hash.get(), block.data(), got);
        sum.size += got;
    }
    if (std::ferror(file.get()) != 0) sum.error = "it cannot be read";
    sum.sha256.resize(EVP_MAX_MD_SIZE);
    unsigned length = 0;
    EVP_DigestFinal_ex(hash.get(), reinterpret_cast<unsigned char*>(sum.sha256.data()), &length);
    sum.sha256.resize(length);
    return sum;
}

void work(const mp::JoinableQueue<Job>& jobs, const mp::Queue<Sum>& results) {
    for (;;) {
        try {
            auto job = jobs.get();
            results.put(sum_of(*job));
            job.done();  // if this worker is killed before, another one does it again
        } catch (const mp::DecodeError& wrong) {
            // It is among the dead letters, where the parent finds it.
            std::fprintf(stderr, "mixed: %s\n", wrong.what());
        } catch (const mp::ShutDown&) {
            return;
        }
    }
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 3) {
        std::fprintf(stderr, "use: python3 mixed.py --worker mixed FOLDER, which starts this\n");
        return 2;
    }
    const auto jobs = mp::JoinableQueue<Job>::attach(mp::Handle(std::stoi(argv[1])));
    const auto results = mp::Queue<Sum>::attach(mp::Handle(std::stoi(argv[2])));
    work(jobs, results);
} catch (const std::exception& failed) {
    std::fprintf(stderr, "mixed: %s\n", failed.what());
    return 1;
}
