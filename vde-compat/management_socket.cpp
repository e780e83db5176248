#include "vde-compat/management_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "switchd/core/error.h"
#include "switchd/core/stream_connection.h"
#include "switchd/core/unix_socket.h"
#include "vde-compat/console_session.h"

namespace switchd::vde {

namespace {

// What is handed to the kernel at once: a whole reply of the usual size.
constexpr std::size_t write_bytes_max = 64 * 1024;
// What one read of the connection brings at most.
constexpr std::size_t read_bytes_max = 4096;

}  // namespace

class ManagementSocket::Session final : public StreamConnection, private ConsoleOutput {
public:
    // `socket` is the descriptor that `connection` owns.
    Session(ManagementSocket& owner, int socket, Fd connection)
        : StreamConnection(owner.reactor_, std::move(connection), Fd{}, 2 * write_bytes_max),
          owner_(owner),
          socket_(socket),
          console_(owner.console_, owner.events_, ConsoleSession::Kind::socket, this) {
        start();
        pump();
    }

    bool idle() const override { return StreamConnection::idle() && !pump_.queued(); }
    bool is_dispensable() const { return over_ || pending_bytes() != 0; }
    void stop() noexcept {
        over_ = true;
        close();
    }

private:
    void received(std::span<const std::byte> bytes) noexcept override {
        console_.input(bytes, bytes.size() == read_bytes_max);
        pump();
    }
    void drained() noexcept override { pump(); }
    // An event may come while a command runs: written when the turn ends.
    void output_ready() noexcept override { reactor_.before_submit(pump_); }

    void pump() noexcept {
        if (over_) return;
        while (!console_.pending().empty() && pending_bytes() < write_bytes_max) {
            const auto part = console_.pending().substr(0, write_bytes_max);
            write(part);
            console_.consume(part.size());
        }
        if (console_.finished() && console_.pending().empty() && pending_bytes() == 0)
            say_goodbye();
    }

    void say_goodbye() noexcept {
        over_ = true;
        if (!console_.reason().empty()) {
            owner_.log_.warn("management session: the peer {}; closed", console_.reason());
            finish();
            return;
        }
        // The peer closes first: unixterm does not read the farewell if the hang-up comes with it.
        ::shutdown(socket_, SHUT_WR);
    }

    void ended(bool) noexcept override { owner_.end(*this); }

    ManagementSocket& owner_;
    int socket_;
    bool over_ = false;
    ConsoleSession console_;
    TurnHook pump_ = TurnHook::calling<&Session::pump>(this);
};

ManagementSocket::ManagementSocket(Reactor& reactor, Log& log, Console& console,
                                   DebugEvents& events, const std::string& path, unsigned mode,
                                   std::optional<gid_t> group)
    : reactor_(reactor),
      log_(log),
      console_(console),
      events_(events),
      path_(path),
      listener_(Listener::calling<&ManagementSocket::on_connection>(reactor, listen_on(path, mode),
                                                                    this)) {
    if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0)
        log_.warn("cannot give the management socket '{}' to group {}: {}", path, *group,
                  errno_text(errno));
}

ManagementSocket::~ManagementSocket() = default;

void ManagementSocket::close() noexcept {
    listener_.close();
    while (!sessions_.empty()) end(*sessions_.front());
    ::unlink(path_.c_str());
}

void ManagementSocket::on_connection(Fd connection) noexcept {
    if (sessions_.size() == sessions_max) {
        // Rather one that does not read or has said goodbye than one that may be listening to
        // events.
        const auto stuck = std::ranges::find_if(
            sessions_, [](const auto& session) { return session->is_dispensable(); });
        end(stuck != sessions_.end() ? **stuck : *sessions_.front());
    }
    const int socket = connection.get();
    sessions_.push_back(std::make_unique<Session>(*this, socket, std::move(connection)));
}

void ManagementSocket::end(Session& session) noexcept {
    const auto it = std::ranges::find(sessions_, &session, &std::unique_ptr<Session>::get);
    if (it == sessions_.end()) return;
    session.stop();
    reactor_.retire(std::move(*it));
    sessions_.erase(it);
}

}  // namespace switchd::vde
