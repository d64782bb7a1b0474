// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/launch.h"

#include <array>
#include <atomic>

#include "base/logging.h"
#include "base/step.h"
#include "helper/program.h"
#include "os/child.h"
#include "os/report_channel.h"
#include "os/sealed_bytes.h"
#include "os/threads.h"
#include "process/bootstrap.h"
#include "process/child_record.h"
#include "process/child_table.h"
#include "process/forkserver_client.h"
#include "process/identity.h"
#include "process/run_child.h"
#include "process/spawned_child.h"
#include "procession/error.h"
#include "procession/log.h"
#include "transfer/broker_client.h"
#include "transfer/send_context.h"

namespace procession::inline v0::detail::process {

namespace {

/// A child on its way: what both start methods prepare, and undo when it does not start.
class Launch {
  public:
    Launch(const ProcessOptions& options, StartMethod method)
        : identity_(identity_of_next_child(options, method)),
          record_(std::make_shared<ChildRecord>(identity_.name, method, options)) {
        expect(os::ReportChannel::create(reports_), "cannot make a channel for its reports");
        PROCESSION_STEP("start.channel_made");
        if (options.die_with_parent)
            expect(record_->make_lifeline().open(lifeline_), "cannot make its lifeline");
        add_to_table(record_);
        PROCESSION_STEP("start.listed");
        // So that the output of both comes in order, and a fork child does not write it once more.
        flush_standard_streams();
    }
    ~Launch() {
        if (!started_) remove_from_table(*record_);
    }
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;

    void expect(std::error_code problem, const char* message) const {
        if (problem) throw ProcessError(problem, "start", identity_.name, message);
    }

    std::shared_ptr<ChildRecord> started(os::Child child) {
        started_ = true;
        record_->started(std::move(child), std::move(reports_.receiver));
        PROCESSION_STEP("start.started");
        return record_;
    }

    [[nodiscard]] const Identity& identity() const noexcept { return identity_; }
    [[nodiscard]] os::Handle& reports() noexcept { return reports_.sender; }
    [[nodiscard]] os::Handle& lifeline() noexcept { return lifeline_; }

  private:
    const Identity identity_;
    const std::shared_ptr<ChildRecord> record_;
    os::ReportChannel reports_;
    os::Handle lifeline_;
    bool started_ = false;
};

[[noreturn]] void refuse_to_run(void* problem) {
    throw OSError(*static_cast<std::error_code*>(problem), "arm", "die_with_parent",
                  "the kernel refused");
}

// Never returns: the frames above belong to the parent.
[[noreturn]] void run_forked_child(Launch& launch, ForkBody body) noexcept {
    become(&launch.identity());
    PROCESSION_STEP("child.forked");
    base::log(LogLevel::debug, "%s: forked, runs in a copy of its parent's memory",
              launch.identity().name.c_str());
    std::error_code problem;
    if (launch.lifeline().valid()) {
        problem = os::die_with_parent(std::move(launch.lifeline()));
        // It would outlive its parent, so it does not run.
        if (problem) body = {refuse_to_run, &problem};
    }
    const int code = run_and_report(launch.identity().name, launch.reports().get(), body);
    end_daemons();
    transfer::leave_broker_at_end();
    end_forkserver_at_exit();
    PROCESSION_STEP("child.ends");
    os::exit_immediately(code);
}

Bootstrap bootstrap_for(const Identity& identity, const ProcessOptions& options, SpawnEntry entry) {
    Bootstrap bootstrap;
    bootstrap.name = identity.name;
    bootstrap.path = identity.path;
    bootstrap.parent_pid = identity.parent.pid;
    bootstrap.parent_name = identity.parent.name;
    bootstrap.method = static_cast<std::uint8_t>(*identity.start_method);
    bootstrap.default_method = static_cast<std::uint8_t>(get_start_method());
    bootstrap.log_level = static_cast<std::uint8_t>(log_level());
    bootstrap.die_with_parent = options.die_with_parent;
    bootstrap.entry = ref_to(reinterpret_cast<AnyFunction>(entry));
    return bootstrap;
}

/// Encodes everything, so that an object that cannot cross is refused before there is a child.
os::Handle message_for(const ProcessOptions& options, const SpawnBody& body, Launch& launch,
                       transfer::SendContext& context) {
    Writer state;
    body.encode(state, body.context);
    PROCESSION_STEP("start.encoded");
    Bootstrap bootstrap = bootstrap_for(launch.identity(), options, body.entry);
    bootstrap.broker = transfer::broker_of_family();
    if (const os::NativeHandle door = transfer::door_of_family(); door != os::no_handle)
        bootstrap.door = static_cast<std::int32_t>(context.add(door));
    bootstrap.handles = context.manifest();
    Writer encoded;
    encode(encoded, bootstrap);
    const BootstrapHead head = head_for(encoded.bytes(), state.bytes());
    const std::array parts{std::as_bytes(std::span(&head, 1)), encoded.bytes(), state.bytes()};
    os::Handle sealed;
    launch.expect(os::seal_bytes("procession-bootstrap", parts, sealed),
                  "no memory for its bootstrap message");
    return sealed;
}

// Once: the program may know what it does.
void warn_of_threads() {
    static constinit std::atomic<bool> warned{false};
    const unsigned threads = os::count_threads();
    if (threads < 2 || warned.exchange(true)) return;
    base::log(
        LogLevel::warning,
        "a process with %u threads forks: in the child, locks that other threads hold now stay "
        "locked forever; use spawn or forkserver, or fork before there are threads",
        threads);
}

void expect_fork(StartMethod method) {
    if (os::can_fork || method == StartMethod::spawn) return;
    throw ValueError("start process", name_of(method),
                     "this system has no fork: use spawn, which is the default");
}

}  // namespace

std::shared_ptr<ChildRecord> start_fork(const ProcessOptions& options, ForkBody body) {
    expect_fork(StartMethod::fork);
    warn_of_threads();
    Launch launch(options, StartMethod::fork);
    os::Child child;
    launch.expect(os::fork_self(child), "the system refused to fork");
    if (child.pid == 0) run_forked_child(launch, body);
    return launch.started(std::move(child));
}

std::shared_ptr<ChildRecord> start_afresh(StartMethod method, const ProcessOptions& options,
                                          SpawnBody body) {
    expect_fork(method);
    if (!helper::program_name()) {
        throw ProcessError(
            {}, "start", options.name,
            "to spawn processes, call procession::init(argc, argv) as the first line "
            "of main");
    }
    helper::refuse_to_start_again(child_role);
    if (const auto obstacle = os::find_start_obstacle(); obstacle.reason)
        throw ProcessError(obstacle.error, "start", options.name, obstacle.reason);
    Launch launch(options, method);
    transfer::SendContext context;
    context.add(launch.reports().get());
    if (launch.lifeline().valid()) context.add(launch.lifeline().get());
    const os::Handle message = message_for(options, body, launch, context);
    PROCESSION_STEP("start.sealed");
    if (method == StartMethod::forkserver)
        return launch.started(start_by_forkserver(message, context.handles()));
    helper::RoleStart start{{message.get()}, {}};
    for (const os::NativeHandle each : context.handles()) start.handles.push_back(each);
    os::Child child;
    launch.expect(helper::start_in_role(child_role, start, child),
                  "the system refused to start the program");
    return launch.started(std::move(child));
}

}  // namespace procession::inline v0::detail::process
