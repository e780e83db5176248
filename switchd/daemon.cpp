#include "switchd/daemon.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <tuple>

#include "switchd/core/error.h"

namespace switchd {

namespace {

[[noreturn]] void wait_for(pid_t child, const Fd& news) {
    char byte = 0;
    ssize_t size = 0;
    do size = ::read(news.get(), &byte, 1);
    while (size < 0 && errno == EINTR);
    if (size == 1) ::_exit(0);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

void point_at_null(int fd) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, fd);
    ::close(null);
}

}  // namespace

Daemon Daemon::start() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0)
        throw SetupError("cannot go into the background: " + errno_text(errno));
    Fd news{fds[0]}, parent{fds[1]};
    const pid_t child = ::fork();
    if (child < 0) throw SetupError("cannot go into the background: " + errno_text(errno));
    if (child > 0) {
        parent.reset();
        wait_for(child, news);
    }
    ::setsid();
    if (::chdir("/") != 0) throw SetupError("cannot go to /: " + errno_text(errno));
    point_at_null(0);
    return Daemon{std::move(parent)};
}

void Daemon::ready(Log& log) {
    log.use_syslog();
    point_at_null(1);
    point_at_null(2);
    const char byte = 1;
    std::ignore = ::write(parent_.get(), &byte, 1);
    parent_.reset();
}

}  // namespace switchd
