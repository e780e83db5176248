// vde_switch: the switch with the command line, the console and the exit codes of VDE's own.

#include <cstdio>
#include <optional>

#include "switchd/core/error.h"
#include "switchd/daemon.h"
#include "switchd/pid_file.h"
#include "switchd/program.h"
#include "vde-compat/command_line.h"

namespace {

using namespace switchd;

std::string program_name(const char* path) {
    const std::string name = path ? path : "vde_switch";
    return name.substr(name.rfind('/') + 1);
}

// The signal that ended the switch, or 0.
int run(Log& log, const vde::Settings& settings) {
    prepare_process(OnHangup::go_on);
    std::optional<Daemon> daemon;
    if (settings.daemon) daemon = Daemon::start();
    Program program(log, "");
    BridgeOptions wanted;
    wanted.vde = settings;
    wanted.macs.hash_size = settings.hash_size;
    wanted.usual_rc_file = true;
    ServedBridge& bridge = program.bridges().add(wanted);
    // Who waits for it finds the rest.
    std::optional<PidFile> pid_file;
    if (!settings.pid_file.empty()) pid_file.emplace(settings.pid_file);
    if (settings.read_stdin) bridge.vde().open_stdin_console();
    if (daemon) daemon->ready(log);
    return program.run();
}

}  // namespace

int main(int argc, char** argv) {
    const auto parsed = vde::parse_command_line(argc, argv);
    if (const auto* exit = std::get_if<vde::CommandLineExit>(&parsed)) {
        std::fputs(exit->error.c_str(), stderr);
        std::fputs(exit->output.c_str(), stdout);
        return exit->status;
    }
    const auto& line = std::get<vde::CommandLine>(parsed);
    std::fputs(line.warnings.c_str(), stderr);
    Log log(program_name(argv[0]));
    try {
        const int signal = run(log, line.settings);
        // Interrupted at a terminal: the shell is to see that it was.
        if (signal == SIGINT) {
            std::signal(SIGINT, SIG_DFL);
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGINT);
            std::raise(SIGINT);
            sigprocmask(SIG_UNBLOCK, &set, nullptr);
        }
        return 0;
    } catch (const SetupError& error) {
        log.error("{}", error.line());
        return error.exit_status();
    }
}
