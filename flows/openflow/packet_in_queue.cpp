#include "flows/openflow/packet_in_queue.h"

#include <algorithm>

namespace switchd::openflow {

void PacketInQueue::refill(Port& port, TimePoint now) const {
    if (now <= port.refilled) return;
    const double seconds = std::chrono::duration<double>(now - port.refilled).count();
    port.tokens =
        std::min(port.tokens + seconds * limits_.per_second, static_cast<double>(limits_.burst));
    port.refilled = now;
}

// A port with a full bucket and nothing waiting is as one never seen.
void PacketInQueue::forget_idle(TimePoint now) {
    for (auto& [port, state] : ports_) refill(state, now);
    std::erase_if(ports_, [&](const auto& entry) {
        return entry.second.waiting.empty() && entry.second.tokens >= limits_.burst;
    });
    forget_at_ = std::max<std::size_t>(256, 2 * ports_.size());
}

bool PacketInQueue::admit(PortNumber port, TimePoint now) {
    if (ports_.size() >= forget_at_) forget_idle(now);
    const auto [at, fresh] = ports_.try_emplace(port);
    Port& state = at->second;
    if (fresh) state = {static_cast<double>(limits_.burst), now, {}};
    refill(state, now);
    if (state.tokens < 1) {
        ++dropped_;
        return false;
    }
    state.tokens -= 1;
    return true;
}

// Of `bytes` more for `port`. False if its own queue is the longest.
bool PacketInQueue::make_room(PortNumber port, std::size_t bytes) {
    while (waiting_bytes_ + bytes > waiting_bytes_max) {
        const auto longest = std::ranges::max_element(
            ports_, {}, [](const auto& entry) { return entry.second.waiting.size(); });
        if (longest->first == port) return false;
        waiting_bytes_ -= longest->second.waiting.back().size();
        longest->second.waiting.pop_back();
        ++dropped_;
    }
    return true;
}

void PacketInQueue::push(PortNumber port, Message message) {
    auto& waiting = ports_[port].waiting;
    if (waiting.size() >= waiting_per_port_max || !make_room(port, message.size())) {
        ++dropped_;
        return;
    }
    waiting_bytes_ += message.size();
    waiting.push_back(std::move(message));
}

std::optional<PacketInQueue::Message> PacketInQueue::pop() {
    if (empty()) return std::nullopt;
    auto at = ports_.upper_bound(turn_);
    while (at == ports_.end() || at->second.waiting.empty())
        at = at == ports_.end() ? ports_.begin() : std::next(at);
    turn_ = at->first;
    Message message = std::move(at->second.waiting.front());
    at->second.waiting.pop_front();
    waiting_bytes_ -= message.size();
    return message;
}

}  // namespace switchd::openflow
