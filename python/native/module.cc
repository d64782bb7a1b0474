// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "arguments.h"
#include "broker_image.h"
#include "dispatch_table.h"
#include "errors.h"
#include "helper/program.h"
#include "log_lines.h"
#include "messagepack.h"
#include "own_buffer.h"
#include "pickled.h"
#include "procession/error.h"
#include "procession/log.h"
#include "queue_object.h"
#include "receive.h"
#include "shared_view.h"
#include "shm/shared_object.h"
#include "transfer/broker.h"
#include "transfer/broker_client.h"
#include "waiting.h"

// procession._native: ByteQueue for Python. What is not hot, and what users see, is in the package.
//
// What the module knows of Python (classes of errors, pickle) is one for the process: it is not for
// subinterpreters, and says so to the second one.

namespace procession::python {

using namespace detail;

namespace {

// (errors, make_pickler, loads, to_plain)
PyObject* configure(PyObject* /*module*/, PyObject* arguments) {
    return answer([&] {
        PyObject* errors = nullptr;
        PyObject* make_pickler = nullptr;
        PyObject* loads = nullptr;
        PyObject* to_plain = nullptr;
        if (PyArg_ParseTuple(arguments, "OOOO", &errors, &make_pickler, &loads, &to_plain) == 0)
            throw Raised{};
        use_error_classes(errors);
        use_pickler_factory(make_pickler);
        use_unpickler(loads);
        use_plain_maker(to_plain);
        helper::use_image(transfer::broker_role, broker_image());
        return none();
    });
}

// Ends this process's dealings with the broker, which ends if no other process has any, and waits
// for the end of one that this process has started.
PyObject* end_broker(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] {
        {
            const WithoutGil others_run;
            transfer::end_broker();
        }
        return none();
    });
}

PyObject* leave_queues(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] {
        {
            const WithoutGil others_run;
            shm::leave_everywhere();
            transfer::leave_broker_at_end();
        }
        return none();
    });
}

PyObject* broker_name(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] {
        const std::string name = transfer::broker_of_family();
        return checked(
            PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size())));
    });
}

// The number of the descriptor that leads to the broker, and stays the module's; -1 when there is
// none.
PyObject* broker_door(PyObject* /*module*/, PyObject* /*none*/) {
    return answer([&] { return checked(PyLong_FromLong(transfer::door_of_family())); });
}

// (name, door or -1): the descriptor is the module's from now on.
PyObject* learn_broker(PyObject* /*module*/, PyObject* arguments) {
    return answer([&] {
        const char* name = nullptr;
        int descriptor = -1;
        if (PyArg_ParseTuple(arguments, "si", &name, &descriptor) == 0) throw Raised{};
        Handle door(descriptor);
        if (transfer::broker_of_family().empty()) transfer::join_family(name, std::move(door));
        return none();
    });
}

PyObject* take_logger(PyObject* /*module*/, PyObject* log) {
    return answer([&] {
        use_logger(log);
        return none();
    });
}

PyObject* hand_over_log_lines(PyObject* /*module*/, PyObject* /*none*/) {
    log_lines();
    return Py_NewRef(Py_None);
}

// A number of procession::LogLevel.
PyObject* choose_log_level(PyObject* /*module*/, PyObject* level) {
    return answer([&] {
        set_log_level(static_cast<LogLevel>(std::min(count_of(level, "level"), std::uint64_t{4})));
        return none();
    });
}

std::array functions{PyMethodDef{"configure", configure, METH_VARARGS, nullptr},
                     PyMethodDef{"end_broker", end_broker, METH_NOARGS, nullptr},
                     PyMethodDef{"leave_queues", leave_queues, METH_NOARGS, nullptr},
                     PyMethodDef{"broker_name", broker_name, METH_NOARGS, nullptr},
                     PyMethodDef{"broker_door", broker_door, METH_NOARGS, nullptr},
                     PyMethodDef{"learn_broker", learn_broker, METH_VARARGS, nullptr},
                     PyMethodDef{"use_logger", take_logger, METH_O, nullptr},
                     PyMethodDef{"log_lines", hand_over_log_lines, METH_NOARGS, nullptr},
                     PyMethodDef{"set_log_level", choose_log_level, METH_O, nullptr},
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
        add_dispatch_table_type(module) != 0 || add_own_buffer_type(module) != 0 ||
        add_queue_type(module) != 0) {
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

// NOLINTNEXTLINE(bugprone-reserved-identifier)  the name that Python looks for
PyMODINIT_FUNC PyInit__native() { return PyModuleDef_Init(&procession::python::definition); }
