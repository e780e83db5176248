#include "switchd/datapath.h"

#include <algorithm>

#include "flows/field_edit.h"
#include "flows/packet_headers.h"
#include "flows/segmentation.h"

namespace switchd {

namespace {

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

// False: there is no buffer for the frame's own bytes, or no room for a tag.
bool edit(Frame& frame, const Action& action) noexcept {
    if (const auto* set = std::get_if<SetFields>(&action)) {
        const Offload offload = frame.offload();
        const auto unsummed_from =
            offload.checksum ? std::optional<std::size_t>(offload.checksum_start) : std::nullopt;
        return edit_frame(frame, [&](EditableFrame f) {
            edit_fields(f, set->edit->key, set->edit->mask, unsummed_from);
            return std::optional{f};
        });
    }
    if (const auto* push = std::get_if<PushVlan>(&action))
        return edit_frame(frame,
                          [&](EditableFrame f) { return push_vlan(f, push->tpid, push->tci); });
    return edit_frame(frame, [](EditableFrame f) { return std::optional{pop_vlan(f)}; });
}

// About so many, if it has to be cut.
std::uint32_t segments_of(const Frame& frame) {
    if (!frame.offloaded()) [[likely]]
        return 1;
    const Offload offload = frame.offload();
    if (offload.segments == Offload::Segments::none) return 1;
    const std::size_t count = 1 + frame.size() / offload.segment_bytes;
    return static_cast<std::uint32_t>(std::min(count, Segmentation::segments_max));
}

}  // namespace

void Datapath::receive(Port& in, FrameBatch& batch, TimePoint now) noexcept {
    Frame* frames[FrameBatch::frames_max];
    std::size_t count = 0;
    observed_ = observer_ && observer_->active();
    for (Frame& frame : batch.frames()) {
        if (frame.size() < ether::header_bytes) {
            in.count_drop(DropReason::runt);
            continue;
        }
        in.in.count(frame.size());
        if (observed_) observer_->packet_in(in.number, frame.bytes());
        frames[count++] = &frame;
    }
    // Behind those that wait already, so that they stay in order.
    const std::size_t through = in.waiting.empty() ? forward(in, {frames, count}, now) : 0;
    if (through < count) [[unlikely]]
        wait(in, {frames + through, count - through});
}

void Datapath::wait(Port& in, std::span<Frame* const> frames) noexcept {
    if (in.waiting.empty()) waiting_ports_.push_back(in.number);
    for (Frame* frame : frames) {
        // A quarter of the buffers is for those that arrive now; large ones are few.
        const FramePool& pool = frame->pool();
        if (in.waiting.size() >= waiting_max || pool.free() < pool.size() / 4)
            in.count_drop(DropReason::overload);
        else
            in.waiting.push_back(std::move(*frame));
    }
}

Port* Datapath::go_on(TimePoint now) noexcept {
    const PortNumber number = waiting_ports_.front();
    waiting_ports_.pop_front();
    Port* const in = ports_.find(number);
    if (!in) return nullptr;
    Frame* frames[FrameBatch::frames_max];
    const std::size_t count = std::min(in->waiting.size(), FrameBatch::frames_max);
    for (std::size_t i = 0; i < count; ++i) frames[i] = &in->waiting[i];
    observed_ = observer_ && observer_->active();
    for (std::size_t i = forward(*in, {frames, count}, now); i > 0; --i) in->waiting.pop_front();
    if (!in->waiting.empty()) waiting_ports_.push_back(number);
    return in;
}

// How many of them there is time for.
std::size_t Datapath::forward(Port& in, std::span<Frame* const> frames, TimePoint now) noexcept {
    ForwardingEngine::Arrival arrivals[FrameBatch::frames_max];
    const ActionProgram* programs[FrameBatch::frames_max];
    for (std::size_t i = 0; i < frames.size(); ++i)
        arrivals[i] = {frames[i]->bytes(), in.number, segments_of(*frames[i])};
    const std::size_t through =
        engine_.process({arrivals, frames.size()}, now, {programs, frames.size()}, work_at_once);
    for (std::size_t i = 0; i < through; ++i)
        execute(*programs[i], in.number, &in, std::move(*frames[i]));
    return through;
}

void Datapath::send(const RuleActions& actions, const FlowKey& pipeline, Frame frame,
                    TimePoint now) noexcept {
    if (frame.size() < ether::header_bytes) return;
    observed_ = observer_ && observer_->active();
    const PortNumber in_port = pipeline.in_port();
    // Deeper than the tables look, perhaps: these actions are none of theirs.
    FlowKey key = extract(frame.bytes(), in_port);
    std::copy(pipeline.words.begin() + packet_words, pipeline.words.end(),
              key.words.begin() + packet_words);
    const ActionProgram& program = engine_.carry_out(actions, key, frame.size(), now);
    execute(program, in_port, ports_.find(in_port), std::move(frame));
}

void Datapath::transmit(Port& out, Frame frame) noexcept {
    observed_ = observer_ && observer_->active();
    send_out(out, std::move(frame));
}

void Datapath::send_out(Port& out, Frame frame) noexcept {
    out.out.count(frame.size());
    if (observed_) observer_->packet_out(out.number, frame.bytes());
    for (std::size_t i = 0; i + 1 < out.endpoints.size(); ++i)
        enqueue(out, *out.endpoints[i], frame.share());
    if (!out.endpoints.empty()) enqueue(out, *out.endpoints.back(), std::move(frame));
}

void Datapath::enqueue(Port& out, Endpoint& endpoint, Frame frame) noexcept {
    if (!frame.offloaded() || endpoint.takes_offloads()) [[likely]]
        return endpoint.enqueue(std::move(frame));
    for (const Frame& each : wire_frames_.of(frame)) endpoint.enqueue(each.share());
    if (const auto why = wire_frames_.missing()) out.count_drop(*why);
}

std::optional<DropReason> Datapath::tell_controllers(const PacketInRequest& request,
                                                     const Frame& frame) noexcept {
    if (!packet_in_receiver_) return std::nullopt;
    if (!frame.offloaded()) {
        packet_in_receiver_->packet_in(request, frame.bytes());
        return std::nullopt;
    }
    for (const Frame& each : wire_frames_.of(frame))
        packet_in_receiver_->packet_in(request, each.bytes());
    return wire_frames_.missing();
}

void Datapath::execute(const ActionProgram& program, PortNumber in_port, Port* in,
                       Frame frame) noexcept {
    const auto drop = [&](DropReason reason) {
        if (in) in->count_drop(reason);
    };
    const std::size_t steps = program.steps.size();
    const bool offloaded = frame.offloaded();
    for (std::size_t i = 0; i < steps; ++i) {
        const Action& action = program.steps[i];
        if (const auto* to = std::get_if<Output>(&action)) {
            output(*to, frame, i + 1 == steps);
        } else if (const auto* punt = std::get_if<Punt>(&action)) {
            if (local_receiver_)
                local_receiver_->punted(punt->to, punt->vlan, in_port, frame.bytes());
        } else if (const auto* told = std::get_if<ToController>(&action)) {
            if (const auto why = tell_controllers(*told->request, frame)) drop(*why);
        } else if (const auto* dropped = std::get_if<Drop>(&action)) {
            drop(dropped->reason);
        } else {
            if (offloaded) wire_frames_.forget();
            if (!edit(frame, action)) return drop(DropReason::buffer_exhausted);
        }
    }
    if (offloaded) wire_frames_.forget();
}

// To the last port of the last step goes the frame itself, to all others a share.
void Datapath::output(const Output& output, Frame& frame, bool last) noexcept {
    const std::size_t count = output.ports.size();
    for (std::size_t i = 0; i < count; ++i) {
        Port* const port = ports_.find(output.ports[i]);
        if (!port) continue;
        send_out(*port, last && i + 1 == count ? std::move(frame) : frame.share());
    }
}

}  // namespace switchd
