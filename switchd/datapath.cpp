#include "switchd/datapath.h"

#include "flows/packet_edit.h"

namespace switchd {

namespace {

constexpr std::size_t ethernet_header_bytes = 14;

// Makes the frame what `edit` made of its bytes; they must be the frame's own.
template <class Edit>
bool edit_frame(Frame& frame, Edit edit) noexcept {
    if (!frame.own()) return false;
    const auto bytes = frame.writable();
    const std::optional<EditableFrame> edited =
        edit(EditableFrame{bytes.data(), bytes.size(), frame.headroom()});
    if (!edited) return false;
    frame.move_front(static_cast<std::ptrdiff_t>(bytes.size()) -
                     static_cast<std::ptrdiff_t>(edited->size));
    return true;
}

}  // namespace

void Datapath::receive(Port& in, FrameBatch& batch, TimePoint now) noexcept {
    ForwardingEngine::Arrival arrivals[FrameBatch::frames_max];
    const ActionProgram* programs[FrameBatch::frames_max];
    Frame* frames[FrameBatch::frames_max];
    std::size_t count = 0;
    observed_ = observer_ && observer_->active();
    for (Frame& frame : batch.frames()) {
        if (frame.size() < ethernet_header_bytes) {
            in.count_drop(DropReason::runt);
            continue;
        }
        in.in.count(frame.size());
        if (observed_) observer_->packet_in(in.number, frame.bytes());
        frames[count] = &frame;
        arrivals[count++] = {frame.bytes(), in.number};
    }
    engine_.process({arrivals, count}, now, {programs, count});
    for (std::size_t i = 0; i < count; ++i) execute(*programs[i], in, std::move(*frames[i]));
}

void Datapath::transmit(Port& out, Frame frame) noexcept {
    out.out.count(frame.size());
    if (observed_) observer_->packet_out(out.number, frame.bytes());
    for (std::size_t i = 0; i + 1 < out.endpoints.size(); ++i)
        out.endpoints[i]->enqueue(frame.share());
    if (!out.endpoints.empty()) out.endpoints.back()->enqueue(std::move(frame));
}

void Datapath::execute(const ActionProgram& program, Port& in, Frame frame) noexcept {
    const std::size_t steps = program.steps.size();
    for (std::size_t i = 0; i < steps; ++i) {
        const Action& action = program.steps[i];
        if (const auto* to = std::get_if<Output>(&action)) {
            output(*to, frame, i + 1 == steps);
        } else if (const auto* push = std::get_if<PushVlan>(&action)) {
            if (!edit_frame(frame,
                            [&](EditableFrame f) { return push_vlan(f, tpid_vlan, push->tci); }))
                return in.count_drop(DropReason::buffer_exhausted);
        } else if (std::holds_alternative<PopVlan>(action)) {
            if (!edit_frame(frame, [](EditableFrame f) { return std::optional{pop_vlan(f)}; }))
                return in.count_drop(DropReason::buffer_exhausted);
        } else if (const auto* punt = std::get_if<Punt>(&action)) {
            if (local_receiver_)
                local_receiver_->punted(punt->to, punt->vlan, in.number, frame.bytes());
        } else if (const auto* drop = std::get_if<Drop>(&action)) {
            in.count_drop(drop->reason);
        }
    }
}

// To the last port of the last step goes the frame itself, to all others a share.
void Datapath::output(const Output& output, Frame& frame, bool last) noexcept {
    const std::size_t count = output.ports.size();
    for (std::size_t i = 0; i < count; ++i) {
        Port* const port = ports_.find(output.ports[i]);
        if (!port) continue;
        transmit(*port, last && i + 1 == count ? std::move(frame) : frame.share());
    }
}

}  // namespace switchd
