// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "contract/process_fixture.h"
#include "procession/handle.h"
#include "procession/pipe.h"

// How handles reach a child: by DuplicateHandle, and only those that were meant to.

namespace procession::testing {

using namespace detail;
namespace {

Handle new_file(const std::string& path) {
    return os::handle_or_none(::CreateFileW(os::utf16_of(path).c_str(),
                                            GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, nullptr,
                                            CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr));
}
LONGLONG position_of(const Handle& file) {
    LARGE_INTEGER position{};
    ::SetFilePointerEx(file.get(), {}, &position, FILE_CURRENT);
    return position.QuadPart;
}
void go_to(const Handle& file, LONGLONG position) {
    LARGE_INTEGER to{};
    to.QuadPart = position;
    ::SetFilePointerEx(file.get(), to, nullptr, FILE_BEGIN);
}

void read_two_and_write(const Handle& file) {
    char letters[2] = {};
    DWORD got = 0;
    must(::ReadFile(file.get(), letters, 2, &got, nullptr) != FALSE && got == 2);
    must(letters[0] == 'c' && letters[1] == 'd');
    DWORD flags = 0;
    must(::GetHandleInformation(file.get(), &flags) != FALSE);
    must((flags & HANDLE_FLAG_INHERIT) == 0);
    write_text(file, "XY");
}

TEST(WindowsHandle, in_a_child_is_the_same_open_file_with_the_same_position) {
    const Folder folder;
    const Handle file = new_file(folder.file("shared"));
    write_text(file, "abcdefgh");
    go_to(file, 2);
    Process child(read_two_and_write, file);
    EXPECT_TRUE(ends_well(child));
    EXPECT_EQ(position_of(file), 6) << "where the child left it";
    write_text(file, "Z");
    go_to(file, 0);
    EXPECT_EQ(read_line(file), "abcdXYZh");
}

void only_read(const Handle& file) {
    DWORD moved = 0;
    char letter = 0;
    must(::ReadFile(file.get(), &letter, 1, &moved, nullptr) != FALSE);
    must(::WriteFile(file.get(), &letter, 1, &moved, nullptr) == FALSE);
    must(::GetLastError() == ERROR_ACCESS_DENIED);
}

TEST(WindowsHandle, in_a_child_allows_what_the_original_allows_and_no_more) {
    const Folder folder;
    write_text(new_file(folder.file("shared")), "text");
    const Handle reader = os::handle_or_none(
        ::CreateFileW(os::utf16_of(folder.file("shared")).c_str(), GENERIC_READ,
                      FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_EXISTING, 0, nullptr));
    EXPECT_TRUE(ends_well(Process(only_read, reader)));
}

void set_event_called(std::int64_t number) { ::SetEvent(reinterpret_cast<HANDLE>(number)); }

TEST(WindowsHandle, that_is_inheritable_but_was_not_passed_is_not_there_in_the_child) {
    SECURITY_ATTRIBUTES inheritable{sizeof inheritable, nullptr, TRUE};
    const Handle event(::CreateEventW(&inheritable, TRUE, FALSE, nullptr));
    Process child(set_event_called, os::number_of(event.get()));
    child.join();
    EXPECT_EQ(::WaitForSingleObject(event.get(), 0), static_cast<DWORD>(WAIT_TIMEOUT));
}

struct Pair {
    JoinableQueue<int> in;
    JoinableQueue<int> out;
    void operator()() const {
        for (auto item : in) {
            out.put(*item * 2);
            item.done();
        }
    }
};

TEST(WindowsQueues, of_an_object_arrive_with_it_though_its_maker_lets_go_at_once) {
    Process child;
    Queue<int> sum;
    {
        const Pair pair;
        pair.in.put(1);
        pair.in.put(2);
        pair.in.shutdown();
        child = Process(pair);
        Process(
            [](const JoinableQueue<int>& from, const Queue<int>& to) {
                const int first = take(from);
                to.put(first + take(from));
            },
            pair.out, sum)
            .join();
    }
    EXPECT_EQ(sum.get(), 6);
    EXPECT_TRUE(ends_well(child));
}

TEST(WindowsQueue, outside_of_a_start_refuses_to_be_encoded) {
    const JoinableQueue<int> queue;
    Writer writer;
    EXPECT_TRUE(contains(message_of<SharingError>([&] { encode(writer, queue); }),
                         "through inheritance or a Procession channel"));
}

TEST(WindowsStart, by_fork_is_refused_with_what_to_use_instead) {
    EXPECT_TRUE(contains(message_of<ValueError>([] { Process(procession::fork, do_nothing); }),
                         "use spawn"));
    EXPECT_TRUE(
        contains(message_of<ValueError>([] { Process(forkserver, do_nothing); }), "use spawn"));
    EXPECT_EQ(get_all_start_methods(), std::vector{StartMethod::spawn});
}

void hold_until_death(const std::string& says_up) { wait_for_death(says_up); }
void start_one_that_dies_with_us(const std::string& says_up) {
    Process child(ProcessOptions{.die_with_parent = true}, hold_until_death, says_up);
    wait_to_be_killed();
}

TEST(WindowsChild, that_dies_with_its_parent_does_so_when_the_parent_is_killed) {
    const Folder folder;
    const std::string up = folder.fifo("up");
    Process parent(start_one_that_dies_with_us, up);
    const os::Handle reader = open_end(up, O_RDONLY);
    ASSERT_EQ(read_line(reader), "up");
    parent.kill();
    EXPECT_EQ(read_line(reader), "") << "the end of the pipe that only the grandchild held";
    parent.join();
}

}  // namespace
}  // namespace procession::testing
