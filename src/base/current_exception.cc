// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/current_exception.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace procession::inline v0::detail::base {

std::string type_of_current_exception() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "its thread ended (pthread_cancel, pthread_exit)";
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> readable(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
    return readable ? readable.get() : type->name();
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
