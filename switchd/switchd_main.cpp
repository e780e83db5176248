// switchd: bridges in their run directory, until SIGTERM.

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "switchd/core/error.h"
#include "switchd/daemon.h"
#include "switchd/options.h"
#include "switchd/pid_file.h"
#include "switchd/plug_hint.h"
#include "switchd/program.h"
#include "switchd/run_directory.h"

namespace {

using namespace switchd;

// For a person at a terminal: where it is, and what to type next.
void welcome(const SwitchdOptions& options) {
    if (options.daemon || ::isatty(STDOUT_FILENO) == 0) return;
    for (const BridgeOptions& bridge : options.bridges)
        fmt::print(
            "switch {} runs in {}\n"
            "plug a machine in:  qemu-system-x86_64 {}    (each with its own mac)\n",
            bridge.name, options.run_directory, plug_hint(bridge.vde.directory));
    fmt::print(
        "look at it:         switchctl --run-dir {} ports\n"
        "stop it:            Ctrl-C, or kill {}\n",
        options.run_directory, ::getpid());
    std::fflush(stdout);
}

// Of several, it is said which one cannot be had.
void add_bridges(Program& program, const std::vector<BridgeOptions>& bridges) {
    for (const BridgeOptions& bridge : bridges) {
        try {
            program.bridges().add(bridge);
        } catch (const SetupError& error) {
            if (bridges.size() == 1) throw;
            throw SetupError(fmt::format("bridge {}: {}", bridge.name, error.line()));
        }
    }
}

void run(Log& log, const SwitchdOptions& options) {
    prepare_process(options.daemon ? OnHangup::go_on : OnHangup::end);
    const RunDirectory run_directory(options.run_directory, options.run_directory_mode);
    std::optional<Daemon> daemon;
    if (options.daemon) daemon = Daemon::start();

    Program program(log, options.run_directory);
    add_bridges(program, options.bridges);
    program.open_control_sockets();
    const PidFile pid_file(options.pid_file);  // who waits for it finds the rest
    if (daemon) daemon->ready(log);
    welcome(options);
    program.run();
}

}  // namespace

int main(int argc, char** argv) {
    const auto parsed = parse_switchd_options(argc, argv);
    if (const auto* exit = std::get_if<OptionsExit>(&parsed)) {
        std::fputs(exit->error.c_str(), stderr);
        std::fputs(exit->output.c_str(), stdout);
        return exit->status;
    }
    Log log("switchd");
    try {
        run(log, std::get<SwitchdOptions>(parsed));
        return 0;
    } catch (const SetupError& error) {
        log.error("{}", error.line());
        return 1;  // whatever vde_switch would have said
    }
}
