// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/current_exception.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>

namespace procession::inline v0::detail::base {

std::string type_of_current_exception() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "its thread ended (pthread_cancel, pthread_exit)";
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> readable(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
    std::string name = readable ? readable.get() : type->name();
    // As programs write it: the inline namespace says only which version of the library it is.
    constexpr std::string_view version = "procession::v0::";
    for (auto at = name.find(version); at != name.npos; at = name.find(version, at)) {
        name.erase(at + std::string_view("procession::").size(), std::string_view("v0::").size());
    }
    return name;
}

std::string describe_current_exception() {
    std::string text = type_of_current_exception();
    const std::exception_ptr current = std::current_exception();
    if (current == nullptr) return text;  // a thread that is being cancelled
    try {
        std::rethrow_exception(current);
    } catch (const std::exception& exception) {
        text.append(": ").append(exception.what());
    } catch (...) {
        return text;
    }
    return text;
}

}  // namespace procession::inline v0::detail::base
