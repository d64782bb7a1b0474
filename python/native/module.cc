// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <vector>

#include "dispatch_table.h"
#include "errors.h"
#include "handoff/keeper_client.h"
#include "pickled.h"
#include "process/keeper_process.h"
#include "process/program.h"
#include "procession/log.h"
#include "queue/notice.h"
#include "queue_object.h"
#include "receive.h"
#include "shared_view.h"
#include "waiting.h"

// procession._native: ByteQueue for Python. What is not hot, and what users see, is in the package.
//
// What the module knows of Python (classes of errors, pickle) is one for the process: it is not for
// subinterpreters, and says so to the second one.

namespace procession::python {

namespace {

/// How Python starts a keeper. Never destroyed.
std::vector<std::string>& keeper_command() {
    static auto* const only = new std::vector<std::string>;
    return *only;
}

void start_keeper(os::Handle meeting_point) {
    process::start_keeper_by(keeper_command(), std::move(meeting_point));
}

std::vector<std::string> strings_of(PyObject* list) {
    std::vector<std::string> strings;
    const Py_ssize_t count = PyList_Size(list);
    check(static_cast<int>(count < 0 ? -1 : 0));
    for (Py_ssize_t i = 0; i < count; ++i) {
        const Ref item = Ref::to(PyList_GetItem(list, i));
        const Ref bytes = checked(PyUnicode_EncodeFSDefault(item.get()));
        const auto text = bytes_of(bytes.get());
        strings.emplace_back(reinterpret_cast<const char*>(text.data()), text.size());
    }
    return strings;
}

// (errors, make_pickler, loads, keeper_command)
PyObject* configure(PyObject* /*module*/, PyObject* arguments) {
    return answer([&] {
        PyObject* errors = nullptr;
        PyObject* make_pickler = nullptr;
        PyObject* loads = nullptr;
        PyObject* command = nullptr;
        if (PyArg_ParseTuple(arguments, "OOOO", &errors, &make_pickler, &loads, &command) == 0) {
            throw Raised{};
        }
        use_error_classes(errors);
        use_pickler_factory(make_pickler);
        use_unpickler(loads);
        keeper_command() = strings_of(command);
        handoff::set_keeper_starter(start_keeper);
        return none();
    });
}

// The rest of this process's life is a keeper's. `marked` is the last argument of its command.
PyObject* run_keeper(PyObject* /*module*/, PyObject* marked) {
    return answer([&]() -> Ref {
        const Ref bytes = checked(PyUnicode_EncodeFSDefault(marked));
        const auto text = bytes_of(bytes.get());
        std::string_view argument(reinterpret_cast<const char*>(text.data()), text.size());
        const std::string_view marker(process::keeper_marker);
        if (!argument.starts_with(marker)) {
            raise(PyExc_ValueError, "this is started by Procession itself, not by users");
        }
        process::run_keeper(argument.substr(marker.size()));
    });
}

PyObject* end_keeper(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] {
        {
            const WithoutGil others_run;
            process::end_keeper();
        }
        return none();
    });
}

PyObject* leave_queues(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] {
        {
            const WithoutGil others_run;
            queue::leave_everywhere();
        }
        return none();
    });
}

PyObject* keeper_name(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] {
        const std::string name = handoff::keeper_of_family();
        return checked(
            PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size())));
    });
}

PyObject* learn_keeper(PyObject* /*module*/, PyObject* name) {
    return answer([&] {
        const Ref bytes = checked(PyUnicode_EncodeFSDefault(name));
        const auto text = bytes_of(bytes.get());
        if (handoff::keeper_of_family().empty()) {
            handoff::set_keeper_of_family(
                {reinterpret_cast<const char*>(text.data()), text.size()});
        }
        return none();
    });
}

std::array functions{PyMethodDef{"configure", configure, METH_VARARGS, nullptr},
                     PyMethodDef{"run_keeper", run_keeper, METH_O, nullptr},
                     PyMethodDef{"end_keeper", end_keeper, METH_NOARGS, nullptr},
                     PyMethodDef{"leave_queues", leave_queues, METH_NOARGS, nullptr},
                     PyMethodDef{"keeper_name", keeper_name, METH_NOARGS, nullptr},
                     PyMethodDef{"learn_keeper", learn_keeper, METH_O, nullptr},
                     PyMethodDef{nullptr, nullptr, 0, nullptr}};

int execute(PyObject* module) {
    static bool is_loaded = false;
    if (is_loaded) {
        PyErr_SetString(PyExc_ImportError,
                        "procession is in use in another interpreter of this process; it serves "
                        "one of them");
        return -1;
    }
    if (add_sink_type(module) != 0 || add_shared_view_type(module) != 0 ||
        add_dispatch_table_type(module) != 0 || add_queue_type(module) != 0) {
        return -1;
    }
    is_loaded = true;
    return 0;
}

std::array slots{PyModuleDef_Slot{Py_mod_exec, reinterpret_cast<void*>(execute)},
                 PyModuleDef_Slot{0, nullptr}};

PyModuleDef definition{PyModuleDef_HEAD_INIT,
                       "procession._native",
                       nullptr,
                       0,
                       functions.data(),
                       slots.data(),
                       nullptr,
                       nullptr,
                       nullptr};

}  // namespace

}  // namespace procession::python

PyMODINIT_FUNC PyInit__native() { return PyModuleDef_Init(&procession::python::definition); }
