// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <random>
#include <vector>

#include "contract/process_fixture.h"
#include "helper/program.h"
#include "os/code_location.h"
#include "process/bootstrap.h"
#include "process/report.h"
#include "procession/error.h"

// The start of a spawned child, when things go wrong.

namespace procession::testing {

using namespace detail;
namespace {

/// Before main, in every process of this program: ends those that are told to.
[[maybe_unused]] const bool ends_before_init = [] {
    if (std::getenv("PROCESSION_TEST_END_BEFORE_INIT") != nullptr) ::_exit(33);
    return true;
}();

TEST(ProcessBootstrap, a_child_that_ends_before_init_is_an_error_in_the_parent) {
    ::setenv("PROCESSION_TEST_END_BEFORE_INIT", "1", 1);
    Process child(spawn, do_nothing);
    child.join();
    ::unsetenv("PROCESSION_TEST_END_BEFORE_INIT");
    EXPECT_EQ(child.exit_code(), 33);
    ASSERT_TRUE(child.exception());
    EXPECT_EQ(child.exception()->type, "procession::ProcessError");
    EXPECT_NE(child.exception()->message.find("exit code 33 before it had rebuilt its arguments"),
              std::string::npos);
}

TEST(ProcessBootstrap, without_init_nothing_is_started_and_the_error_says_what_to_do) {
    Process child(fork, [] {
        helper::forget_program_name();
        try {
            const Process never(spawn, do_nothing);
        } catch (const ProcessError& error) {
            const std::string what = error.what();
            if (what.find("call procession::init(argc, argv) as the first line of main") !=
                what.npos)
                throw SystemExit{42};
        }
    });
    child.join();
    EXPECT_EQ(child.exit_code(), 42);
}

struct Fragile {
    int number = 0;
};

}  // namespace
}  // namespace procession::testing

using procession::testing::Fragile;

namespace procession {

template <>
struct Codec<Fragile> {
    static constexpr std::string_view signature = "Fragile";
    static void encode(Writer& writer, const Fragile& value) { writer.integer(value.number); }
    static Fragile decode(Reader& reader) {
        (void)reader.integer<int>();
        reader.fail("it broke on the way");
    }
};

}  // namespace procession

namespace procession::testing {
namespace {

void take_fragile(const Fragile&) {}

TEST(ProcessBootstrap, arguments_that_do_not_decode_are_an_error_in_the_parent) {
    Process child(spawn, take_fragile, Fragile{1});
    child.join();
    EXPECT_EQ(child.exit_code(), 127);
    ASSERT_TRUE(child.exception());
    EXPECT_EQ(child.exception()->type, "procession::ProcessError");
    const std::string message = child.exception()->message;
    EXPECT_NE(message.find("procession::DecodeError"), message.npos) << message;
    EXPECT_NE(message.find("it broke on the way"), message.npos) << message;
}

int exit_status_of(const char* program, std::vector<std::string> given) {
    given.insert(given.begin(), "tests");
    std::vector<char*> arguments;
    for (std::string& each : given) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    pid_t pid = 0;
    if (::posix_spawn(&pid, program, nullptr, nullptr, arguments.data(), environ) != 0) return -1;
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ProcessBootstrap, a_marker_that_names_no_message_ends_the_process_with_127) {
    for (const char* descriptor : {"999", "abc", "-1", "", "0", "99999999999999999999", "5x"}) {
        const std::string marker = "--procession-child=" + std::string(descriptor);
        EXPECT_EQ(exit_status_of("/proc/self/exe", {marker}), 127) << descriptor;
    }
}

// The inner program is a copy of this one that runs this test alone.
constexpr const char* inner = "PROCESSION_TEST_REMOVES_ITSELF";

TEST(ProcessBootstrap, works_in_a_program_whose_file_was_removed) {
    if (std::getenv(inner) != nullptr) {
        std::filesystem::remove(std::filesystem::read_symlink("/proc/self/exe"));
        Process child(spawn, exit_with, 7);
        child.join();
        EXPECT_EQ(child.exit_code(), 7);
        return;
    }
    const Folder folder;
    const std::string copy = folder.file("copy");
    std::filesystem::copy_file("/proc/self/exe", copy);
    const StderrTo nowhere("/dev/null");
    ::setenv(inner, "1", 1);
    EXPECT_EQ(exit_status_of(copy.c_str(), {"--gtest_brief=1",
                                            "--gtest_filter=ProcessBootstrap.*file_was_removed"}),
              0);
    ::unsetenv(inner);
    EXPECT_FALSE(std::filesystem::exists(copy));
}

using Bytes = std::vector<std::byte>;

Bytes message_of(const process::Bootstrap& bootstrap, const std::string& state) {
    Writer writer;
    encode(writer, bootstrap);
    const auto state_bytes = std::as_bytes(std::span(state));
    const auto head = process::head_for(writer.bytes(), state_bytes);
    Bytes message;
    for (const auto part : {std::as_bytes(std::span(&head, 1)), writer.bytes(), state_bytes})
        message.insert(message.end(), part.begin(), part.end());
    return message;
}

process::Bootstrap some_bootstrap() {
    process::Bootstrap bootstrap;
    bootstrap.name = "worker-1";
    bootstrap.path = "1:2";
    bootstrap.parent_pid = 1234;
    bootstrap.entry = {"", os::program_build_id(), 4096};
    bootstrap.handles = {{7, 1, 2, "socket:[1]"}, {9, 1, 3, "/memfd:queue (deleted)"}};
    return bootstrap;
}

bool is_refused(std::span<const std::byte> message) {
    try {
        (void)process::parse_bootstrap(message);
        return false;
    } catch (const DecodeError&) {
        return true;
    } catch (const VersionMismatch&) {
        return true;
    }
}

TEST(ProcessBootstrap, a_whole_message_is_opened_as_it_was_made) {
    const Bytes message = message_of(some_bootstrap(), "state");
    const auto opened = process::parse_bootstrap(message);
    EXPECT_EQ(opened.bootstrap.name, "worker-1");
    EXPECT_EQ(opened.bootstrap.handles.size(), 2U);
    EXPECT_EQ(opened.bootstrap.handles[1].object, "/memfd:queue (deleted)");
    EXPECT_EQ(opened.state.size(), 5U);
}

TEST(ProcessBootstrap, a_message_with_any_one_byte_changed_is_refused) {
    const Bytes message = message_of(some_bootstrap(), "state");
    for (std::size_t at = 0; at < message.size(); ++at) {
        for (const auto change : {std::byte{1}, std::byte{0x80}, std::byte{0xff}}) {
            Bytes changed = message;
            changed[at] ^= change;
            EXPECT_TRUE(is_refused(changed)) << "byte " << at;
        }
    }
}

TEST(ProcessBootstrap, a_message_cut_or_lengthened_anywhere_is_refused) {
    Bytes message = message_of(some_bootstrap(), "state");
    for (std::size_t size = 0; size < message.size(); ++size)
        EXPECT_TRUE(is_refused(std::span(message).first(size))) << size;
    message.push_back(std::byte{0});
    EXPECT_TRUE(is_refused(message));
}

TEST(ProcessBootstrap, a_message_of_a_careful_liar_is_refused_or_opened_but_crashes_no_process) {
    const Bytes message = message_of(some_bootstrap(), "state");
    const std::size_t body = sizeof(process::BootstrapHead);
    std::mt19937 random(2);
    for (int round = 0; round < 20000; ++round) {
        Bytes changed = message;
        for (unsigned i = random() % 4 + 1; i > 0; --i)
            changed[body + random() % (changed.size() - body)] = static_cast<std::byte>(random());
        // The head vouches for the changed bytes, at a border that may be wrong.
        const std::size_t border = body + random() % (changed.size() - body);
        const std::span<const std::byte> bytes(changed);
        const auto head =
            process::head_for(bytes.subspan(body, border - body), bytes.subspan(border));
        std::memcpy(changed.data(), &head, sizeof head);
        EXPECT_NO_THROW((void)is_refused(changed));
    }
}

TEST(ProcessBootstrap, a_message_of_another_build_says_so) {
    Bytes message = message_of(some_bootstrap(), "state");
    message[40] = message[40] == std::byte{'0'} ? std::byte{'1'} : std::byte{'0'};
    EXPECT_THROW((void)process::parse_bootstrap(message), VersionMismatch);
}

TEST(ProcessFunctionRef, leads_back_to_the_function) {
    const auto function = reinterpret_cast<process::AnyFunction>(&take_fragile);
    const auto ref = process::ref_to(function);
    EXPECT_EQ(process::function_of(ref), function);
    EXPECT_EQ(ref.build_id.size(), 40U) << "the linker's default is SHA-1";
}

TEST(ProcessFunctionRef, in_another_build_or_outside_of_code_is_refused) {
    auto ref = process::ref_to(reinterpret_cast<process::AnyFunction>(&take_fragile));
    auto elsewhere = ref;
    elsewhere.offset = ~std::uint64_t{0};
    EXPECT_THROW((void)process::function_of(elsewhere), DecodeError);
    elsewhere.offset = 0;  // the ELF header
    EXPECT_THROW((void)process::function_of(elsewhere), DecodeError);
    ref.build_id = "0123456789";
    EXPECT_THROW((void)process::function_of(ref), DecodeError);
    ref.build_id.clear();
    ref.image = "libnothing.so";
    EXPECT_THROW((void)process::function_of(ref), DecodeError);
}

TEST(ProcessFunctionRef, of_no_function_at_all_is_refused) {
    static int data = 0;
    EXPECT_THROW((void)process::ref_to(nullptr), SharingError);
    EXPECT_THROW((void)process::ref_to(reinterpret_cast<process::AnyFunction>(&data)),
                 SharingError);
}

}  // namespace
}  // namespace procession::testing
