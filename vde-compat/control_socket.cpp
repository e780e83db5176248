#include "vde-compat/control_socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "switchd/core/error.h"
#include "switchd/core/unix_socket.h"

namespace switchd::vde {

namespace {

bool bind_to(int socket, const std::string& path) {
    const auto address = unix_address(path);
    if (!address) return false;
    ::unlink(path.c_str());
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
}

// Where who is refused is sent: everybody may write to it, and nobody listens there. It need not be
// made, so it tells the truth also when there is no descriptor, no room on the disk, no memory
// left.
constexpr const char* refusing_address = "/dev/null";

Fd datagram_socket() {
    Fd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (socket) refuse_descriptors(socket.get());
    return socket;
}

// Connects to a client. A path is looked at once, and what was found is whom we connect to: the
// name may lead elsewhere at any moment. `owner` is whose file it is.
Errno connect_to_client(int data, const PlugRequest& request, std::optional<uid_t>& owner) {
    if (request.abstract_address())
        return ::connect(data, reinterpret_cast<const sockaddr*>(request.address.data()),
                         address_bytes) == 0
                   ? 0
                   : errno;
    const Fd file{::open(request.path().c_str(), O_PATH | O_CLOEXEC)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return errno;
    owner = status.st_uid;
    const auto address = unix_address(fmt::format("/proc/self/fd/{}", file.get()));
    return ::connect(data, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0
               ? 0
               : errno;
}

}  // namespace

// A client that has connected and whose request is not complete yet, or that was refused and has
// not gone yet.
class ControlSocket::Session final : public Retirable {
public:
    Session(ControlSocket& socket, Fd stream) : socket_(socket), stream_(std::move(stream)) {
        read_more();
    }

    void cancel() noexcept {
        ended_ = true;
        socket_.reactor_.cancel(read_);
    }
    bool idle() const override { return !read_.in_flight(); }
    bool refused() const { return refused_; }

private:
    void read_more() {
        socket_.reactor_.read(read_, stream_.get(), std::span(bytes_).subspan(size_));
    }

    void on_read(Completion& completion) noexcept {
        if (ended_) return;
        if (completion.result <= 0) return socket_.end(*this);
        if (refused_) return read_more();  // and forget it
        size_ += static_cast<std::size_t>(completion.result);
        const auto request = parse_plug_request(std::span(bytes_).first(size_));
        if (!request && request.error() == RequestError::incomplete) return read_more();
        const Errno error = request ? socket_.serve(*request, stream_) : 0;
        if (error == 0) return socket_.end(*this);
        refused_ = true;
        size_ = 0;
        socket_.refuse(stream_.get(), error);
        read_more();
    }

    ControlSocket& socket_;
    Fd stream_;
    bool ended_ = false;
    bool refused_ = false;
    std::size_t size_ = 0;
    std::array<std::byte, request_bytes_max> bytes_;
    Operation read_ = Operation::calling<&Session::on_read>(this);
};

ControlSocket::ControlSocket(Reactor& reactor, Log& log, Fd listener, ControlAccess access,
                             PlugHost& host)
    : reactor_(reactor),
      log_(log),
      access_(std::move(access)),
      host_(host),
      listener_(Listener::calling<&ControlSocket::on_connection, &ControlSocket::on_turned_away>(
          reactor, std::move(listener), this)) {}

ControlSocket::~ControlSocket() = default;

void ControlSocket::close() noexcept {
    listener_.close();
    while (!sessions_.empty()) end(*sessions_.front());
}

void ControlSocket::on_connection(Fd connection) noexcept {
    if (sessions_.size() == sessions_max) end(*sessions_.front());
    sessions_.push_back(std::make_unique<Session>(*this, std::move(connection)));
}

void ControlSocket::on_turned_away(const Fd& connection) noexcept {
    refuse(connection.get(), EMFILE);
}

void ControlSocket::end(Session& session) noexcept {
    session.cancel();
    const auto it = std::ranges::find(sessions_, &session, &std::unique_ptr<Session>::get);
    reactor_.retire(std::move(*it));
    sessions_.erase(it);
    if (session.refused() && std::ranges::none_of(sessions_, &Session::refused)) forget_refusals();
}

// The addresses that tell clients why they were refused: nobody needs them any more.
void ControlSocket::forget_refusals() {
    if (denying_) ::unlink((access_.directory + "/.denied").c_str());
    denying_.reset();
}

Errno ControlSocket::serve(const PlugRequest& request, Fd& ctl) {
    Fd data = datagram_socket();
    if (!data) return errno;
    PlugIdentity identity;
    if (const Errno error = identify(ctl.get(), identity)) return error;
    if (const Errno error = connect_to_client(data.get(), request, identity.owner)) return error;
    // Nobody but root speaks for another user.
    if (identity.owner && identity.peer != 0 && identity.peer != *identity.owner) return EACCES;

    const auto port = host_.admit(request, identity);
    if (!port) return port.error();

    const bool management = request.kind == PlugRequest::Kind::port_zero;
    const auto path = bind_data(data.get(), *port, identity, management);
    if (!path) {
        tell("cannot make a data socket in " + access_.directory, path.error());
        return path.error();
    }

    const int stream = ctl.get();
    auto plug = std::make_unique<Plug>(reactor_, host_.sink(), std::move(data), std::move(ctl),
                                       *path, request.description);
    plug->start();
    host_.attach(*port, std::move(plug), identity);
    told_ = false;
    const auto reply = plug_reply(*path);
    // A client that cannot take 110 bytes has gone; the end of its stream says so.
    ::send(stream, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return 0;
}

// Once until somebody is admitted again: clients may try for ever.
void ControlSocket::tell(const std::string& trouble, Errno error) {
    if (!std::exchange(told_, true)) log_.error("{}: {}", trouble, errno_text(error));
}

void ControlSocket::refuse(int ctl, Errno error) {
    if (error == EMFILE || error == ENFILE) tell("clients are refused", error);
    const bool denied = (error == EACCES || error == EPERM) && open_denying();
    const auto reply = plug_reply(denied ? access_.directory + "/.denied" : refusing_address);
    ::send(ctl, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(ctl, SHUT_WR);
}

// Connected to itself, it accepts nobody else.
bool ControlSocket::open_denying() {
    if (denying_) return true;
    const std::string path = access_.directory + "/.denied";
    const auto address = unix_address(path);
    Fd socket = datagram_socket();
    if (!bind_to(socket.get(), path)) return false;
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) !=
        0) {
        ::unlink(path.c_str());
        return false;
    }
    ::chmod(path.c_str(), 0666);
    denying_ = std::move(socket);
    return true;
}

Errno ControlSocket::identify(int ctl, PlugIdentity& identity) const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(ctl, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return errno;
    identity.peer = peer.uid;
    identity.peer_group = peer.gid;
    return 0;
}

std::expected<std::string, Errno> ControlSocket::bind_data(int data, unsigned port,
                                                           const PlugIdentity& identity,
                                                           bool management) const {
    // Not a bare number: libvdeplug takes such a name for something else.
    const std::string path = fmt::format("{}/{:03}.{}", access_.directory, port, data);
    if (!bind_to(data, path)) return std::unexpected(errno);
    const auto group = management ? access_.management_group : access_.group;
    unsigned mode = management ? access_.management_mode : access_.mode;
    const gid_t gid = group.value_or(static_cast<gid_t>(-1));
    uid_t uid = static_cast<uid_t>(-1);
    if (::geteuid() == 0 && identity.owner) {
        if (!management) mode &= 0700;
        uid = *identity.owner;
    }
    // Never through a link that somebody put in its place.
    if (::fchownat(AT_FDCWD, path.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0 ||
        ::fchmodat(AT_FDCWD, path.c_str(), mode, AT_SYMLINK_NOFOLLOW) != 0) {
        const Errno error = errno;
        ::unlink(path.c_str());
        return std::unexpected(error);
    }
    return path;
}

}  // namespace switchd::vde
