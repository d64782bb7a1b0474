#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check_style_selftest.sh CHECK_STYLE FOLDER
# A clean tree is accepted, and one seeded fault of each rule is found, by that rule and no other.
set -u
check_style=$1
folder=$2
copyright='// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0'
failures=0

clean_tree() {
    rm -rf "$folder"
    mkdir -p "$folder"
    echo 'set(PROCESSION_LAYERS base os queue process)' >"$folder/CMakeLists.txt"
    write include/procession/queue.h '#pragma once'
    write src/base/text.h '#pragma once'
    write src/os/futex.h '#pragma once' '#include "base/text.h"'
    write src/os/linux/futex.cc '#include "os/futex.h"' '#ifdef __linux__' '#endif'
    write src/queue/core.cc '#include "procession/queue.h"' '#include "os/futex.h"' \
        '// std::endl in a comment, and in a literal, is no call' \
        "const char* text = \"system(\"; const long big = 1'000'000;" \
        'static_assert(sizeof(int) == 4);'
}

# write FILE LINE...
write() {
    file=$folder/$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$copyright" "$@" >"$file"
}

repeated() { # COUNT LINE
    i=0
    while [ $i -lt "$1" ]; do
        echo "$2"
        i=$((i + 1))
    done
}

# expect RULE NAME: the tree as it is now has faults of RULE only.
expect() {
    output=$("$check_style" "$folder")
    status=$?
    others=$(echo "$output" | grep -E '\[[a-z_]+\]' | grep -cvF "[$1]")
    if [ $status -ne 1 ] || [ "$others" -ne 0 ] || ! echo "$output" | grep -qF "[$1]"; then
        echo "FAILED: $2: expected faults of [$1] only, got:"
        echo "$output"
        failures=$((failures + 1))
    else
        echo "ok: $2"
    fi
    clean_tree
}

expect_clean() {
    if output=$("$check_style" "$folder"); then
        echo "ok: $1"
    else
        echo "FAILED: $1: $output"
        failures=$((failures + 1))
    fi
    clean_tree
}

clean_tree
expect_clean 'a clean tree is accepted'

write src/base/text.cc '#include "queue/core.h"'
expect layers 'a layer includes a higher one'
write src/os/futex.h '#pragma once' '#include "procession/queue.h"'
expect layers 'a low layer includes a public header of a higher one'
write include/procession/lock.h '#pragma once' '#include "os/futex.h"'
expect layers 'a public header includes an internal one'
write src/queue/core.cc '#include "core.h"'
expect layers 'an include without its folder'
write src/queue/core.cc '#include "os/linux/futex.h"'
expect layers 'a layer looks behind the platform contract'
write src/attic/old.cc '#include "base/text.h"'
expect layers 'a folder that is no layer'
echo 'project(x)' >"$folder/CMakeLists.txt"
expect layers 'the list of layers is gone'

write src/base/text.cc "// $(repeated 100 x | tr -d '\n')"
expect line_length 'a long line'
write src/base/CMakeLists.txt "# $(repeated 100 x | tr -d '\n')"
expect line_length 'a long line of a build file'
write src/base/text.cc "$(repeated 500 'int x();')"
expect_clean 'a long file'
write src/base/text.h '#pragma once' 'class A {' 'public:' "$(repeated 26 'int f(int x = 1);')" '};'
expect class_size 'a class of many public functions'
write src/base/text.h '#pragma once' 'class A : B {' 'void f() { if (x) { y(); } }' \
    "$(repeated 35 'template <class T> [[nodiscard]] bool g(T t) const noexcept;')" '};'
expect class_size 'a class of many private functions'
write src/base/text.h '#pragma once' 'class A {' 'public:' 'A();' '~A();' \
    "$(repeated 25 'int f();')" "$(repeated 40 'std::function<void(int)> f_{g()};')" \
    'friend bool operator==(A, A);' 'A& operator=(A);' 'class B { void h(); };' '};'
expect_clean 'what is no function of a class'
for file in one two three; do
    write "src/base/$file.cc" 'int A::f() { return 1; }' 'std::vector<B> A::g() { return {}; }'
done
expect class_files 'a class in three files'
write src/base/text.cc 'namespace a {' 'int f(int x)' '{' \
    "$(repeated 70 '    x += 1;')" 'return x; }' '}'
expect function_length 'a long function'
write src/base/text.cc 'class A {' 'A() : a_{1}, b_{2} {' "$(repeated 70 '    f();')" '}' '};'
expect function_length 'a long constructor behind braced members'
write src/base/text.cc 'template <class T>' 'struct A {' "$(repeated 80 'int x = 0;')" '};'
expect_clean 'a long class is no long function'
write src/base/text.cc 'int table[] = {' "$(repeated 80 '1,')" '};'
expect_clean 'a long table is no long function'

for call in 'usleep(1);' 'std::this_thread::sleep_for(1ms);' 'out << std::endl;' 'system("ls");' \
    'strcpy(a, b);' 'sprintf(a, b);' 'pthread_cond_wait(&c, &m);' 'assert(x);' \
    'setenv("A", "", 1);' '::signal(2, f);' 'using namespace std;'; do
    write src/base/text.cc "void f() { $call }"
    expect banned_call "the call $call"
done
write src/base/text.cc 'void Child::signal(int number) { other.signal(number); }'
expect_clean 'a method of that name is no banned call'
write src/base/text.cc 'assert(x);  // style-ok(banned_call): shows how an exception is written'
expect_clean 'a line with a reason is excepted'
write src/base/text.cc 'assert(x);  // style-ok(layers): not this rule'
expect banned_call 'an exception from another rule does not count'

write src/os/linux/calls.h '#pragma once' 'int open() { return ::open("", 0) + ::fcntl(0, 1); }'
expect_clean 'the wrappers make the system calls'
for call in 'int a = ::open("", 0);' 'fcntl(0, F_GETFD);' '::syscall(SYS_futex);' \
    'if (::close(fd) != 0) return;' '*base = mmap(nullptr, 1, 0, 0, -1, 0);'; do
    write src/os/linux/futex.cc '#include "os/futex.h"' "void f() { $call }"
    expect system_call "a platform file goes around the wrappers: $call"
    write src/queue/core.cc "void f() { $call }"
    expect system_call "a higher layer makes a system call: $call"
done
write src/os/linux/futex.cc '#include "os/futex.h"' 'int A::open() { return calls::open("", 1); }' \
    'void g(A& a, A* b) { a.open(1); b->close(2); locks_.open(file); SealedBytes::open(x); }'
expect_clean 'wrappers, and methods of such names, are no system calls'

write src/base/text.cc '#if defined(_WIN32)' '#endif'
expect platform_conditional 'a platform conditional outside of src/os'
write src/os/linux/futex.cc '#include <windows.h>'
expect platform_conditional 'windows.h outside of src/os/windows'
write src/os/linux/clock.cc 'int x;'
expect platform_twin 'a platform file without a contract'
mkdir -p "$folder/src/os/windows"
expect platform_twin 'a platform file without its twin'
echo 'int x;' >"$folder/src/base/text.cc"
expect copyright 'no copyright line'
write src/base/other.h 'int x();'
expect header 'a header without #pragma once'

write src/base/text.cc '// as in src/base/gone.h.'
expect named_path 'a comment names a file that is gone'
write tests/model/lock.pml '//   shm::RobustLock   src/base/text.h, and src/base/gone.cc'
expect named_path 'a model names a file that is gone'
write docs/page.md 'See [there](../src/base/gone.h).'
expect named_path 'a page names a file that is gone, from its own folder'
echo 'See `docs/gone.md`.' >"$folder/README.md"
expect named_path 'a page beside the folders names a file that is gone'
write tests/examples/one.sh
write docs/page.md 'See [there](../src/base/text.h), src/base/text.h and ./page.md.'
write src/base/text.cc '// examples/one.sh: as src/base/text.h, "src/os/futex.h".'
expect_clean 'files that are there, from the root, from a folder and by an include'
write src/base/text.cc '// src/base/*.cc src/{a,b}.h ${root}/src/gone.h $root/src/gone.h' \
    '// src/base src/gone.h.in /usr/include/sys/gone.h https://example.org/docs/gone.md'
expect_clean 'what is no name of a file of the tree'
write src/base/text.cc '// src/gone.h  style-ok(named_path): a line with a reason'
expect_clean 'a line that may name a file that is gone'

echo 'set(sources core.cc)' >"$folder/src/queue/sources.cmake"
expect_clean 'a source that is listed'
echo 'set(sources)' >"$folder/src/queue/sources.cmake"
expect listed 'a source that is not listed'

printf '%s\n' '| layer | gives | arrows to |' '|---|---|---|' '| `os` | x | `base` |' \
    >"$folder/ARCHITECTURE.md"
expect_clean 'arrows as they are listed'
printf '%s\n' '| layer | gives | arrows to |' '|---|---|---|' '| `os` | x | |' \
    >"$folder/ARCHITECTURE.md"
expect arrows 'an arrow that is not listed'
printf '%s\n' '| layer | gives | arrows to |' '|---|---|---|' '| `base` | x | `os` |' \
    >"$folder/ARCHITECTURE.md"
expect arrows 'an arrow that is no more'

rm -rf "$folder"
[ $failures -eq 0 ] || exit 1
