// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// host PLUGIN    The program has one copy of the library and the plugin another. Both use one
// queue, and so does a child made by fork.

#include <dlfcn.h>
#include <procession/procession.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace mp = procession;

namespace {

void check(bool is_right, const char* what) {
    if (is_right) return;
    std::printf("wrong: %s\n", what);
    std::exit(1);
}

template <class Function>
Function* function(void* plugin, const char* name) {
    void* const found = ::dlsym(plugin, name);
    check(found != nullptr, name);
    return reinterpret_cast<Function*>(found);
}

std::uint64_t own_number(const mp::JoinableQueue<std::string>& queue) {
    std::uint64_t own = 0;
    for (const mp::Participant& one : queue.participants()) {
        check(!one.is_this_process || own == 0, "one participant is this copy");
        if (one.is_this_process) own = one.id;
    }
    return own;
}

}  // namespace

int main(int argc, char** argv) {
    mp::init(argc, argv);
    check(argc == 2, "host PLUGIN");
    void* const plugin = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) std::printf("%s\n", ::dlerror());
    check(plugin != nullptr, "the plugin is loaded");

    mp::JoinableQueue<std::string> queue;
    queue.put("from the host");
    const std::uint64_t in_plugin =
        function<std::uint64_t(int)>(plugin, "begin")(queue.bytes().native_handle());
    check(in_plugin != 0, "the plugin's use of the queue");
    auto item = queue.get();
    check(*item == "from the plugin", "what the plugin has put");
    check(queue.participants().size() == 2, "two participants");
    check(own_number(queue) != in_plugin, "they are different ones");
    item.give_back();

    mp::Process child(mp::fork, [&queue] { queue.get().done(); });
    queue.join();
    child.join();
    check(child.exit_code() == 0, "the child by fork");

    function<void()>(plugin, "end")();
    check(queue.participants().size() == 1, "the plugin's participant has left");
    check(::dlclose(plugin) == 0, "dlclose");
    std::printf("two copies of the library used one queue\n");
    return 0;
}
