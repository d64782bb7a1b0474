// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// seed    The idea of it all: an object holds two JoinableQueues; a child that is started with the
// object has the queues, under every start method, and no code names them.
//
// PROCESSION_LOG=debug seed    shows how: forked children take the queues over as they are
// (Queue._after_fork), spawned ones get the descriptors and rebuild them.

#include <procession/procession.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

namespace mp = procession;
using namespace std::chrono_literals;

namespace {

struct Kitchen {
    mp::JoinableQueue<std::string> orders{mp::QueueOptions{.name = "orders"}};
    mp::JoinableQueue<std::string> dishes{mp::QueueOptions{.name = "dishes"}};

    void operator()() {  // runs in the child
        for (auto order : orders) {
            dishes.put(*order + ", cooked by " + std::to_string(::getpid()));
            order.done();
        }
    }
};

void serve(mp::StartMethod method, int dinner) {
    Kitchen kitchen;
    mp::Process cook(method, {.name = "cook"}, kitchen);
    std::printf("%-5s  process %d started process %d\n", mp::name_of(method).data(), ::getpid(),
                cook.pid());
    kitchen.orders.put("soup " + std::to_string(dinner));
    kitchen.orders.put("fish " + std::to_string(dinner));
    // Until both are done. Should the cook die, the orders wait for another one, for ever.
    while (!kitchen.orders.join(50ms) && cook.is_alive()) {}
    kitchen.orders.shutdown();  // ends the cook's loop
    cook.join();
    while (!kitchen.dishes.empty()) {
        auto dish = kitchen.dishes.get();
        std::printf("       %s\n", dish->c_str());
        dish.done();
    }
    std::printf("       exit code %d, %zu unfinished\n", cook.exit_code().value_or(-1),
                kitchen.orders.unfinished() + kitchen.dishes.unfinished());
}

// Its bytes would mean nothing anywhere else: there is no child being started that would get the
// handles with them.
void try_to_write_down_a_queue() {
    const Kitchen kitchen;
    mp::Writer writer;
    try {
        mp::encode(writer, kitchen.orders);
    } catch (const mp::SharingError& refused) {
        std::printf("other  %s\n", refused.what());
    }
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(argc, argv);
    int dinner = 0;
    for (const mp::StartMethod method :
         {mp::StartMethod::fork, mp::StartMethod::spawn, mp::StartMethod::forkserver}) {
        serve(method, ++dinner);
    }
    try_to_write_down_a_queue();
    return 0;
}
