// One end of a patch: what is sent to it comes in at the other end, in another bridge or in the
// same one. Frames pass whole, as they are.
//
// A frame passes a patch once in a turn of the loop. Bridges that are patched in a ring so have a
// storm, as with cables, but the loop goes on.
#pragma once

#include <string>

#include "switchd/core/endpoint.h"
#include "switchd/core/timer.h"

namespace switchd {

class PatchEndpoint final : public Endpoint {
public:
    PatchEndpoint(Reactor& reactor, FrameSink& sink, int id, std::string description)
        : Endpoint(reactor, sink), id_(id) {
        description_ = std::move(description);
    }

    // Both are to be told of each other; null: it has gone. Frames are kept while there is nobody.
    void set_other_end(PatchEndpoint* other) noexcept { other_ = other; }

    int id() const override { return id_; }
    std::string_view module() const override { return "patch"; }
    bool takes_offloads() const override { return true; }
    bool idle() const override { return Endpoint::idle() && next_turn_.idle(); }
    void set_paused(bool paused) noexcept override;

protected:
    void flush() noexcept override;
    void close_peer() noexcept override { next_turn_.disarm(); }

private:
    void on_next_turn() noexcept { flush_soon(); }

    int id_;
    PatchEndpoint* other_ = nullptr;
    TimePoint passed_{};  // the turn in which frames passed last
    Timer next_turn_ = Timer::calling<&PatchEndpoint::on_next_turn>(reactor_, this);
};

}  // namespace switchd
