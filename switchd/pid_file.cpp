#include "switchd/pid_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "switchd/core/error.h"
#include "switchd/core/fd.h"

namespace switchd {

namespace {

// 0 if the file holds no number.
pid_t pid_in(const std::string& path) {
    pid_t pid = 0;
    std::ifstream(path) >> pid;
    return pid;
}

bool alive(pid_t pid) {
    return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

Fd create(const std::string& path) {
    return Fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
}

}  // namespace

PidFile::PidFile(std::string path) : path_(std::move(path)) {
    Fd file = create(path_);
    if (!file && errno == EEXIST) {
        if (const pid_t pid = pid_in(path_); alive(pid))
            throw SetupError("Error in pidfile creation: File exists",
                             "'" + path_ + "' names process " + std::to_string(pid) +
                                 ", which runs: stop it, or choose another file with -p");
        ::unlink(path_.c_str());
        file = create(path_);
    }
    if (!file)
        throw SetupError("Error in pidfile creation: " + errno_text(errno) + ": '" + path_ + "'",
                         "choose a directory that exists and that you may write to");
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        const int error = errno;
        ::unlink(path_.c_str());
        throw SetupError("cannot write pidfile '" + path_ + "': " + errno_text(error),
                         "make room on its disk, or choose another file with -p");
    }
}

PidFile::~PidFile() {
    if (pid_in(path_) == ::getpid()) ::unlink(path_.c_str());
}

}  // namespace switchd
