// One process with its bridges: what switchd and vde_switch have in common once their command lines
// are read. Built before the loop, run, and taken down in order.
#pragma once

#include <csignal>
#include <optional>
#include <string>

#include "switchd/bridge_set.h"
#include "switchd/control_server.h"
#include "switchd/core/signals.h"
#include "switchd/run_directory.h"
#include "switchd/unixctl_server.h"

namespace switchd {

// For main(), before anything else is made: a standard stream that is closed is opened on
// /dev/null, so that no socket takes its number; SIGTERM and SIGINT will be read by the loop, the
// signals that peers cause and that scripts send by habit are ignored, and there may be as many
// open files as the hard limit allows, because each plug needs two. SIGHUP is read too where the
// end of the terminal is to be the end of the program, otherwise ignored.
enum class OnHangup { end, go_on };
void prepare_process(OnHangup on_hangup);

class Program {
public:
    // `log` must outlive this. The directory holds the control sockets; an empty one: there are
    // none. Throws SetupError. The ring belongs to the thread that makes it: a daemon forks before.
    Program(Log& log, const std::string& run_directory);

    // Lets everybody go, if run() has not.
    ~Program() { close(); }

    BridgeSet& bridges() { return bridges_; }
    // When all bridges are there: who asks finds them. Throws SetupError.
    void open_control_sockets();

    // Turns the loop until a signal, the console or the end of standard input stops it, then lets
    // everybody go. The signal, or 0.
    int run();

private:
    void on_signal(int signal) noexcept;
    void close();

    // 8,192 buffers of 9.2 KiB: 75 MiB of addresses, touched only as far as queues fill. Less than
    // half of them can ever wait for peers that do not read.
    static constexpr std::size_t buffers = 8192;
    // For what devices hand over whole: 16 MiB of addresses.
    static constexpr std::size_t large_buffers = 256;

    Log& log_;
    std::string run_directory_;
    SteadyClock clock_;
    FramePool pool_{buffers};
    FramePool large_pool_{large_buffers, large_room_bytes};
    Reactor reactor_{pool_, large_pool_, clock_};
    int signal_ = 0;
    bool closed_ = false;
    RequestTurns turns_{reactor_};
    Signals signals_ =
        Signals::calling<&Program::on_signal>(reactor_, this, {SIGTERM, SIGINT, SIGHUP});
    // Open vSwitch's tools look for BRIDGE itself first, as a socket, and give up at the directory
    // that VDE has under that name: so they get one of their own.
    std::optional<RunDirectory> ovs_directory_;
    BridgeSet bridges_;
    std::optional<ControlServer> control_server_;
    std::optional<UnixctlServer> unixctl_server_;
};

}  // namespace switchd
