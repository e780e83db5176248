#include "switchd/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <optional>
#include <string_view>

#include "switchd/core/error.h"

namespace switchd {

namespace {

// Longer than any process id with its newline.
constexpr std::size_t content_bytes_max = 32;

[[noreturn]] void refuse(const std::string& path, int error, const std::string& remedy) {
    throw SetupError("Error in pidfile creation: " + errno_text(error) + ": '" + path + "'",
                     remedy);
}

bool is_at(const Fd& file, const std::string& path) {
    struct stat open {
    }, there{};
    return ::fstat(file.get(), &open) == 0 && ::lstat(path.c_str(), &there) == 0 &&
           open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

// None: whatever the file holds, it is no process id.
std::optional<pid_t> pid_in(const Fd& file) {
    std::array<char, content_bytes_max> content{};
    const ssize_t size = ::pread(file.get(), content.data(), content.size(), 0);
    std::string_view text(content.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
    while (text.starts_with(' ')) text.remove_prefix(1);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{} || end != text.data() + text.size() || pid <= 0) return std::nullopt;
    return pid;
}

bool is_empty(const Fd& file) {
    struct stat status {};
    return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

// Ended, and not yet asked for its status by its parent, as in a container without an init.
bool is_zombie(pid_t pid) {
    std::string status;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), status);
    // The state follows the name, which may hold anything.
    const std::size_t name_end = status.rfind(") ");
    return name_end != std::string::npos && name_end + 2 < status.size() &&
           (status[name_end + 2] == 'Z' || status[name_end + 2] == 'X');
}

// A process with this one's id is this one: the file is of a former life, as in a container that
// starts anew.
bool is_other_living(pid_t pid) {
    return pid != ::getpid() && (::kill(pid, 0) == 0 || errno == EPERM) && !is_zombie(pid);
}

// Whether another process has the lock; a file system without locks has none.
bool locked_elsewhere(const Fd& file) {
    return ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

// Lost when any descriptor of the file is closed in this process, so nobody else opens it.
bool lock_for_tools(const Fd& file) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return ::fcntl(file.get(), F_SETLK, &lock) == 0 || (errno != EACCES && errno != EAGAIN);
}

// Removes the file of a process that is gone, or throws.
void remove_stale(const std::string& path, const std::string& other) {
    const Fd old{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!old && errno == ENOENT) return;
    if (!old) refuse(path, errno, other);
    // Held by the process that made it, and by one that is replacing it right now.
    if (locked_elsewhere(old))
        refuse(path, EEXIST, "a running switch holds it: stop that one, or " + other);
    if (!is_at(old, path)) return;
    const auto pid = pid_in(old);
    if (!pid && !is_empty(old)) refuse(path, EEXIST, "it holds no process id: " + other);
    if (pid && is_other_living(*pid))
        refuse(path, EEXIST,
               "it names process " + std::to_string(*pid) + ", which runs: stop that one, or " +
                   other);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) refuse(path, errno, other);
}

Fd create(const std::string& path) {
    return Fd{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
}

}  // namespace

PidFile::PidFile(std::string path, const std::string& remedy)
    : path_(std::move(path)), file_(create(path_)) {
    if (!file_ && errno == EEXIST) {
        remove_stale(path_, remedy);
        file_ = create(path_);
    }
    const std::string faster = "another process was faster: " + remedy;
    if (!file_)
        refuse(path_, errno,
               errno == EEXIST
                   ? faster
                   : room_or(errno, "choose a file in a directory that you may write to"));
    // Until here it looked like an empty one that was left.
    if (locked_elsewhere(file_) || !is_at(file_, path_) || !lock_for_tools(file_))
        refuse(path_, EEXIST, faster);
    const std::string text = std::to_string(::getpid()) + "\n";
    const ssize_t written = ::write(file_.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
        const int error = written < 0 ? errno : ENOSPC;
        ::unlink(path_.c_str());
        refuse(path_, error, room_or(error, remedy));
    }
}

PidFile::~PidFile() {
    if (pid_in(file_) == ::getpid() && is_at(file_, path_)) ::unlink(path_.c_str());
}

}  // namespace switchd
