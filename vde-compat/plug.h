// A connected VDE client: its data socket carries the frames, its ctl stream says how long it
// lives.
//
// The data socket is connected to the client and bound to a file of its own in the control
// directory, which libvdeplug connects to and User-mode Linux sends to. The file lives as long as
// the plug. The end of the ctl stream is the end of the plug, and nothing else is: not an error on
// the data socket, not bytes that a client sends on the stream (they are read and forgotten).
#pragma once

#include <array>
#include <string>

#include "switchd/core/datagram_endpoint.h"

namespace switchd::vde {

class Plug final : public DatagramEndpoint {
public:
    // `data` is bound to `path` and connected to the client, whose stream is `ctl`.
    Plug(Reactor& reactor, FrameSink& sink, Fd data, Fd ctl, std::string path,
         std::string description);

    // Begins to receive and to watch the stream.
    void start();

    int id() const override { return id_; }
    std::string_view module() const override { return "unix prog"; }
    bool idle() const override;

protected:
    void close_peer() noexcept override;

private:
    void watch();
    void on_ctl(Completion& completion) noexcept;
    void end() noexcept;

    int id_;
    Fd ctl_;
    std::string path_;
    std::array<std::byte, 128> forgotten_;
    Operation read_ = Operation::calling<&Plug::on_ctl>(this);
    TurnHook end_hook_ = TurnHook::calling<&Plug::end>(this);
};

}  // namespace switchd::vde
