// The way of a frame through the bridge: classify what arrived together, then carry out what the
// forwarding engine says, frame by frame.
//
// Frames that take much work, because the tables have not seen their like or have many steps done
// to them, leave the other ports their time: a port gets work_at_once done in a row, then its
// frames wait for their turn, and those of other such ports.
//
// Nothing here allocates, asks the system or logs per frame.
#pragma once

#include <deque>

#include "flows/forwarding_engine.h"
#include "switchd/core/endpoint.h"
#include "switchd/port_table.h"
#include "switchd/wire_frames.h"

namespace switchd {

// Takes the frames that the tables give to somebody inside the switch.
class LocalReceiver {
public:
    virtual ~LocalReceiver() = default;
    virtual void punted(LocalConsumer to, VlanId vlan, PortNumber in_port,
                        std::span<const std::byte> frame) noexcept = 0;
};

// Takes what the tables send to the controllers. It must not change tables, and copies what it
// keeps.
class PacketInReceiver {
public:
    virtual ~PacketInReceiver() = default;
    virtual void packet_in(const PacketInRequest& request,
                           std::span<const std::byte> frame) noexcept = 0;
};

// Sees every frame that comes in and every copy that goes out of a port, while it is active.
class PacketObserver {
public:
    virtual ~PacketObserver() = default;
    virtual bool active() const noexcept = 0;  // asked once per batch
    virtual void packet_in(PortNumber port, std::span<const std::byte> frame) noexcept = 0;
    virtual void packet_out(PortNumber port, std::span<const std::byte> frame) noexcept = 0;
};

class Datapath {
public:
    // The arguments must outlive this. `pool`: for frames that have to be made.
    Datapath(PortTable& ports, ForwardingEngine& engine, FramePool& pool)
        : ports_(ports), engine_(engine), wire_frames_(pool) {}

    // Null for none.
    void set_local_receiver(LocalReceiver* receiver) { local_receiver_ = receiver; }
    void set_packet_in_receiver(PacketInReceiver* receiver) { packet_in_receiver_ = receiver; }
    void set_observer(PacketObserver* observer) { observer_ = observer; }

    // About a millisecond's, in the unit of ActionProgram's.
    static constexpr std::size_t work_at_once = 8192;
    // Of one port. Its endpoints are to be paused long before that.
    static constexpr std::size_t waiting_max = 512;

    // Frames that arrived on one endpoint of `in`. Some may wait in in.waiting afterwards.
    void receive(Port& in, FrameBatch& batch, TimePoint now) noexcept;
    // Frames of some port wait for go_on().
    bool waits() const { return !waiting_ports_.empty(); }
    // Goes on with those of the port that waits longest; null if it has gone.
    Port* go_on(TimePoint now) noexcept;
    // A controller's frame: what `actions` say, as if it had come in on in_port of `pipeline` (a
    // port or one of reserved_port), with the metadata and registers that are there.
    void send(const RuleActions& actions, const FlowKey& pipeline, Frame frame,
              TimePoint now) noexcept;
    // One frame of the switch's own, out of one port.
    void transmit(Port& out, Frame frame) noexcept;

private:
    std::size_t forward(Port& in, std::span<Frame* const> frames, TimePoint now) noexcept;
    void wait(Port& in, std::span<Frame* const> frames) noexcept;
    void execute(const ActionProgram& program, PortNumber in_port, Port* in, Frame frame) noexcept;
    void send_out(Port& out, Frame frame) noexcept;
    void output(const Output& output, Frame& frame, bool last) noexcept;
    void enqueue(Port& out, Endpoint& endpoint, Frame frame) noexcept;
    // Why they do not get all of it, if so.
    std::optional<DropReason> tell_controllers(const PacketInRequest& request,
                                               const Frame& frame) noexcept;

    PortTable& ports_;
    ForwardingEngine& engine_;
    WireFrames wire_frames_;  // of the frame that is under way
    LocalReceiver* local_receiver_ = nullptr;
    PacketInReceiver* packet_in_receiver_ = nullptr;
    PacketObserver* observer_ = nullptr;
    bool observed_ = false;  // the observer was active when the batch began
    std::deque<PortNumber> waiting_ports_;
};

}  // namespace switchd
