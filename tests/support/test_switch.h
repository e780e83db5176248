// A bridge with front door and ports that are nothing but lists of frames: what tests of the switch
// speak to.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "switchd/bridge.h"
#include "switchd/core/request_turns.h"
#include "switchd/vde_front_door.h"
#include "tests/support/loop.h"

namespace switchd::testing {

using Bytes = std::vector<std::uint8_t>;

// An endpoint whose peer takes everything at once and sends what the test says.
class FakeEndpoint final : public Endpoint {
public:
    FakeEndpoint(Reactor& reactor, FrameSink& sink, int id) : Endpoint(reactor, sink), id_(id) {
        description_ = "fake " + std::to_string(id);
    }

    int id() const override { return id_; }
    std::string_view module() const override { return "unix prog"; }

    void sends(const Bytes& bytes) { sends(std::vector<Bytes>(1, bytes)); }
    // Together: FrameBatch::frames_max at most.
    void sends(const std::vector<Bytes>& frames) {
        FrameBatch batch;
        for (const Bytes& bytes : frames) {
            Frame frame = reactor_.pool().take();
            frame.resize(bytes.size());
            std::memcpy(frame.writable().data(), bytes.data(), bytes.size());
            batch.push(std::move(frame));
        }
        sink_.receive(*this, batch);
    }
    void sends(Frame frame) {
        FrameBatch batch;
        batch.push(std::move(frame));
        sink_.receive(*this, batch);
    }
    void sends(FrameBatch& batch) { sink_.receive(*this, batch); }
    // What has been sent to it since it was last asked.
    std::vector<Bytes> received() {
        std::vector<Bytes> result;
        while (!queue_.empty()) {
            const Frame frame = queue_.pop_front();
            const auto* const data = reinterpret_cast<const std::uint8_t*>(frame.bytes().data());
            result.emplace_back(data, data + frame.size());
        }
        return result;
    }
    std::vector<Frame> received_frames() {
        std::vector<Frame> result;
        while (!queue_.empty()) result.push_back(queue_.pop_front());
        return result;
    }
    void hangs_up() { sink_.ended(*this); }

    void set_paused(bool on) noexcept override { paused = on; }
    bool paused = false;
    bool takes_offloads() const override { return offloads; }
    bool offloads = false;

protected:
    void flush() noexcept override {}
    void close_peer() noexcept override {}

private:
    int id_;
};

class TestSwitch {
public:
    explicit TestSwitch(vde::Settings settings = {}, VlanPolicy policy = VlanPolicy::transparent)
        : bridge_(loop_.reactor, log_, bridge_settings(policy)),
          front_door_(loop_.reactor, log_, bridge_, settings) {}
    ~TestSwitch() {
        bridge_.detach_all();
        bridge_.stop();
        turns_.close();
        do loop_.turn();
        while (!bridge_.idle() || !turns_.idle());
    }

    // Attaches a new peer to this port, made if need be.
    FakeEndpoint& plug(PortNumber number) {
        Port* port = bridge_.find_port(number);
        if (!port) port = &bridge_.add_port(number);
        auto endpoint = std::make_unique<FakeEndpoint>(loop_.reactor, bridge_, ++last_id_);
        FakeEndpoint& result = *endpoint;
        bridge_.attach(*port, std::move(endpoint));
        return result;
    }

    // Adds rules of 180 kB of text each.
    void add_long_rules(std::uint32_t count) {
        FlowMod mod;
        mod.table = 1;
        mod.actions.emplace_back(rule_action::Note{std::vector<std::uint8_t>(60'000)});
        for (mod.priority = 1; mod.priority <= count; ++mod.priority)
            std::ignore = bridge_.tables().flow_tables().apply(mod, bridge_.now());
    }

    Loop& loop() { return loop_; }
    RequestTurns& turns() { return turns_; }
    std::size_t free_buffers() { return loop_.pool.free(); }
    Bridge& bridge() { return bridge_; }
    VdeFrontDoor& front_door() { return front_door_; }

private:
    static Bridge::Settings bridge_settings(VlanPolicy policy) {
        Bridge::Settings settings;
        settings.mac = MacAddress::from_u64(0x00ff01020304);
        settings.engine.tables.vlan_policy = policy;
        return settings;
    }

    Loop loop_{1024};
    RequestTurns turns_{loop_.reactor};
    Log log_{"test"};
    Bridge bridge_;
    VdeFrontDoor front_door_;
    int last_id_ = 100;
};

}  // namespace switchd::testing
