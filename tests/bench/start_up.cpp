// How long a switch takes from being started to having a plug attached.
//
//   start_up DIR SWITCH [ARGUMENT...]
//
// Starts the command, whose stdin is a pipe that stays open, and tries to attach every 0.1 ms.
// Prints {"ms": }; the switch is ended with SIGTERM.
#include <fcntl.h>

#include "tests/bench/load.h"

using namespace switchd::bench;
using namespace std::chrono_literals;

namespace {

void measure(const std::vector<std::string>& arguments) {
    ::alarm(20);
    std::array<int, 2> console{};
    if (::pipe2(console.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> command;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        command.push_back(const_cast<char*>(arguments[i].c_str()));
    }
    command.push_back(nullptr);

    const auto start = Clock::now();
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(console[0], STDIN_FILENO);
        ::dup2(nowhere, STDOUT_FILENO);
        ::dup2(nowhere, STDERR_FILENO);
        ::execv(command[0], command.data());
        ::_exit(127);
    }
    double took_ms = -1;
    while (Clock::now() - start < 10s) {
        try {
            const Plug plug(arguments[0]);
            took_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
            break;
        } catch (const std::exception&) {
            if (::waitpid(pid, nullptr, WNOHANG) == pid) break;
            std::this_thread::sleep_for(100us);
        }
    }
    ::kill(pid, SIGTERM);
    const auto gone = [&] { return ::waitpid(pid, nullptr, WNOHANG) != 0; };
    if (!wait_until(gone, 3s)) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    if (took_ms < 0) throw std::runtime_error("the switch did not take a plug");
    fmt::print(R"({{"ms": {:.3f}}})"
               "\n",
               took_ms);
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc, argv, 2, "DIR SWITCH [ARGUMENT...]", measure);
}
