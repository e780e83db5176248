#include "vde-compat/control_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "switchd/core/error.h"

namespace switchd::vde {

namespace {

constexpr int exit_status = 255;

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
    throw SetupError(what, remedy, exit_status);
}

bool digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Of a plug, PPP.F; of a client, .PID-NNNNN; with which a switch refuses, .denied.
bool is_switch_name(std::string_view name) {
    if (name == ".denied") return true;
    const bool hidden = name.starts_with('.');
    if (hidden) name.remove_prefix(1);
    const std::size_t split = name.find(hidden ? '-' : '.');
    return split != std::string_view::npos && digits(name.substr(0, split)) &&
           digits(name.substr(split + 1));
}

std::vector<std::string> names_in(int directory) {
    std::vector<std::string> names;
    // Reads from the beginning, and closes a descriptor of its own.
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy < 0 ? nullptr : ::fdopendir(copy),
                                                     ::closedir);
    if (!stream) return names;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

bool is_socket(int directory, const std::string& name) {
    struct stat file {};
    return ::fstatat(directory, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISSOCK(file.st_mode);
}

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// A connection without waiting: 0, or the errno value with which it fails.
int connect_to(const Fd& socket, const std::string& path) {
    const auto address = unix_address(path);
    if (!address) return ENAMETOOLONG;
    const auto* const name = reinterpret_cast<const sockaddr*>(&*address);
    return ::connect(socket.get(), name, sizeof *address) == 0 ? 0 : errno;
}

// No process has the datagram socket `path` open any more.
bool is_dead(const std::string& path) {
    const Fd probe{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    return probe && connect_to(probe, path) == ECONNREFUSED;
}

void check_length(const std::string& path) {
    if (path.size() <= ControlDirectory::path_bytes_max) return;
    refuse(fmt::format("Cannot create ctl directory '{}': its name of {} bytes is too long for the "
                       "addresses of the sockets in it",
                       path, path.size()),
           fmt::format("choose one of at most {} bytes", ControlDirectory::path_bytes_max));
}

}  // namespace

ControlDirectory::ControlDirectory(Log& log, const std::string& path, mode_t mode,
                                   mode_t directory_mode, std::optional<gid_t> group)
    : log_(log) {
    check_length(path);
    const bool made = enter(path);
    struct stat before {};
    ::fstat(directory_.get(), &before);
    try {
        check_length(path_);
        if (!made) check_contents();
        if (::fchmod(directory_.get(), 0700) != 0)
            refuse("Could not set the VDE ctl directory '" + path_ +
                       "' permissions: " + errno_text(errno),
                   "it must be yours: choose another directory");
        sweep();
        listen(mode, group);
        if (group && ::fchown(directory_.get(), static_cast<uid_t>(-1), *group) != 0)
            refuse(fmt::format("Could not give '{}' to group {}: {}", path_, *group,
                               errno_text(errno)),
                   "choose a group that you are a member of");
        if (::fchmod(directory_.get(), directory_mode) != 0)
            refuse("Could not set the VDE ctl directory '" + path_ +
                       "' permissions: " + errno_text(errno),
                   "choose another mode for it");
    } catch (const SetupError&) {
        if (ctl_) ::unlinkat(directory_.get(), "ctl", 0);
        if (made)
            ::rmdir(path_.c_str());
        else if (struct stat now{}; ::fstat(directory_.get(), &now) == 0 &&
                                    (now.st_mode & 07777) != (before.st_mode & 07777))
            ::fchmod(directory_.get(), before.st_mode & 07777);
        throw;
    }
    ::flock(directory_.get(), LOCK_UN);
}

bool ControlDirectory::enter(const std::string& path) {
    // A predecessor may be about to remove it, so that it is gone once we are in.
    for (int attempt = 0; attempt < 3; ++attempt) {
        const bool made = ::mkdir(path.c_str(), 0700) == 0;
        if (!made && errno != EEXIST)
            refuse("Cannot create ctl directory '" + path + "': " + errno_text(errno),
                   errno == ENOENT
                       ? "make its parent, or choose another directory"
                       : room_or(errno, "choose one in a directory that you may write to"));
        directory_ = Fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!directory_) {
            if (errno == ENOENT) continue;
            refuse("Cannot use ctl directory '" + path + "': " + errno_text(errno),
                   "choose another directory");
        }
        char canonical[PATH_MAX];
        if (!::realpath(path.c_str(), canonical)) continue;
        path_ = canonical;
        if (!lock())
            refuse("Could not bind to socket '" + path_ + "/ctl': Address already in use",
                   "another switch is starting or ending there: choose another directory");
        if (is_still_at_path()) return made;
    }
    refuse("Cannot use ctl directory '" + path + "': it comes and goes",
           "choose another directory");
}

void ControlDirectory::check_contents() const {
    struct stat file {};
    const std::string ctl = path_ + "/ctl";
    const bool has_ctl = ::fstatat(directory_.get(), "ctl", &file, AT_SYMLINK_NOFOLLOW) == 0;
    if (has_ctl && !S_ISSOCK(file.st_mode))
        refuse("Could not bind to socket '" + ctl + "': it is there and no socket",
               "choose another directory");
    if (!has_ctl) {
        // A mistyped -s /tmp must not become a switch's directory.
        for (const std::string& name : names_in(directory_.get()))
            if (!is_switch_name(name) || !is_socket(directory_.get(), name))
                refuse(fmt::format("'{}' is no VDE ctl directory: it holds '{}'", path_, name),
                       "choose a directory of the switch's own");
        return;
    }
    switch (const int error = probe_listener(ctl)) {
        case ECONNREFUSED:  // dead
        case ENOENT: return;
        case 0:
        case EAGAIN:  // alive, and so busy that its backlog is full
            refuse("Could not bind to socket '" + ctl + "': Address already in use",
                   "another switch runs there: plug into that one, or choose another directory");
        default:
            refuse("Could not bind to socket '" + ctl + "': " + errno_text(error),
                   "choose another directory");
    }
}

void ControlDirectory::listen(mode_t mode, std::optional<gid_t> group) {
    const std::string ctl = path_ + "/ctl";
    const auto fail = [&](const std::string& remedy) {
        refuse("Could not bind to socket '" + ctl + "': " + errno_text(errno), remedy);
    };
    if (::unlinkat(directory_.get(), "ctl", 0) != 0 && errno != ENOENT)
        fail("choose another directory");

    const auto address = unix_address(ctl);
    listener_ = Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!listener_ || !address ||
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        fail(room_or(errno, "choose a directory that you may write to"));
    ctl_ = Fd{::openat(directory_.get(), "ctl", O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    if (!ctl_ || !is_socket(directory_.get(), "ctl"))
        fail("somebody else changes the directory: choose another directory");
    if (group && ::fchownat(directory_.get(), "ctl", static_cast<uid_t>(-1), *group,
                            AT_SYMLINK_NOFOLLOW) != 0)
        refuse(fmt::format("Could not give '{}' to group {}: {}", ctl, *group, errno_text(errno)),
               "choose a group that you are a member of");
    if (::fchmodat(directory_.get(), "ctl", mode, AT_SYMLINK_NOFOLLOW) != 0 ||
        ::listen(listener_.get(), SOMAXCONN) != 0)
        fail("choose another directory");
}

// What switches and clients that were killed left behind.
void ControlDirectory::sweep() const {
    for (const std::string& name : names_in(directory_.get()))
        if (is_switch_name(name) && is_socket(directory_.get(), name) &&
            is_dead(path_ + "/" + name))
            ::unlinkat(directory_.get(), name.c_str(), 0);
}

bool ControlDirectory::lock() const {
    return ::flock(directory_.get(), LOCK_EX | LOCK_NB) == 0;
}

bool ControlDirectory::is_still_at_path() const {
    struct stat here {
    }, there{};
    return ::fstat(directory_.get(), &here) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           same_file(here, there);
}

ControlDirectory::~ControlDirectory() {
    // Somebody removed the directory, or another switch has taken it over: nothing here is ours.
    if (!is_still_at_path()) return;
    struct stat own {
    }, file{};
    if (::fstatat(directory_.get(), "ctl", &file, AT_SYMLINK_NOFOLLOW) == 0) {
        if (::fstat(ctl_.get(), &own) != 0 || !same_file(own, file)) return;
        ::unlinkat(directory_.get(), "ctl", 0);
    }
    if (!lock()) return;  // a successor is moving in
    sweep();
    if (::rmdir(path_.c_str()) == 0) return;
    const int error = errno;
    const auto names = names_in(directory_.get());
    if (names.empty())
        log_.warn("cannot remove ctl directory '{}': {}", path_, errno_text(error));
    else
        log_.warn("ctl directory '{}' stays: it holds '{}'", path_, names.front());
}

}  // namespace switchd::vde
