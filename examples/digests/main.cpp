// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// digests PORT KEY    A server for Python programs: it answers each message with its SHA-256.
//
//     from multiprocessing.connection import Client
//     c = Client(('127.0.0.1', PORT), authkey=b'KEY')
//     c.send_bytes(b'abc'); print(c.recv_bytes())
//
// The parent lets clients in, and gives each connection to a worker that was running before the
// client came. Port 0 is any that is free; it is printed. Ends at the end of its input.

#include <openssl/evp.h>
#include <procession/procession.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace mp = procession;

namespace {

std::string sha256_of(const std::vector<std::byte>& message) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    unsigned length = 0;
    EVP_Digest(message.data(), message.size(), hash.data(), &length, EVP_sha256(), nullptr);
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        std::array<char, 3> two{};
        std::snprintf(two.data(), two.size(), "%02x", hash[i]);
        text += two.data();
    }
    return text;
}

struct Workers {
    mp::JoinableQueue<mp::ByteConnection> clients;

    void operator()() {
        for (auto client : clients) {  // ends at shutdown
            serve(*client);
            client.done();
        }
    }
    static void serve(const mp::ByteConnection& client) {
        try {
            for (;;) client.send_bytes(sha256_of(client.recv_bytes()));
        } catch (const mp::EOFError&) {  // it has what it wanted
        } catch (const mp::OSError& failed) {
            std::fprintf(stderr, "digests: %s\n", failed.what());
        }
    }
};

int run(unsigned port, const std::string& key) {
    mp::Listener listener(mp::Address::tcp("127.0.0.1", port), {.authkey = key});
    Workers workers;
    std::vector<mp::Process> processes;
    for (int i = 0; i < 2; ++i) processes.emplace_back(mp::spawn, workers);
    std::printf("%s\n", listener.address().text().c_str());
    std::fflush(stdout);
    for (;;) {
        for (const std::size_t ready : mp::wait({STDIN_FILENO, listener})) {
            if (ready == 0) {
                workers.clients.shutdown();
                return 0;
            }
            const auto client = listener.try_accept(std::chrono::seconds(5));
            if (client) workers.clients.put(*client);
        }
    }
}

}  // namespace

int main(int argc, char** argv) try {
    mp::init(argc, argv);
    if (argc != 3) {
        std::fprintf(stderr, "use: digests PORT KEY\n");
        return 2;
    }
    return run(static_cast<unsigned>(std::stoul(argv[1])), argv[2]);
} catch (const std::exception& failed) {
    std::fprintf(stderr, "digests: %s\n", failed.what());
    return 1;
}
