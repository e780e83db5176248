#include "vde-compat/control_directory.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "switchd/core/error.h"
#include "switchd/core/unix_socket.h"

namespace switchd::vde {

namespace {

constexpr int exit_status = 255;

[[noreturn]] void refuse(const std::string& what, std::string remedy) {
    throw SetupError(what, std::move(remedy), exit_status);
}

bool digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// DIR/PPP.F, a plug's data socket; `.PID-NNNNN`, a client's; `.refused` and `.denied`, ours.
bool is_vde_name(std::string_view name) {
    if (name == "ctl" || name == ".refused" || name == ".denied") return true;
    const bool hidden = name.starts_with('.');
    if (hidden) name.remove_prefix(1);
    const std::size_t split = name.find(hidden ? '-' : '.');
    return split != std::string_view::npos && digits(name.substr(0, split)) &&
           digits(name.substr(split + 1));
}

// A client's socket is dead when the process that its name tells of is gone.
bool client_is_gone(std::string_view name) {
    const int pid = std::atoi(std::string(name.substr(1)).c_str());
    return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

ControlDirectory::ControlDirectory(Log& log, const std::string& path, mode_t mode,
                                   mode_t directory_mode, std::optional<gid_t> group)
    : log_(log) {
    if (path.size() > path_bytes_max)
        refuse("ctl directory '" + path + "' has a name too long for sockets in it",
               "choose one of at most " + std::to_string(path_bytes_max) + " bytes");
    const bool made = ::mkdir(path.c_str(), 0700) == 0;
    if (!made && errno != EEXIST)
        refuse("Cannot create ctl directory '" + path + "': " + errno_text(errno),
               "its parent must exist and be writable");
    if (!made) check_before_use(path);
    char canonical[PATH_MAX];
    if (!::realpath(path.c_str(), canonical))
        refuse("Cannot use ctl directory '" + path + "': " + errno_text(errno), "");
    path_ = canonical;
    if (path_.size() > path_bytes_max)
        refuse("ctl directory '" + path_ + "' has a name too long for sockets in it",
               "choose one of at most " + std::to_string(path_bytes_max) + " bytes");

    const std::string ctl = path_ + "/ctl";
    try {
        listener_ = listen_on(ctl, mode);
    } catch (const SetupError& error) {
        if (made) ::rmdir(path_.c_str());
        refuse("Could not bind to socket '" + ctl + "': Address already in use",
               "another switch lives there: stop it, or choose another directory with -s");
    }
    sweep();
    const gid_t gid = group.value_or(static_cast<gid_t>(-1));
    if (group && (::chown(path_.c_str(), static_cast<uid_t>(-1), gid) != 0 ||
                  ::chown(ctl.c_str(), static_cast<uid_t>(-1), gid) != 0))
        log_.warn("cannot give '{}' to group {}: {}", path_, gid, errno_text(errno));
    if (::chmod(ctl.c_str(), mode) != 0 || ::chmod(path_.c_str(), directory_mode) != 0)
        log_.warn("cannot set the mode of '{}': {}", path_, errno_text(errno));
    struct stat file {};
    if (::stat(ctl.c_str(), &file) == 0) ctl_inode_ = file.st_ino;
}

// Nothing in a foreign directory is touched: not its files, not its mode.
void ControlDirectory::check_before_use(const std::string& path) const {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0 || !S_ISDIR(file.st_mode))
        refuse("ctl directory '" + path + "' is no directory", "choose another name with -s");
    if (::geteuid() != 0 && file.st_uid != ::geteuid())
        refuse("ctl directory '" + path + "' belongs to another user", "choose another with -s");
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error))
        if (!is_vde_name(entry.path().filename().string()))
            refuse("'" + path + "' is not a switch's directory: it holds '" +
                       entry.path().filename().string() + "'",
                   "choose a directory of its own with -s");
    if (error)
        refuse("Cannot read ctl directory '" + path + "': " + error.message(),
               "choose another with -s");
}

// What a switch and clients that were killed left behind.
void ControlDirectory::sweep() const {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
        const std::string name = entry.path().filename().string();
        if (name == "ctl" || !is_vde_name(name) || !entry.is_socket(error)) continue;
        if (name.starts_with('.') && digits(std::string_view(name).substr(1, 1)) &&
            !client_is_gone(name))
            continue;
        ::unlink(entry.path().c_str());
    }
}

ControlDirectory::~ControlDirectory() {
    const std::string ctl = path_ + "/ctl";
    struct stat file {};
    if (::stat(ctl.c_str(), &file) != 0 || file.st_ino != ctl_inode_) return;  // somebody else's
    ::unlink(ctl.c_str());
    sweep();
    if (::rmdir(path_.c_str()) != 0)
        log_.warn("cannot remove ctl directory '{}': {}", path_, errno_text(errno));
}

}  // namespace switchd::vde
