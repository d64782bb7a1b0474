// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "class_shape.h"

#include <regex>
#include <utility>

namespace {

/// What a brace has opened.
struct Scope {
    bool is_class = false;
    bool is_private = false;
    std::size_t index = 0;  // of the class
};

std::string without(const std::string& text, const char* pattern) {
    return std::regex_replace(text, std::regex(pattern), "");
}

/// The text with everything in angle brackets left out: `std::function<void(int)> f`.
std::string without_arguments(const std::string& text) {
    std::string rest;
    int depth = 0;
    for (const char letter : text) {
        if (letter == '<') ++depth;
        if (depth == 0) rest += letter;
        if (letter == '>' && depth > 0) --depth;
    }
    return rest;
}

bool declares_a_function(const std::string& statement, const std::string& class_name) {
    static const std::regex no_function(
        R"(\b(friend|using|typedef|static_assert|operator)\b|=\s*delete\s*$)");
    if (std::regex_search(statement, no_function)) return false;
    const std::string text = without_arguments(
        without(without(statement, R"(\[\[[^\]]*\]\])"), R"(\b(alignas|decltype)\s*\([^()]*\))"));
    static const std::regex call(R"((~?\w+)\s*\()");
    std::smatch found;
    // What is behind an = belongs to an initial value.
    const std::string declarator = text.substr(0, text.find('='));
    if (!std::regex_search(declarator, found, call)) return false;
    const std::string name = found[1];
    return name != class_name && name[0] != '~';
}

class Reader {
  public:
    std::vector<ClassShape> read(const std::vector<std::string>& code) {
        for (std::size_t i = 0; i < code.size(); ++i) {
            line_ = i + 1;
            for (const char letter : code[i]) take(letter);
            take(' ');
        }
        return std::move(classes_);
    }

  private:
    void take(char letter) {
        if (letter == '(') ++parentheses_;
        if (letter == ')') --parentheses_;
        const bool is_inside = parentheses_ > 0;
        if (!is_inside && letter == '{') return open();
        if (!is_inside && letter == '}') return close();
        if (!is_inside && letter == ';') return end_statement();
        statement_ += letter;
        if (!is_inside && letter == ':') look_for_label();
    }
    void look_for_label() {
        static const std::regex label(R"(^\s*(public|protected|private)\s*:$)");
        std::smatch found;
        if (scopes_.empty() || !std::regex_search(statement_, found, label)) return;
        scopes_.back().is_private = found[1] != "public";
        statement_.clear();
    }
    void open() {
        static const std::regex head(
            R"((^|\s|>)(class|struct)\s+(?:\[\[[^\]]*\]\]\s*)?(?:alignas\([^)]*\)\s*)?([\w:]+))"
            R"(\s*(<[^{]*>)?\s*(final)?\s*(:[^:].*)?$)");
        std::smatch found;
        const bool is_enum = std::regex_search(statement_, std::regex(R"(\benum\b)"));
        if (!is_enum && std::regex_search(statement_, found, head)) {
            scopes_.push_back({true, found[2] == "class", classes_.size()});
            classes_.push_back({found[3], line_, 0, 0});
        } else {
            count();
            scopes_.push_back({});
        }
        statement_.clear();
    }
    void close() {
        if (!scopes_.empty()) scopes_.pop_back();
        statement_.clear();
    }
    void end_statement() {
        count();
        statement_.clear();
    }
    void count() {
        if (scopes_.empty() || !scopes_.back().is_class) return;
        ClassShape& shape = classes_[scopes_.back().index];
        if (!declares_a_function(statement_, shape.name)) return;
        ++(scopes_.back().is_private ? shape.private_functions : shape.public_functions);
    }

    std::vector<ClassShape> classes_;
    std::vector<Scope> scopes_;
    std::string statement_;
    std::size_t line_ = 0;
    int parentheses_ = 0;
};

}  // namespace

std::vector<ClassShape> classes_of(const std::vector<std::string>& code) {
    return Reader().read(code);
}

std::vector<std::string> defined_members_of(const std::vector<std::string>& code) {
    // A definition begins in the first column.
    static const std::regex member(R"(^[\w:~<].*?\b([A-Z]\w*)::~?\w+\s*\()");
    std::vector<std::string> names;
    for (const std::string& line : code) {
        std::smatch found;
        if (std::regex_search(line, found, member)) names.push_back(found[1]);
    }
    return names;
}
