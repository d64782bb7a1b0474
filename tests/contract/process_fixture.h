// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <system_error>

#ifdef _WIN32
#include "contract/windows_fixture.h"
#else
#include "contract/posix_fixture.h"
#endif
#include "procession/process.h"
#include "support/queue_helpers.h"

namespace procession::testing {

using namespace detail;

/// A folder that is gone after the test. Children get paths in it as arguments.
class Folder {
  public:
    Folder() = default;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

    /// A named pipe: opening an end waits for the other, and the reader sees its end when the last
    /// writer has died, however it died.
    [[nodiscard]] std::string fifo(const std::string& name) const { return make_fifo(path_, name); }

  private:
    const std::filesystem::path path_ = make_folder();
};

/// Each contract holds under each start method.
class EachStartMethod : public ::testing::TestWithParam<StartMethod> {
  protected:
    [[nodiscard]] static StartMethod method() { return GetParam(); }
    Folder folder_;
};

inline auto all_start_methods() { return ::testing::ValuesIn(get_all_start_methods()); }
inline std::string show_start_method(const ::testing::TestParamInfo<StartMethod>& info) {
    return std::string(name_of(info.param));
}

// ---- what children do; free functions, so that a spawned child finds them ----------------------

inline void do_nothing() {}
inline void exit_with(int code) { throw SystemExit{code}; }

/// Says that it runs, then waits to be killed.
inline void wait_for_death(const std::string& says_up) {
    const os::Handle up = open_end(says_up, O_WRONLY);
    write_text(up, "up\n");
    wait_to_be_killed();
}

/// Waits until the parent opens the fifo and closes it again.
inline void wait_for_leave(const std::string& fifo) { read_line(open_end(fifo, O_RDONLY)); }

}  // namespace procession::testing
