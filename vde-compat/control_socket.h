// The ctl socket: admits VDE clients.
//
// A client connects, sends one request and reads one reply of 110 bytes; from then on the stream is
// silent and its end is the plug's end. Who asks for what is not there, or is not allowed, gets a
// reply with an address that cannot be connected, because every client reports that with its
// reason, where silence makes it hang and a bare close makes it guess:
//     "Connection refused"        no free port, a port out of range, a port that somebody else
//     uses;
//                                 no descriptor or no room on the disk for one more, which is
//                                 logged
//     "Operation not permitted"   the port's user or group, or a client socket we may not use
// A request that is not VDE's gets no reply, only the end of the stream.
#pragma once

#include <sys/types.h>

#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "switchd/core/listener.h"
#include "switchd/core/log.h"
#include "vde-compat/plug.h"
#include "vde-compat/plug_request.h"
#include "vde-compat/switch.h"

namespace switchd::vde {

// Who wants to plug in, as far as the system vouches for it.
struct PlugIdentity {
    std::optional<uid_t> owner;  // of the client's socket file; none for an abstract address
    uid_t peer = 0;              // of the process at the other end of the ctl stream
    gid_t peer_group = 0;
};

// Where plugs go: decides about ports and takes what was admitted.
class PlugHost {
public:
    virtual ~PlugHost() = default;
    // The port that this client would get; nothing changes yet. EACCES or EPERM: not allowed;
    // anything else: not there.
    virtual std::expected<unsigned, Errno> admit(const PlugRequest& request,
                                                 const PlugIdentity& identity) = 0;
    // Attaches an admitted plug to the port, which is created if need be.
    virtual void attach(unsigned port, std::unique_ptr<Plug> plug,
                        const PlugIdentity& identity) = 0;
    virtual FrameSink& sink() = 0;
};

struct ControlAccess {
    std::string directory;  // absolute, canonical; short enough for DIR/65535.1048576
    unsigned mode = 0600;   // of data sockets
    unsigned management_mode = 0600;
    std::optional<gid_t> group, management_group;
};

class ControlSocket {
public:
    // `listener` listens on DIR/ctl. The others must outlive this.
    ControlSocket(Reactor& reactor, Log& log, Fd listener, ControlAccess access, PlugHost& host);
    ~ControlSocket();

    // Admits nobody any more.
    void close() noexcept;
    bool idle() const { return listener_.idle() && sessions_.empty(); }

private:
    class Session;

    // Clients that have connected and not asked yet, or were refused and have not gone yet. Both
    // take an honest client no time, so when there are more, the oldest go.
    static constexpr std::size_t sessions_max = 256;

    void on_connection(Fd connection) noexcept;
    void on_turned_away(const Fd& connection) noexcept;
    void end(Session& session) noexcept;
    // Plugs the client in and takes its stream, or says why not (errno) and leaves it.
    Errno serve(const PlugRequest& request, Fd& ctl);
    void refuse(int ctl, Errno error);
    bool open_denying();
    void tell(const std::string& trouble, Errno error);
    void forget_refusals();
    Errno identify(int ctl, PlugIdentity& identity) const;
    std::expected<std::string, Errno> bind_data(int data, unsigned port,
                                                const PlugIdentity& identity,
                                                bool management) const;

    Reactor& reactor_;
    Log& log_;
    ControlAccess access_;
    PlugHost& host_;
    Fd denying_;  // the socket behind "Operation not permitted", made when first needed
    bool told_ = false;
    std::list<std::unique_ptr<Session>> sessions_;  // oldest first
    Listener listener_;
};

}  // namespace switchd::vde
