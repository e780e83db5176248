#include "switchd/run_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "switchd/core/error.h"

namespace switchd {

namespace {

// A user's session directory stays in the environment of programs that became another user.
bool is_own_directory(const char* path) {
    struct stat file {};
    return ::stat(path, &file) == 0 && S_ISDIR(file.st_mode) && file.st_uid == ::geteuid();
}

}  // namespace

std::string default_run_directory() {
    const char* const session = std::getenv("XDG_RUNTIME_DIR");
    if (session && session[0] == '/' && is_own_directory(session))
        return std::string(session) + "/switchd";
    std::error_code error;
    auto temporary = std::filesystem::temp_directory_path(error);
    if (error || !temporary.is_absolute()) temporary = "/tmp";
    return (temporary / ("switchd-" + std::to_string(::geteuid()))).string();
}

bool make_run_directory(const std::string& path, mode_t mode) {
    const std::string choose = "choose another one with --run-dir";
    if (::mkdir(path.c_str(), mode) == 0) return true;
    if (errno != EEXIST)
        throw SetupError("cannot make run directory '" + path + "': " + errno_text(errno),
                         room_or(errno, "its parent must exist and be writable, or " + choose));
    struct stat file {};
    if (::lstat(path.c_str(), &file) != 0)
        throw SetupError("cannot use run directory '" + path + "': " + errno_text(errno), choose);
    if (!S_ISDIR(file.st_mode))
        throw SetupError("run directory '" + path + "' is no directory", choose);
    if (file.st_uid != ::geteuid())
        throw SetupError("run directory '" + path + "' belongs to another user", choose);
    if (file.st_mode & 0022)
        throw SetupError("others may write to run directory '" + path + "'",
                         "chmod go-w it, or " + choose);
    return false;
}

}  // namespace switchd
