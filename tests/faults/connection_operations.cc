// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "faults/queue_stage.h"
#include "os/handle.h"
#include "os/memory_file.h"
#include "process/forkserver_client.h"
#include "procession/client.h"
#include "procession/listener.h"
#include "procession/pipe.h"
#include "procession/process.h"
#include "transfer/broker_client.h"
#include "transfer/broker_table.h"

namespace procession::testing {

using namespace detail;

namespace {

using namespace std::chrono_literals;

Handle some_file() { return Handle(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

/// Messages, a handle and an end of another pipe go through a pipe.
class UsePipe : public Operation {
    void act() override {
        const auto [one, other] = Pipe();
        one.send_bytes("some bytes", 5s);
        EXPECT_EQ(other.recv_bytes(100, 5s).size(), 10U);
        const Handle file = some_file();
        one.send_handle(file, 5s);
        EXPECT_TRUE(other.recv_handle(5s).valid());
    }
    void check(const Outcome&) override {
        const auto [one, other] = Pipe();
        one.send(1);
        EXPECT_EQ(other.recv<int>(), 1);
    }
};

/// An end that other processes may hold as well: each message under its lock.
class UseSharedPipe : public Operation {
  public:
    UseSharedPipe() : pipe_(Pipe()), carrier_(Pipe()) {
        carrier_.first.send(pipe_.first);
        static_cast<void>(carrier_.second.recv<ByteConnection>());
    }
    void act() override {
        pipe_.second.send(7, 5s);
        EXPECT_EQ(pipe_.first.recv<int>(5s), 7);
        pipe_.first.send(8, 5s);
        EXPECT_EQ(pipe_.second.recv<int>(5s), 8);
    }
    void check(const Outcome&) override {}

  private:
    std::pair<ByteConnection, ByteConnection> pipe_;
    std::pair<ByteConnection, ByteConnection> carrier_;
};

class UseListener : public Operation {
  public:
    UseListener() {
        std::string name = (std::filesystem::temp_directory_path() / "procession-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
    }
    ~UseListener() override { std::filesystem::remove_all(folder_); }
    void act() override {
        Listener listener(Address::path((folder_ / "socket").string()));
        const auto client = Client(listener.address());
        const auto server = listener.accept(5s);
        client.send(7, 5s);
        EXPECT_EQ(server.recv<int>(5s), 7);
    }
    void check(const Outcome& outcome) override {
        if (outcome.threw) {
            EXPECT_FALSE(std::filesystem::exists(folder_ / "socket")) << outcome.what;
        }
        // A socket that could not be removed stays; a new one can be made elsewhere.
        const Listener listener(Address::path((folder_ / "another").string()));
        static_cast<void>(Client(listener.address()));
    }

  private:
    std::filesystem::path folder_;
};

/// A queue through a queue: the first use starts the broker.
template <template <class> class Carrier>
class PutQueue : public Operation {
  public:
    void act() override {
        carrier_.put(queue_);
        try {
            take();
        } catch (const DecodeError&) {  // it is told of the item, not of what the system lacks
            was_undecodable_ = true;
        }
    }
    void check(const Outcome& outcome) override {
        // What was put is there, or is told to be undecodable.
        const auto stats = carrier_.stats();
        EXPECT_TRUE(outcome.threw || stats.put == 1U);
        EXPECT_LE(stats.put, 1U);
        // Also when there was no memory for it.
        const bool is_told = carrier_.dead_letters().size() == 1;
        EXPECT_TRUE(is_told || !was_undecodable_);
        carrier_.close();
        transfer::end_broker();
    }

  private:
    void take() {
        if constexpr (requires { carrier_.task_done(); }) {
            auto lease = carrier_.get(Deadline::now());
            EXPECT_EQ(*lease, queue_);
            lease.done();
        } else {
            EXPECT_EQ(carrier_.get(Deadline::now()), queue_);
        }
    }

    Carrier<Queue<int>> carrier_;
    Queue<int> queue_;
    bool was_undecodable_ = false;
};

/// What the broker does, here.
class BrokerHandles : public Operation {
    void act() override {
        os::raise_handle_limit();
        transfer::BrokerTable table;
        Handle carrier;
        if (const auto problem = os::create_memory_file("carrier", 1 << 20, carrier))
            throw OSError(problem, "make", "carrier", "the test cannot make it");
        for (std::uint8_t i = 0; i < 3; ++i) {
            transfer::Token token{std::byte{i}};
            std::vector<os::Handle> handles;
            handles.push_back(carrier.duplicate());
            handles.push_back(carrier.duplicate());
            try {
                table.add(token, 1, std::move(handles));
            } catch (const ValueError&) {  // its seals cannot be seen, so it is no queue
                return;
            }
            EXPECT_NE(table.find(token), nullptr);
        }
        table.client_is_gone(1);
        table.drop_unreachable();
        table.release(transfer::Token{std::byte{0}});
        table.drop_unreachable();
    }
    void check(const Outcome&) override {}
};

void do_nothing() {}

class RunByForkserver : public Operation {
    void act() override {
        Process child(forkserver, do_nothing);
        child.join();
        EXPECT_TRUE(child.exit_code().has_value());
    }
    void check(const Outcome&) override {
        try {
            run_one();
        } catch (const ProcessError& gone) {
            // A server without memory ends, and may do so when it was asked already.
            EXPECT_TRUE(std::string(gone.what()).find("the next start makes another one") !=
                        std::string::npos)
                << gone.what();
            run_one();
        }
        process::end_forkserver();
    }
    static void run_one() {
        Process again(forkserver, do_nothing);
        again.join();
        EXPECT_EQ(again.exit_code(), 0);
    }
};

constexpr std::array kOperations{
    NamedOperation{"pipe", make<UsePipe>},
    NamedOperation{"pipe_shared", make<UseSharedPipe>},
    NamedOperation{"listener", make<UseListener>},
    NamedOperation{"queue_through_a_queue", make<PutQueue<Queue>>, std::nullopt, false},
    NamedOperation{"queue_through_a_joinable_queue", make<PutQueue<JoinableQueue>>, std::nullopt,
                   false},
    NamedOperation{"broker_table", make<BrokerHandles>},
    NamedOperation{"forkserver", make<RunByForkserver>, std::nullopt, false},
};

}  // namespace

std::span<const NamedOperation> connection_operations() { return kOperations; }

}  // namespace procession::testing
