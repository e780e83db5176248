#include "switchd/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

// A program that becomes a daemon, as the shell sees it: `child` runs in the daemon.
struct Launch {
    pid_t launcher;
    Fd news;  // what the daemon writes to the descriptor that it is given

    explicit Launch(const std::function<void(Daemon&, int)>& child) {
        int fds[2];
        checked(::pipe2(fds, O_CLOEXEC));
        news = Fd{fds[0]};
        Fd to_test{fds[1]};
        launcher = ::fork();
        if (launcher != 0) return;
        // The test library would report these as its own trouble.
        ::signal(SIGINT, SIG_DFL);
        ::signal(SIGTERM, SIG_DFL);
        ::close(STDERR_FILENO);
        ::open("/dev/null", O_WRONLY);
        try {
            Daemon daemon = Daemon::start();
            child(daemon, to_test.get());
        } catch (const SetupError&) {
            ::_exit(99);
        }
        ::_exit(0);
    }

    int exit_status() const {
        int status = 0;
        checked(::waitpid(launcher, &status, 0));
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    // Until the daemon has ended or closed it.
    std::string read_all() const {
        std::string text;
        char chunk[256];
        for (ssize_t size; (size = ::read(news.get(), chunk, sizeof chunk)) > 0;)
            text.append(chunk, static_cast<std::size_t>(size));
        return text;
    }
};

void say(int fd, const std::string& text) {
    if (::write(fd, text.data(), text.size()) < 0) ::_exit(98);
}

bool is_null(int fd) {
    struct stat file {};
    return ::fstat(fd, &file) == 0 && S_ISCHR(file.st_mode) && file.st_rdev == ::makedev(1, 3);
}

}  // namespace

TEST_CASE("the parent ends with 0 once the daemon is ready, and the daemon goes on") {
    const auto go_on = socket_pair(SOCK_STREAM);
    const Launch launch([&](Daemon& daemon, int news) {
        Log log("daemon-test");
        daemon.ready(log);
        char byte;
        if (::read(go_on.second.get(), &byte, 1) != 1) ::_exit(1);
        say(news, "goes on");
    });
    CHECK(launch.exit_status() == 0);
    checked(static_cast<int>(::write(go_on.first.get(), "x", 1)));
    CHECK(launch.read_all() == "goes on");
}

TEST_CASE("a daemon has a session of its own, the root directory and no terminal") {
    const Launch launch([](Daemon& daemon, int news) {
        say(news, ::getsid(0) == ::getpid() ? "session " : "");
        char here[64] = "";
        say(news, ::getcwd(here, sizeof here) ? std::string(here) + " " : "");
        say(news, is_null(STDIN_FILENO) ? "stdin " : "");
        Log log("daemon-test");
        daemon.ready(log);
        say(news, is_null(STDOUT_FILENO) && is_null(STDERR_FILENO) ? "output" : "");
    });
    CHECK(launch.read_all() == "session / stdin output");
    CHECK(launch.exit_status() == 0);
}

TEST_CASE("the parent waits as long as the daemon is not ready") {
    const auto go_on = socket_pair(SOCK_STREAM);
    const Launch launch([&](Daemon& daemon, int) {
        char byte;
        if (::read(go_on.second.get(), &byte, 1) != 1) ::_exit(1);
        Log log("daemon-test");
        daemon.ready(log);
    });
    int status = 0;
    CHECK(::waitpid(launch.launcher, &status, WNOHANG) == 0);
    checked(static_cast<int>(::write(go_on.first.get(), "x", 1)));
    CHECK(launch.exit_status() == 0);
}

TEST_CASE("the parent ends with the status of a daemon that failed") {
    const int status = GENERATE(1, 2, 255);
    const Launch launch([&](Daemon&, int) { ::_exit(status); });
    CHECK(launch.exit_status() == status);
}

TEST_CASE("a daemon that is killed, or ends for no reason, before it is ready is a failure") {
    const Launch killed([](Daemon&, int) { ::raise(SIGKILL); });
    CHECK(killed.exit_status() == 1);
    const Launch ended([](Daemon&, int) { ::_exit(0); });
    CHECK(ended.exit_status() == 1);
}

TEST_CASE("a parent that is interrupted takes along a daemon that is not ready") {
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);  // as the programs do, whose loops read it
    const Launch launch([](Daemon&, int news) {
        say(news, "x");
        for (;;) ::pause();
    });
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    char byte;
    REQUIRE(::read(launch.news.get(), &byte, 1) == 1);
    ::kill(launch.launcher, SIGINT);
    CHECK(launch.exit_status() == -SIGINT);
    // The daemon's end closes the last descriptor of the pipe.
    pollfd end{launch.news.get(), POLLIN, 0};
    REQUIRE(::poll(&end, 1, 10'000) == 1);
    CHECK(launch.read_all().empty());
}
