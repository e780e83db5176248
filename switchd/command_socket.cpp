#include "switchd/command_socket.h"

#include <unistd.h>

#include <algorithm>

#include "switchd/core/stream_connection.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

namespace {

// When so much of an answer waits to be read, the rest waits to be made.
constexpr std::size_t waiting_bytes_max = 64 << 10;
// A piece may be larger: what is told of one port or one trace is one.
constexpr std::size_t reply_bytes_max = 64 << 20;

}  // namespace

class CommandSocket::Session final : public StreamConnection, private Requester {
public:
    Session(CommandSocket& socket, Fd connection)
        : StreamConnection(socket.turns_.reactor(), std::move(connection), Fd{}, reply_bytes_max),
          socket_(socket),
          dialog_(socket.make_dialog_()) {
        start();
    }
    ~Session() override { socket_.turns_.forget(*this); }

private:
    void received(std::span<const std::byte> bytes) noexcept override {
        if (!dialog_->hear({reinterpret_cast<const char*>(bytes.data()), bytes.size()}))
            return socket_.end(*this);
        answer(false);
    }
    void drained() noexcept override { answer(false); }
    void go_on() noexcept override { answer(true); }

    // At least one step, if it is this one's turn.
    void answer(bool in_turn) noexcept {
        if (closed() || over_ || pending_bytes() >= waiting_bytes_max) return;
        std::string reply;
        const Progress progress = make(reply, in_turn);
        over_ = progress == Progress::over;
        write(reply);
        if (over_ && !closed()) finish();
    }
    using Progress = CommandDialog::Progress;
    Progress make(std::string& reply, bool in_turn) noexcept {
        RequestTurns& turns = socket_.turns_;
        Progress progress = Progress::more;
        while (progress == Progress::more && pending_bytes() + reply.size() < waiting_bytes_max) {
            if (!std::exchange(in_turn, false) && turns.is_over()) {
                turns.go_on_later(*this);
                break;
            }
            const TimePoint begin = turns.reactor().clock().now();
            progress = dialog_->go_on(reply);
            turns.time().spend(begin, turns.reactor().clock().now());
        }
        return progress;
    }
    void ended(bool) noexcept override { socket_.end(*this); }

    CommandSocket& socket_;
    std::unique_ptr<CommandDialog> dialog_;
    bool over_ = false;
};

CommandSocket::CommandSocket(RequestTurns& turns, const std::string& path, MakeDialog make_dialog)
    : turns_(turns),
      path_(path),
      make_dialog_(std::move(make_dialog)),
      listener_(Listener::calling<&CommandSocket::on_connection>(turns.reactor(),
                                                                 listen_on(path, 0600), this)) {}

CommandSocket::~CommandSocket() = default;

void CommandSocket::close() noexcept {
    listener_.close();
    while (!sessions_.empty()) end(*sessions_.front());
    ::unlink(path_.c_str());
}

void CommandSocket::on_connection(Fd connection) noexcept {
    if (sessions_.size() == sessions_max) end(*sessions_.front());
    sessions_.push_back(std::make_unique<Session>(*this, std::move(connection)));
}

void CommandSocket::end(Session& session) noexcept {
    const auto it = std::ranges::find(sessions_, &session, &std::unique_ptr<Session>::get);
    if (it == sessions_.end()) return;
    session.close();
    turns_.reactor().retire(std::move(*it));
    sessions_.erase(it);
}

}  // namespace switchd
