#include "switchd/daemon.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "switchd/core/error.h"

namespace switchd {

namespace {

[[noreturn]] void wait_for(pid_t child, const Fd& news) {
    // The loop will read these signals in the child; here they must end the wait.
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    char byte = 0;
    ssize_t size = 0;
    do size = ::recv(news.get(), &byte, 1, 0);
    while (size < 0 && errno == EINTR);
    if (size == 1) ::_exit(EXIT_SUCCESS);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) ::_exit(WEXITSTATUS(status));
    // Nothing else can have told why.
    std::fprintf(stderr, "the daemon ended before it was ready (signal %d)\n",
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    std::fflush(stderr);
    ::_exit(EXIT_FAILURE);
}

void point_at_null(int fd) {
    const int null = ::open("/dev/null", O_RDWR);
    if (null < 0)
        throw SetupError("cannot open /dev/null: " + errno_text(errno),
                         "a daemon needs it; run without --daemon");
    if (null == fd) return;
    ::dup2(null, fd);
    ::close(null);
}

}  // namespace

Daemon Daemon::start() {
    const std::string trouble = "cannot go into the background: ";
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        throw SetupError(trouble + errno_text(errno));
    Fd news{fds[0]}, parent{fds[1]};
    std::fflush(nullptr);  // else both would print it
    const pid_t launcher = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw SetupError(trouble + errno_text(errno));
    if (child > 0) {
        parent.reset();
        wait_for(child, news);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != launcher) throw SetupError(trouble + "whoever started it has gone");
    if (::setsid() < 0 || ::chdir("/") != 0) throw SetupError(trouble + errno_text(errno));
    point_at_null(STDIN_FILENO);
    return Daemon{std::move(parent)};
}

void Daemon::ready(Log& log) {
    ::prctl(PR_SET_PDEATHSIG, 0);
    log.use_syslog();
    point_at_null(STDOUT_FILENO);
    point_at_null(STDERR_FILENO);
    const char byte = 1;
    // A parent that was killed just now needs no news.
    ::send(parent_.get(), &byte, 1, MSG_NOSIGNAL);
    parent_.reset();
}

}  // namespace switchd
