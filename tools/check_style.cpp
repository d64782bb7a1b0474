// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// check_style FOLDER    checks the sources below FOLDER and prints "file:line: [rule] what is
// wrong".
//
// The rules are those of a reader who wants to trust the shape of the house: what may include what,
// how long functions and how large classes may get, which calls have a better replacement, and that
// the files which a text names are there. A line may be excepted from a rule by a comment that ends
// it:   // style-ok(rule): why
// The lengths have no exceptions.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "class_shape.h"

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

constexpr std::size_t kLineLengthMax = 100;
constexpr std::size_t kFunctionLengthMax = 70;
// A class that is larger has more than one reason to change.
constexpr std::size_t kPublicFunctionsMax = 25;
constexpr std::size_t kPrivateFunctionsMax = 35;
constexpr std::size_t kFilesOfAClassMax = 2;

constexpr std::string_view kCopyright =
    " The Procession Authors. SPDX-License-Identifier: Apache-2.0";

/// Where system calls are made.
constexpr std::string_view kSystemCalls = "src/os/linux/calls.h";

/// The files that it names are those of the tree that it makes.
constexpr std::string_view kSelftest = "tools/check_style_selftest.sh";

int fault_count = 0;

struct Source {
    std::string path;  // below the checked folder, with slashes
    Lines lines;
    Lines code;  // the same lines with comments, literals and preprocessor lines blanked
};

void fault(const Source& source, std::size_t line, const char* rule, const std::string& text) {
    const bool is_a_line = line >= 1 && line <= source.lines.size();
    if (is_a_line &&
        source.lines[line - 1].find("style-ok(" + std::string(rule) + "): ") != std::string::npos) {
        return;
    }
    std::printf("%s:%zu: [%s] %s\n", source.path.c_str(), line, rule, text.c_str());
    ++fault_count;
}

bool is_below(const Source& source, std::string_view folder) {
    return source.path.compare(0, folder.size(), folder) == 0;
}

bool is_cpp(const fs::path& path) {
    const fs::path ending = path.extension();
    return ending == ".h" || ending == ".cc" || ending == ".cpp";
}

/// Whether files that it names must exist.
bool is_text(const fs::path& path) {
    static const std::set<std::string> endings{".h",     ".cc", ".cpp", ".md", ".pml",
                                               ".cmake", ".sh", ".py",  ".txt"};
    return endings.count(path.extension().string()) != 0;
}

bool is_word_letter(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

// ---- reading a file ----------------------------------------------------------------------------

std::string read_all(const fs::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

Lines split(const std::string& text) {
    Lines lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// Where the literal or comment that starts at `at` ends (one past it); `at` itself when none
/// starts.
std::size_t end_of_blank(const std::string& text, std::size_t at) {
    const auto after = [&](std::string_view end, std::size_t from) {
        const std::size_t found = text.find(end, from);
        return found == std::string::npos ? text.size() : found + end.size();
    };
    if (text.compare(at, 2, "//") == 0) return std::min(text.find('\n', at), text.size());
    if (text.compare(at, 2, "/*") == 0) return after("*/", at + 2);
    if (text.compare(at, 2, "R\"") == 0 && (at == 0 || !is_word_letter(text[at - 1]))) {
        const std::size_t open = text.find('(', at);
        if (open == std::string::npos) return text.size();
        return after(")" + text.substr(at + 2, open - at - 2) + "\"", open);
    }
    const char quote = text[at];
    if (quote != '"' && quote != '\'') return at;
    const bool separates_digits = quote == '\'' && at > 0 && is_word_letter(text[at - 1]);
    if (separates_digits) return at;
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != quote && text[end] != '\n') {
        end += text[end] == '\\' ? 2U : 1U;
    }
    return std::min(end + 1, text.size());
}

void blank_preprocessor(Lines& code) {
    bool continues = false;
    for (std::string& line : code) {
        const std::size_t first = line.find_first_not_of(" \t");
        const bool is_directive = first != std::string::npos && line[first] == '#';
        const bool is_part = continues || is_directive;
        continues = is_part && !line.empty() && line.back() == '\\';
        if (is_part) line.assign(line.size(), ' ');
    }
}

Lines code_of(std::string text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::max(end_of_blank(text, at), at);
        for (std::size_t i = at; i < end; ++i) {
            if (text[i] != '\n') text[i] = ' ';
        }
        at = end > at ? end : at + 1;
    }
    Lines code = split(text);
    blank_preprocessor(code);
    return code;
}

// ---- lengths -----------------------------------------------------------------------------------

void check_lines(const Source& source) {
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        const std::string& line = source.lines[i];
        const auto letters = static_cast<std::size_t>(std::count_if(
            line.begin(), line.end(), [](char byte) { return (byte & '\xC0') != '\x80'; }));
        if (letters > kLineLengthMax) {
            fault(
                source, i + 1, "line_length",
                std::to_string(letters) + " characters; at most " + std::to_string(kLineLengthMax));
        }
    }
}

void check_copyright(const Source& source) {
    const bool is_nocompile = is_below(source, "tests/nocompile/");  // "// expect: ..." comes first
    const std::size_t lines_max = std::min<std::size_t>(is_nocompile ? 2 : 1, source.lines.size());
    for (std::size_t i = 0; i < lines_max; ++i) {
        if (source.lines[i].find(kCopyright) != std::string::npos) return;
    }
    fault(source, 1, "copyright", "starts with: // Copyright <year>" + std::string(kCopyright));
}

// ---- function length: blocks at the level of a namespace or class ------------------------------

enum class BlockKind { scope, table, body };

/// What a '{' opens, from the text between the previous ';' or brace and it.
BlockKind kind_of_block(const std::string& head) {
    static const std::regex scope(R"(^\s*(template\s*<.*>\s*(requires\b.*)?)?(inline\s+)?)"
                                  R"((namespace|class|struct|union|enum|extern)\b)");
    static const std::regex is_function(R"(\)\s*(const|noexcept|override|final|&|\s)*$)");
    static const std::regex access(R"(^\s*(public|private|protected)\s*:)");
    const std::string text = std::regex_replace(head, access, "");
    const std::size_t last = text.find_last_not_of(' ');
    if (last != std::string::npos && text[last] == '=') return BlockKind::table;
    if (std::regex_search(text, scope) && !std::regex_search(text, is_function)) {
        return BlockKind::scope;
    }
    return BlockKind::body;
}

void check_functions(const Source& source) {
    struct Block {
        BlockKind kind;
        std::size_t line;
    };
    std::vector<Block> open;
    std::string head;
    std::size_t inside_bodies = 0;
    for (std::size_t i = 0; i < source.code.size(); ++i) {
        for (const char letter : source.code[i]) {
            if (letter == '{') {
                const BlockKind kind = inside_bodies > 0 ? BlockKind::body : kind_of_block(head);
                if (kind != BlockKind::scope) ++inside_bodies;
                open.push_back({kind, i});
            } else if (letter == '}' && !open.empty()) {
                const Block block = open.back();
                open.pop_back();
                const std::size_t length = i - block.line + 1;
                if (block.kind != BlockKind::scope) --inside_bodies;
                const bool is_function = block.kind == BlockKind::body && inside_bodies == 0;
                if (is_function && length > kFunctionLengthMax) {
                    fault(source, block.line + 1, "function_length",
                          std::to_string(length) + " lines; at most " +
                              std::to_string(kFunctionLengthMax));
                }
            }
            if (letter == '{' || letter == '}' || letter == ';') {
                head.clear();
            } else {
                head += letter;
            }
        }
        head += ' ';
    }
}

// ---- layers ------------------------------------------------------------------------------------

/// The layers, lowest first: the list PROCESSION_LAYERS of the root CMakeLists.txt.
Lines read_layers(const fs::path& root) {
    std::smatch found;
    const std::string text = read_all(root / "CMakeLists.txt");
    if (!std::regex_search(text, found, std::regex(R"(set\(PROCESSION_LAYERS\s+([a-z_\s]+)\))"))) {
        std::printf("CMakeLists.txt:1: [layers] no set(PROCESSION_LAYERS ...)\n");
        ++fault_count;
        return {};
    }
    std::istringstream words(found[1].str());
    return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
}

/// The layer that a public header belongs to, where it is not for all of them.
std::string layer_of_public_header(const std::string& name, const Lines& layers) {
    static const std::map<std::string, std::string> known{
        {"queue.h", "queue"},          {"joinable_queue.h", "queue"}, {"byte_queue.h", "queue"},
        {"lease.h", "queue"},          {"queue_options.h", "queue"},  {"dead_letter.h", "queue"},
        {"process.h", "process"},      {"init.h", "process"},         {"pool.h", "pool"},
        {"connection.h", "connection"}};
    if (name == "procession.h") return layers.back();  // all of it
    const auto found = known.find(name);
    return found == known.end() ? layers.front() : found->second;
}

void check_include(const Source& source, std::size_t line, const std::string& included,
                   const Lines& layers) {
    const auto rank = [&](const std::string& layer) {
        return std::find(layers.begin(), layers.end(), layer) - layers.begin();
    };
    const auto unknown = static_cast<std::ptrdiff_t>(layers.size());
    const std::size_t slash = included.find('/');
    if (slash == std::string::npos) {
        fault(source, line, "layers", "write the folder too: \"<layer>/" + included + "\"");
        return;
    }
    const std::string folder = included.substr(0, slash);
    if (is_below(source, "include/")) {
        if (folder != "procession") {
            fault(source, line, "layers", "a public header includes only public headers");
        }
        return;
    }
    const std::string own = source.path.substr(4, source.path.find('/', 4) - 4);
    const std::string other = folder == "procession"
                                  ? layer_of_public_header(included.substr(slash + 1), layers)
                                  : folder;
    if (rank(own) == unknown) {
        fault(source, line, "layers", "src/" + own + " is no layer of PROCESSION_LAYERS");
    } else if (rank(other) == unknown) {
        fault(source, line, "layers", '"' + included + "\" is in no layer");
    } else if (rank(other) > rank(own)) {
        fault(source, line, "layers",
              own + " is below " + other + " and may not include \"" + included + '"');
    } else if (own != "os" && std::regex_search(included, std::regex("^os/(linux|windows)/"))) {
        fault(source, line, "layers", "only src/os/ looks into os/linux and os/windows");
    }
}

void check_layers(const Source& source, const Lines& layers) {
    static const std::regex include(R"re(^\s*#\s*include\s*"([^"]+)")re");
    if (layers.empty() || !(is_below(source, "src/") || is_below(source, "include/"))) return;
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        std::smatch found;
        if (std::regex_search(source.lines[i], found, include)) {
            check_include(source, i + 1, found[1], layers);
        }
    }
}

// ---- words -------------------------------------------------------------------------------------

struct Banned {
    const char* pattern;
    const char* where;  // a folder, or "" for all
    const char* instead;
};

constexpr std::array kBanned{
    Banned{R"(\bstd::endl\b)", "", R"('\n': endl flushes)"},
    Banned{R"(\busing namespace std;)", "", "the names, or a literals namespace"},
    Banned{R"(\b(usleep|nanosleep|sleep_for|sleep_until)\s*\()", "src/",
           "os::futex_wait() with a deadline: a sleep cannot be woken"},
    Banned{R"(\b(usleep|sleep_for|sleep_until)\s*\()", "include/",
           "os::futex_wait() with a deadline: a sleep cannot be woken"},
    Banned{R"((^|[^\w.>])system\s*\()", "", "a process of our own: system() blocks SIGCHLD"},
    Banned{R"(\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\()", "",
           "std::string or snprintf: nothing bounds this call"},
    Banned{R"(\bpthread_(cond|barrier)_\w+)", "",
           "os::futex_wait(): a waiter killed inside of these hangs the others"},
    Banned{R"(\bassert\s*\()", "src/", "expects() or ensures(), which stay in release builds"},
    Banned{R"(\bassert\s*\()", "include/", "expects() or ensures(), which stay in release builds"},
    Banned{R"((^|[^\w.>])(setenv|putenv|unsetenv)\s*\()", "src/",
           "the environment given to the child: ours belongs to the host program"},
    Banned{R"((^|[^\w])(::|std::)signal\s*\()", "src/", "sigaction(), or better no handler at all"},
    Banned{R"((^|[^\w.>])rand\s*\()", "", "<random>"},
};

void check_banned_calls(const Source& source) {
    static const std::vector<std::regex> patterns = [] {
        std::vector<std::regex> made;
        for (const Banned& banned : kBanned) made.emplace_back(banned.pattern);
        return made;
    }();
    for (std::size_t i = 0; i < source.code.size(); ++i) {
        for (std::size_t k = 0; k < kBanned.size(); ++k) {
            std::smatch found;
            if (!is_below(source, kBanned[k].where)) continue;
            if (!std::regex_search(source.code[i], found, patterns[k])) continue;
            fault(source, i + 1, "banned_call",
                  '"' + found.str() + "\" is not used here; instead: " + kBanned[k].instead);
        }
    }
}

/// System calls are made by the wrappers of one file, each of which a test can make fail.
void check_system_calls(const Source& source) {
    // What other things are called too counts only when it is written as the system's.
    static const std::regex call(
        R"((^|[^\w.>])::(open|close|read|write|send|recv|poll|fork|kill|dup|dup2|dup3)\s*\()"
        R"(|(^|[^\w.>:])(::)?(openat|fcntl|fstat|ftruncate|fallocate|mmap|munmap|mremap|madvise|)"
        R"(memfd_create|shm_open|syscall|ppoll|epoll_create1|epoll_ctl|pipe2?|eventfd|)"
        R"(socketpair|readlink|recvmsg|sendmsg|getrlimit|setrlimit|sysconf|prctl|vfork|)"
        R"(posix_spawnp?|posix_spawn_file_actions_(init|add\w+)|execve\w*|waitid|waitpid|)"
        R"(getpid|getppid|_exit)\s*\()");
    const bool is_ours = is_below(source, "src/") || is_below(source, "include/");
    if (!is_ours || is_below(source, "src/os/windows/") || source.path == kSystemCalls) return;
    const bool is_platform = is_below(source, "src/os/linux/");
    for (std::size_t i = 0; i < source.code.size(); ++i) {
        std::smatch found;
        if (!std::regex_search(source.code[i], found, call)) continue;
        fault(source, i + 1, "system_call",
              '"' + found.str() + "\" goes around " +
                  (is_platform ? std::string(kSystemCalls) + ", where a test can make it fail"
                               : std::string("src/os: give it a verb for this")));
    }
}

void check_platform_conditionals(const Source& source) {
    static const std::regex conditional(
        R"(^\s*#\s*(if|ifdef|ifndef|elif)\b.*)"
        R"(\b(_WIN32|_WIN64|__linux__|__unix__|__APPLE__|_MSC_VER)\b)");
    static const std::regex windows(R"(^\s*#\s*include\s*<windows\.h>)", std::regex::icase);
    // What a handle is, all must know; and a test may be about what one platform has.
    const bool may_differ = is_below(source, "src/os/") || is_below(source, "tests/") ||
                            source.path == "include/procession/native_handle.h" ||
                            source.path == "include/procession/export.h";
    const bool is_of_windows =
        is_below(source, "src/os/windows/") ||
        (is_below(source, "examples/") && source.path.ends_with("_windows.cpp"));
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        if (!may_differ && std::regex_search(source.lines[i], conditional)) {
            fault(source, i + 1, "platform_conditional",
                  "platforms differ below src/os/ and tests/ only; give src/os a verb for it");
        }
        if (!is_of_windows && std::regex_search(source.lines[i], windows)) {
            fault(source, i + 1, "platform_conditional", "windows.h stays below src/os/windows/");
        }
    }
}

void check_header(const Source& source) {
    if (fs::path(source.path).extension() != ".h") return;
    for (const std::string& line : source.lines) {
        if (line == "#pragma once") return;
    }
    fault(source, 1, "header", "a header says #pragma once");
}

/// Each platform file implements a contract in src/os/, and both platforms implement the same ones.
void check_platform_twins(const Source& source, const fs::path& root) {
    for (const std::string platform : {"linux", "windows"}) {
        const std::string folder = "src/os/" + platform + "/";
        if (!is_below(source, folder) || fs::path(source.path).extension() != ".cc") continue;
        const std::string name = fs::path(source.path).stem();
        // With a header beside it, it is a help to the others of its platform.
        if (fs::exists(root / folder / (name + ".h"))) continue;
        if (!fs::exists(root / "src/os" / (name + ".h"))) {
            fault(source, 1, "platform_twin", "its contract src/os/" + name + ".h is missing");
        }
        const std::string other = platform == "linux" ? "windows" : "linux";
        const bool other_exists = fs::exists(root / "src/os" / other);
        if (other_exists && !fs::exists(root / "src/os" / other / (name + ".cc"))) {
            fault(source, 1, "platform_twin", "its twin in src/os/" + other + "/ is missing");
        }
    }
}

// ---- named files -------------------------------------------------------------------------------

/// Whether there is such a file: seen from the root, from the file that names it, or by an
/// #include.
bool is_there(const Source& source, const std::string& named, const fs::path& root) {
    const fs::path own = root / fs::path(source.path).parent_path();
    for (const fs::path& folder : {root, own, root / "include", root / "src", root / "tests"}) {
        if (fs::is_regular_file(folder / named)) return true;
    }
    return false;
}

/// A file of this repository that a text names exists. What stands beside a variable or a wildcard
/// is no name of a file.
void check_named_files(const Source& source, const fs::path& root) {
    static const std::string letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-*{}$";
    static const std::regex path(
        R"((\.\.?/)*(src|include|tests|tools|docs|fuzz|bench|examples|cmake|packaging|python)/)"
        R"([A-Za-z0-9_./-]+\.(h|cc|cpp|md|pml|cmake|sh|py|txt))");
    if (source.path == kSelftest) return;
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        const std::string& line = source.lines[i];
        std::size_t end = 0;
        for (std::size_t at = line.find_first_of(letters); at != std::string::npos;
             at = line.find_first_of(letters, end)) {
            end = std::min(line.find_first_not_of(letters, at), line.size());
            std::string named = line.substr(at, end - at);
            named.erase(named.find_last_not_of('.') + 1);  // the end of a sentence
            if (named.find('/') == std::string::npos || !std::regex_match(named, path)) continue;
            if (is_there(source, named, root)) continue;
            fault(source, i + 1, "named_path", "there is no file " + named);
        }
    }
}

// ---- listed sources ----------------------------------------------------------------------------

/// A source of a layer stands in the layer's sources.cmake, where the layer has one.
void check_is_listed(const Source& source, const fs::path& root) {
    static const std::regex of_a_layer(R"(src/([a-z]+)/(.+\.cc))");
    std::smatch found;
    if (!std::regex_match(source.path, found, of_a_layer)) return;
    const std::string list = "src/" + found[1].str() + "/sources.cmake";
    if (!fs::exists(root / list)) return;
    std::istringstream words(std::regex_replace(read_all(root / list), std::regex(R"(\))"), ""));
    for (std::string word; words >> word;) {
        if (word == found[2]) return;
    }
    fault(source, 1, "listed", "is not in " + list + ", so it is not compiled");
}

// ---- arrows ------------------------------------------------------------------------------------

/// Which layers a layer includes.
using Arrows = std::map<std::string, std::set<std::string>>;

void collect_arrows(const Source& source, Arrows& arrows) {
    static const std::regex include(R"re(^\s*#\s*include\s*"([a-z]+)/)re");
    if (!is_below(source, "src/")) return;
    const std::string own = source.path.substr(4, source.path.find('/', 4) - 4);
    for (const std::string& line : source.lines) {
        std::smatch found;
        if (!std::regex_search(line, found, include)) continue;
        if (found[1] != own && found[1] != "procession") arrows[own].insert(found[1]);
    }
}

/// ARCHITECTURE.md has a table whose rows are | `layer` | what it gives | `arrow` `arrow` |.
void check_arrows(const fs::path& root, const Arrows& arrows) {
    static const std::regex row(R"(^\| `([a-z]+)` \|.*\|([^|]*)\|$)");
    static const std::regex name(R"(`([a-z]+)`)");
    const Source page{"ARCHITECTURE.md", split(read_all(root / "ARCHITECTURE.md")), {}};
    bool is_in_table = false;
    for (std::size_t i = 0; i < page.lines.size(); ++i) {
        const std::string& line = page.lines[i];
        if (line == "| layer | gives | arrows to |") is_in_table = true;
        if (line.empty()) is_in_table = false;
        std::smatch found;
        if (!is_in_table || !std::regex_match(line, found, row)) continue;
        const std::string listed = found[2];
        std::set<std::string> named;
        for (std::sregex_iterator each(listed.begin(), listed.end(), name), end; each != end;
             ++each) {
            named.insert((*each)[1]);
        }
        const auto drawn = arrows.find(found[1]);
        if (named == (drawn == arrows.end() ? std::set<std::string>{} : drawn->second)) continue;
        std::string real;
        if (drawn != arrows.end()) {
            for (const std::string& each : drawn->second) real += " `" + each + '`';
        }
        fault(page, i + 1, "arrows", "layer " + found[1].str() + " really includes:" + real);
    }
}

// ---- classes -----------------------------------------------------------------------------------

/// Which .cc files define members of a class, by folder and name.
using FilesOfClasses = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;

void check_classes(const Source& source, FilesOfClasses& files_of) {
    if (!is_below(source, "src/")) return;
    for (const ClassShape& shape : classes_of(source.code)) {
        const auto limit = [&](std::size_t number, std::size_t most, const char* what) {
            if (number <= most) return;
            fault(source, shape.line, "class_size",
                  "class " + shape.name + " has " + std::to_string(number) + ' ' + what +
                      " functions, at most " + std::to_string(most) +
                      " are wanted: split it by what its parts are for");
        };
        limit(shape.public_functions, kPublicFunctionsMax, "public");
        limit(shape.private_functions, kPrivateFunctionsMax, "private");
    }
    if (fs::path(source.path).extension() != ".cc") return;
    const std::string folder = fs::path(source.path).parent_path().generic_string();
    for (const std::string& name : defined_members_of(source.code)) {
        auto& files = files_of[{folder, name}];
        if (!files.empty() && files.back() == source.path) continue;
        files.push_back(source.path);
        if (files.size() == kFilesOfAClassMax + 1) {
            fault(source, 1, "class_files",
                  "class " + name + " is in more than " + std::to_string(kFilesOfAClassMax) +
                      " .cc files: what is cut is the file, not the class");
        }
    }
}

// ---- the walk ----------------------------------------------------------------------------------

std::vector<fs::path> files_below(const fs::path& root) {
    std::vector<fs::path> files;
    for (const char* folder : {"include", "src", "tests", "tools", "bench", "examples", "fuzz",
                               "cli", "cmake", "python", "packaging", "docs"}) {
        if (!fs::is_directory(root / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

void check_file(const fs::path& root, const fs::path& file, const Lines& layers,
                FilesOfClasses& files_of, Arrows& arrows) {
    Source source{fs::relative(file, root).generic_string(), {}, {}};
    if (!is_text(file)) return;
    const std::string text = read_all(file);
    source.lines = split(text);
    check_named_files(source, root);
    const bool is_build_file = file.filename() == "CMakeLists.txt" ||
                               file.extension() == ".cmake" || file.extension() == ".sh";
    if (!is_cpp(file) && !is_build_file) return;
    check_lines(source);
    if (!is_cpp(file)) return;
    source.code = code_of(text);
    check_copyright(source);
    check_header(source);
    check_functions(source);
    check_layers(source, layers);
    check_banned_calls(source);
    check_system_calls(source);
    check_platform_conditionals(source);
    check_platform_twins(source, root);
    check_is_listed(source, root);
    check_classes(source, files_of);
    collect_arrows(source, arrows);
}

/// The files beside the folders.
void check_top(const fs::path& root) {
    for (const auto& entry : fs::directory_iterator(root)) {
        if (!entry.is_regular_file() || !is_text(entry.path())) continue;
        const std::string name = entry.path().filename().string();
        check_named_files({name, split(read_all(entry.path())), {}}, root);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 || !fs::is_directory(argv[1])) {
        std::fprintf(stderr, "use: check_style FOLDER\n");
        return 2;
    }
    const fs::path root = fs::canonical(argv[1]);
    const Lines layers = read_layers(root);
    const std::vector<fs::path> files = files_below(root);
    FilesOfClasses files_of;
    Arrows arrows;
    for (const fs::path& file : files) check_file(root, file, layers, files_of, arrows);
    check_top(root);
    check_arrows(root, arrows);
    std::printf("%zu files, %d faults\n", files.size(), fault_count);
    return fault_count == 0 ? 0 : 1;
}
