// switchd: one bridge in its run directory, until SIGTERM.

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
#include "vde-compat/control_directory.h"

namespace {

using namespace switchd;

// For a person at a terminal: where it is, and what to type next.
void welcome(const SwitchdOptions& options) {
    if (options.vde.daemon || ::isatty(STDOUT_FILENO) == 0) return;
    fmt::print(
        "switch {} runs in {}\n"
        "plug a machine in:  qemu-system-x86_64 {}    (each with its own mac)\n"
        "look at it:         switchctl --run-dir {} ports\n"
        "stop it:            Ctrl-C, or kill {}\n",
        options.bridge, options.run_directory, plug_hint(options.vde.directory),
        options.run_directory, ::getpid());
    std::fflush(stdout);
}

void run(Log& log, const SwitchdOptions& options) {
    prepare_process(options.vde.daemon ? OnHangup::go_on : OnHangup::end);
    const RunDirectory run_directory(options.run_directory, options.run_directory_mode);
    const vde::Settings& vde = options.vde;
    vde::ControlDirectory directory(log, vde.directory, vde.mode, vde.directory_mode, vde.group);
    std::optional<Daemon> daemon;
    if (vde.daemon) daemon = Daemon::start();
    const PidFile pid_file(vde.pid_file);

    Program::Settings settings;
    settings.vde = vde;
    settings.bridge_name = options.bridge;
    settings.validate_every = options.validate_every;
    settings.openflow = options.openflow;
    settings.run_directory = options.run_directory;
    // As IEEE 802.1Q has it: five minutes, and a station that moves is found at its first frame.
    settings.macs.hash_size = vde.hash_size;
    settings.macs.expire_seconds = 300;
    settings.macs.min_persistence_seconds = 0;
    Program program(log, settings, directory);
    if (!options.local_tap.empty()) program.attach_local_port(options.local_tap);
    for (const PortSpec& port : options.ports) program.add_port(port);
    program.vde().attach_taps();
    program.vde().run_rc_file(VdeService::RcFile::named);
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
