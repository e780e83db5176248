// The directory that a VDE switch lives in: made, entered by its rightful user only, left clean.
//
// DIR/ctl is listened on from construction. A directory that exists is taken over only if it is one
// of a switch (it is empty, or holds a ctl socket and plugs' sockets); nothing of any other is
// changed. At the end only what is this switch's own is removed.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "switchd/core/fd.h"
#include "switchd/core/log.h"

namespace switchd::vde {

class ControlDirectory {
public:
    // The longest directory name: DIR/65535.99999999 must fit into a socket's address.
    static constexpr std::size_t path_bytes_max = 90;

    // `mode` is the ctl socket's. Throws SetupError with exit status 255, as vde_switch ends.
    ControlDirectory(Log& log, const std::string& path, mode_t mode, mode_t directory_mode,
                     std::optional<gid_t> group);
    ~ControlDirectory();
    ControlDirectory(const ControlDirectory&) = delete;
    ControlDirectory& operator=(const ControlDirectory&) = delete;

    // Absolute and canonical.
    const std::string& path() const { return path_; }
    // The socket that listens on DIR/ctl, once.
    Fd take_listener() { return std::move(listener_); }

private:
    void check_before_use(const std::string& path) const;
    void sweep() const;

    Log& log_;
    std::string path_;
    Fd listener_;
    ino_t ctl_inode_ = 0;
};

}  // namespace switchd::vde
