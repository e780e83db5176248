#include "switchd/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace switchd {

void prepare_process(OnHangup on_hangup) {
    for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::dup(fd))
        if (fd > STDERR_FILENO) {
            ::close(fd);
            break;
        }
    block_signals({SIGTERM, SIGINT});
    if (on_hangup == OnHangup::end)
        block_signals({SIGHUP});
    else
        ignore_signals({SIGHUP});
    ignore_signals(
        {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGPROF, SIGVTALRM, SIGIO, SIGPWR, SIGSTKFLT});
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

Program::Program(Log& log, const std::string& run_directory)
    : log_(log), run_directory_(run_directory), bridges_(turns_, log, run_directory) {
    // Requests are in flight already: what fails has to be taken down in order.
    try {
        if (!run_directory.empty()) ovs_directory_.emplace(run_directory + "/ovs", 0700);
    } catch (...) {
        close();
        throw;
    }
}

void Program::open_control_sockets() {
    control_server_.emplace(turns_, run_directory_ + "/switchd.sock", bridges_);
    unixctl_server_.emplace(turns_, run_directory_ + "/ovs", UnixctlContext{bridges_.list(), log_});
}

int Program::run() {
    reactor_.run();
    close();
    return signal_;
}

void Program::on_signal(int signal) noexcept {
    signal_ = signal;
    log_.info("Caught signal {}, cleaning up and exiting", signal);
    reactor_.stop();
}

void Program::close() {
    if (std::exchange(closed_, true)) return;
    signals_.close();
    turns_.close();
    if (control_server_) control_server_->close();
    if (unixctl_server_) unixctl_server_->close();
    bridges_.close();
    const auto idle = [&] {
        return !reactor_.has_retired() && signals_.idle() && turns_.idle() &&
               (!control_server_ || control_server_->idle()) &&
               (!unixctl_server_ || unixctl_server_->idle());
    };
    while (!idle()) reactor_.run_once();
}

}  // namespace switchd
