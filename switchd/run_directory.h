// The directory that holds everything that others connect to: switchd.sock, switchd.pid and one
// directory per bridge.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>

namespace switchd {

// Where switchd runs and switchctl looks unless told otherwise: $XDG_RUNTIME_DIR/switchd if that is
// this user's own, else switchd-UID in the directory for temporary files.
std::string default_run_directory();

// Makes it, with these rights, if it is not there; its parent must be. One that is there must be a
// real directory, not a link, of this user, that no other may write to: who may write there could
// put himself in the switch's place. Throws SetupError, and changes nothing that was there.
// True if it was not there.
bool make_run_directory(const std::string& path, mode_t mode);

// The same for as long as this lives: what was made is removed again, if nobody else left anything.
class RunDirectory {
public:
    RunDirectory(const std::string& path, mode_t mode)
        : path_(path), made_(make_run_directory(path, mode)) {}
    ~RunDirectory() {
        if (made_) ::rmdir(path_.c_str());
    }
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;

private:
    std::string path_;
    bool made_;
};

}  // namespace switchd
