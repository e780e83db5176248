// The directory that a VDE switch lives in: made, entered by its rightful user only, left clean.
//
// DIR/ctl is listened on from construction. A directory that exists is taken over only if it is a
// switch's (it is empty, or holds nothing but a dead switch's sockets, or a dead ctl); of any other
// nothing is changed, not even its mode. Whether a socket is dead is asked of the socket, not
// guessed from its name. At the end only what is this switch's own or dead is removed.
//
// Others may be able to write to the directory (-m 777): nothing in it is followed, and its rights
// are kept shut until everything in it is as it should be. Two switches that start on one
// directory, or of which one ends while the other starts, keep apart by a lock on it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "switchd/core/fd.h"
#include "switchd/core/log.h"
#include "switchd/core/unix_socket.h"

namespace switchd::vde {

class ControlDirectory {
public:
    // The longest directory name: DIR/65535.99999999 must fit into a socket's address.
    static constexpr std::size_t path_bytes_max =
        unix_path_bytes_max - sizeof("/65535.99999999") + 1;

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
    // True if it was made, false if it was there.
    bool enter(const std::string& path);
    void check_contents() const;
    void listen(mode_t mode, std::optional<gid_t> group);
    void sweep() const;
    bool lock() const;
    bool is_still_at_path() const;

    Log& log_;
    std::string path_;
    Fd directory_;  // what is at path_, open
    Fd listener_;
    Fd ctl_;  // the file DIR/ctl as it was made; keeps its inode number from being used again
};

}  // namespace switchd::vde
