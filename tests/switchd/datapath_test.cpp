#include "switchd/datapath.h"

#include "flows/flow_text.h"
#include "tests/flows/large_frame.h"
#include "tests/support/catch.h"
#include "tests/support/test_switch.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

using Frames = std::vector<Bytes>;

constexpr std::uint8_t alice = 0xa, bob = 0xb, everybody = 0xff;

Bytes address(std::uint8_t who) {
    return who == everybody ? Bytes(6, 0xff) : Bytes{2, 0, 0, 0, 0, who};
}

// Empty tag: untagged.
Bytes frame(std::uint8_t from, std::uint8_t to, Bytes tag = {}, std::size_t payload = 46) {
    Bytes bytes = address(to);
    const Bytes source = address(from);
    bytes.insert(bytes.end(), source.begin(), source.end());
    bytes.insert(bytes.end(), tag.begin(), tag.end());
    bytes.push_back(0x88);
    bytes.push_back(0xb5);
    bytes.resize(bytes.size() + payload, 0x5a);
    return bytes;
}

Bytes tag(unsigned tci) {
    return {0x81, 0x00, static_cast<std::uint8_t>(tci >> 8), static_cast<std::uint8_t>(tci)};
}

}  // namespace

TEST_CASE("a learning switch answers only on the port it learned", "[datapath]") {
    TestSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    auto& three = lan.plug(3);

    one.sends(frame(alice, bob));
    CHECK(two.received() == Frames{frame(alice, bob)});  // bob is unknown: everyone hears it
    CHECK(three.received() == Frames{frame(alice, bob)});
    CHECK(one.received().empty());

    two.sends(frame(bob, alice));
    CHECK(one.received() == Frames{frame(bob, alice)});
    CHECK(three.received().empty());
}

TEST_CASE("every endpoint of a port gets what the port gets, and none of its own", "[datapath]") {
    TestSwitch lan;
    auto& first = lan.plug(1);
    auto& second = lan.plug(1);
    auto& other = lan.plug(2);

    other.sends(frame(alice, everybody));
    CHECK(first.received().size() == 1);
    CHECK(second.received().size() == 1);

    first.sends(frame(bob, everybody));
    CHECK(second.received().empty());
    CHECK(other.received().size() == 1);
    CHECK(lan.bridge().find_port(1)->out.packets == 1);  // per port, not per endpoint
}

TEST_CASE("one flooded frame leaves tagged here and untagged there", "[datapath]") {
    TestSwitch lan;
    auto& door = lan.front_door();
    auto& from = lan.plug(1);
    auto& untagged = lan.plug(2);
    auto& tagged = lan.plug(3);
    auto& stranger = lan.plug(4);
    REQUIRE(door.create_vlan(5) == 0);
    REQUIRE(door.set_port_vlan(1, 5) == 0);
    REQUIRE(door.set_port_vlan(2, 5) == 0);
    REQUIRE(door.add_vlan_port(5, 3) == 0);

    from.sends(frame(alice, everybody));
    CHECK(untagged.received() == Frames{frame(alice, everybody)});
    CHECK(tagged.received() == Frames{frame(alice, everybody, tag(5))});
    CHECK(stranger.received().empty());

    tagged.sends(frame(bob, everybody, tag(0x6005)));  // priority 3
    CHECK(from.received() == Frames{frame(bob, everybody)});
    CHECK(untagged.received() == Frames{frame(bob, everybody)});
}

TEST_CASE("while no VLAN is configured tagged frames pass untouched", "[datapath]") {
    TestSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    one.sends(frame(alice, everybody, tag(0x2abc)));
    CHECK(two.received() == Frames{frame(alice, everybody, tag(0x2abc))});
}

TEST_CASE("a hub sends everything to everybody but port 0", "[datapath]") {
    vde::Settings settings;
    settings.hub = true;
    TestSwitch lan{settings};
    auto& zero = lan.plug(0);
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    for (int i = 0; i < 2; ++i) {
        one.sends(frame(alice, bob, tag(7)));
        two.sends(frame(bob, alice, tag(7)));
    }
    CHECK(one.received().size() == 2);
    CHECK(two.received().size() == 2);
    zero.sends(frame(alice, bob));
    CHECK(one.received().size() == 1);
    CHECK(zero.received().empty());
}

TEST_CASE("a frame shorter than an Ethernet header is dropped as a runt", "[datapath]") {
    TestSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    one.sends(Bytes(13, 0xff));
    CHECK(two.received().empty());
    const Port& port = *lan.bridge().find_port(1);
    CHECK(port.in.packets == 0);
    CHECK(port.drops[static_cast<std::size_t>(DropReason::runt)] == 1);
}

TEST_CASE("a controller's actions see all of its packet, however little the tables look at",
          "[datapath]") {
    TestSwitch lan;
    lan.plug(1);
    auto& two = lan.plug(2);
    REQUIRE(lan.bridge().tables().parse_depth() == ParseDepth::layer_2);

    Bytes packet = frame(alice, bob);
    packet[12] = 0x08, packet[13] = 0x00;
    const Bytes header{0x45, 0, 0,  46, 0, 1, 0, 0, 64, 17, 0, 0,  192, 168,
                       1,    2, 10, 0,  0, 1, 0, 7, 0,  9,  0, 26, 0,   0};
    std::ranges::copy(header, packet.begin() + 14);
    const auto sent = [&](std::string_view actions) {
        const auto program =
            parse_flow_mod("udp,actions=" + std::string(actions), FlowMod::Command::add, nullptr);
        REQUIRE(program);
        Frame frame = lan.loop().pool.take();
        frame.resize(packet.size());
        std::memcpy(frame.writable().data(), packet.data(), packet.size());
        FlowKey pipeline;
        pipeline.set(field::in_port, reserved_port::controller);
        lan.bridge().datapath().send(program->actions, pipeline, std::move(frame),
                                     lan.bridge().now());
        const Frames out = two.received();
        REQUIRE(out.size() == 1);
        return out[0];
    };
    CHECK(sent("dec_ttl,output:2")[22] == 63);
    CHECK(sent("mod_nw_dst:10.9.9.9,output:2")[31] == 9);
    CHECK(sent("mod_tp_dst:80,output:2")[37] == 80);
    CHECK(sent("load:0x0a00->NXM_OF_IP_SRC[16..31],output:2")[28] == 1);
}

TEST_CASE("a flood never gives a buffer back twice or keeps one", "[datapath]") {
    vde::Settings settings;
    settings.port_count = 64;
    TestSwitch lan{settings};
    auto& from = lan.plug(1);
    for (PortNumber port = 2; port < 40; ++port) lan.plug(port);
    REQUIRE(lan.front_door().create_vlan(9) == 0);
    for (long port = 20; port < 40; ++port) REQUIRE(lan.front_door().add_vlan_port(9, port) == 0);
    REQUIRE(lan.front_door().set_port_vlan(1, 9) == 0);
    const std::size_t free_before = lan.free_buffers();
    for (int i = 0; i < 10; ++i) from.sends(frame(alice, everybody));
    CHECK(lan.free_buffers() == free_before - 10);  // one tagged copy each, shared by 20 ports
    for (const Port* port : lan.bridge().ports())
        for (const auto& endpoint : port->endpoints)
            static_cast<FakeEndpoint&>(*endpoint).received();
    CHECK(lan.free_buffers() == free_before);
}

namespace {

// Work is done for half a turn to what comes in on port 1; then it goes to port 2.
struct LaboriousSwitch : TestSwitch {
    LaboriousSwitch() {
        RuleActions actions(Datapath::work_at_once / 2 - 1, rule_action::Controller{});
        actions.emplace_back(rule_action::Output{2});
        add(1, std::move(actions));
    }
    void add(PortNumber in_port, RuleActions actions) {
        FlowMod mod;
        mod.priority = 9;
        match_field(FieldId::in_port).set(mod.match.key, {0, in_port});
        match_field(FieldId::in_port).fold(mod.match.mask);
        mod.actions = std::move(actions);
        REQUIRE(bridge().tables().flow_tables().apply(mod, bridge().now()));
    }
    std::uint64_t overloads(PortNumber port) {
        return bridge().find_port(port)->drops[static_cast<std::size_t>(DropReason::overload)];
    }
};

// Numbered, of one kind.
Bytes numbered(std::size_t number) {
    Bytes bytes = frame(alice, bob);
    bytes[20] = static_cast<std::uint8_t>(number >> 8);
    bytes[21] = static_cast<std::uint8_t>(number);
    return bytes;
}

std::vector<std::size_t> numbers(const Frames& frames) {
    std::vector<std::size_t> result;
    for (const Bytes& bytes : frames) result.push_back(bytes[20] * 256u + bytes[21]);
    return result;
}

}  // namespace

TEST_CASE("frames that take long wait for their turn, in their order", "[datapath]") {
    LaboriousSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    auto& three = lan.plug(3);
    auto& four = lan.plug(4);
    lan.add(3, {rule_action::Output{4}});

    one.sends(Frames{numbered(1), numbered(2), numbered(3), numbered(4)});
    // To find out what to do takes as long as to do it.
    CHECK(numbers(two.received()) == std::vector<std::size_t>{1});
    CHECK(one.paused);
    CHECK_FALSE(three.paused);
    three.sends(frame(bob, alice));
    CHECK(four.received().size() == 1);
    one.sends(numbered(5));
    CHECK(two.received().empty());

    std::vector<std::size_t> passed;
    const auto all_passed = [&] {
        for (const std::size_t number : numbers(two.received())) passed.push_back(number);
        return passed.size() == 4;
    };
    CHECK(lan.loop().until(all_passed));
    CHECK(passed == std::vector<std::size_t>{2, 3, 4, 5});
    CHECK_FALSE(one.paused);
    CHECK(lan.bridge().find_port(1)->in.packets == 5);
    CHECK(lan.overloads(1) == 0);
}

TEST_CASE("of frames that take long few wait, the others are dropped", "[datapath]") {
    LaboriousSwitch lan;
    auto& one = lan.plug(1);
    lan.plug(2);
    one.sends(frame(alice, bob));
    const std::size_t free = lan.free_buffers();
    for (std::size_t i = 0; i < Datapath::waiting_max + 50; ++i)
        one.sends(Frames{frame(alice, bob), frame(alice, bob)});
    CHECK(lan.overloads(1) == Datapath::waiting_max + 99);
    CHECK(free - lan.free_buffers() <= Datapath::waiting_max + 2);
}

TEST_CASE("a port may go while its frames wait", "[datapath]") {
    LaboriousSwitch lan;
    const std::size_t free = lan.free_buffers();
    auto& one = lan.plug(1);
    one.sends(Frames{frame(alice, bob), frame(alice, bob), frame(alice, bob)});
    one.hangs_up();
    lan.bridge().remove_port(1);
    CHECK(lan.loop().until([&] { return lan.free_buffers() == free; }));
}

namespace {

// A switch with a port whose peer leaves work to others.
struct Offloading {
    void sends(const test::Large& packet) {
        Frame frame = large.take();
        frame.resize(packet.frame.size());
        std::ranges::copy(packet.frame, frame.writable().begin());
        frame.set_offload(packet.offload);
        from.sends(std::move(frame));
    }

    FramePool large{8, 65'600};
    TestSwitch lan;
    FakeEndpoint& from = lan.plug(1);
};

// Of TCP over IPv4, from alice (2) to everybody there is.
test::Large packet(std::size_t payload) {
    return test::large({.payload = payload}, 1000);
}

}  // namespace

TEST_CASE("a large frame goes whole to who takes it, and in segments to others", "[datapath]") {
    Offloading lab;
    auto& whole = lab.lan.plug(2);
    auto& first = lab.lan.plug(3);
    auto& second = lab.lan.plug(3);
    whole.offloads = true;
    const auto large = packet(2500);
    const std::size_t headers = large.frame.size() - 2500;
    const std::size_t free = lab.lan.free_buffers();
    lab.sends(large);
    const auto as_it_was = whole.received_frames();
    REQUIRE(as_it_was.size() == 1);
    CHECK(as_it_was[0].size() == large.frame.size());
    CHECK(as_it_was[0].offload() == large.offload);
    CHECK(free - lab.lan.free_buffers() == 3);  // made once for both
    const Frames segments = first.received();
    REQUIRE(segments.size() == 3);
    CHECK(segments[0].size() == headers + 1000);
    CHECK(segments[2].size() == headers + 500);
    CHECK(second.received() == segments);
    CHECK(lab.lan.free_buffers() == free);
}

TEST_CASE("a tag in front and a new address leave large frames right", "[datapath]") {
    Offloading lab;
    auto& whole = lab.lan.plug(2);
    auto& tagged = lab.lan.plug(3);
    whole.offloads = true;
    const auto rule = parse_flow_mod(
        "ip,actions=output:2,mod_nw_dst:192.0.2.9,push_vlan:0x8100,output:2,output:3",
        FlowMod::Command::add);
    REQUIRE(rule);
    REQUIRE(lab.lan.bridge().tables().flow_tables().apply(*rule, lab.lan.bridge().now()));
    const auto large = packet(1500);
    lab.sends(large);
    const auto frames = whole.received_frames();
    REQUIRE(frames.size() == 2);
    CHECK(std::ranges::equal(frames[0].bytes(), large.frame));
    CHECK(frames[1].offload().checksum_start == large.offload.checksum_start + 4);
    CHECK(frames[1].offload().segments == large.offload.segments);
    const Frames segments = tagged.received();
    REQUIRE(segments.size() == 2);
    for (const Bytes& segment : segments) {
        const auto bytes = std::as_bytes(std::span(segment)).subspan(4);
        CHECK(test::get_32(bytes, 30) == 0xc0000209);
        CHECK(test::plain_sum(bytes.subspan(large.transport_at), large.pseudo_sum(bytes)) ==
              0xffff);
    }
}

TEST_CASE("a checksum is filled in for who wants it whole", "[datapath]") {
    Offloading lab;
    auto& other = lab.lan.plug(2);
    auto small = packet(20);
    small.offload.segments = Offload::Segments::none;
    lab.sends(small);
    const Frames frames = other.received();
    REQUIRE(frames.size() == 1);
    const auto bytes = std::as_bytes(std::span(frames[0]));
    CHECK(bytes.size() == small.frame.size());
    CHECK(test::plain_sum(bytes.subspan(small.transport_at), small.pseudo_sum(bytes)) == 0xffff);
}

TEST_CASE("what is not what its sender says is dropped where it would be cut", "[datapath]") {
    Offloading lab;
    auto& other = lab.lan.plug(2);
    auto wrong = packet(3000);
    wrong.offload.segments = Offload::Segments::udp;
    lab.sends(wrong);
    auto outside = packet(20);
    outside.offload.segments = Offload::Segments::none;
    outside.offload.checksum_offset = 60'000;
    lab.sends(outside);
    CHECK(other.received().empty());
    CHECK(lab.lan.bridge().find_port(2)->drops[static_cast<std::size_t>(DropReason::bad_offload)] ==
          2);
    auto jumbo = test::large({.payload = 60'000}, 20'000);
    lab.sends(jumbo);
    CHECK(other.received().empty());
    CHECK(lab.lan.bridge().find_port(2)->drops[static_cast<std::size_t>(DropReason::too_long)] ==
          1);
}

TEST_CASE("a large frame takes as much time as its segments", "[datapath]") {
    Offloading lab;
    lab.lan.plug(2);
    std::string actions = "output:2";
    for (int i = 0; i < 100; ++i) actions += ",output:2";
    const auto rule = parse_flow_mod("actions=" + actions, FlowMod::Command::add);
    REQUIRE(rule);
    REQUIRE(lab.lan.bridge().tables().flow_tables().apply(*rule, lab.lan.bridge().now()));
    lab.from.sends(Frames(64, frame(alice, bob)));
    CHECK(lab.lan.bridge().find_port(1)->waiting.empty());

    FrameBatch batch;
    for (int i = 0; i < 6; ++i) {
        const auto large = test::large({.payload = 50'000}, 1000);
        Frame one = lab.large.take();
        one.resize(large.frame.size());
        std::ranges::copy(large.frame, one.writable().begin());
        one.set_offload(large.offload);
        batch.push(std::move(one));
    }
    lab.from.sends(batch);
    const Port& port = *lab.lan.bridge().find_port(1);
    CHECK(port.waiting.size() < 6);
    CHECK(port.waiting.size() > 0);
    // And of their buffers there are few: a quarter is left for others.
    CHECK(port.drops[static_cast<std::size_t>(DropReason::overload)] == 0);
    for (int i = 0; i < 20; ++i) lab.sends(packet(50'000));
    CHECK(port.drops[static_cast<std::size_t>(DropReason::overload)] > 0);
    CHECK(lab.large.free() >= 1);
    CHECK(lab.lan.loop().until([&] { return port.waiting.empty(); }));
}

TEST_CASE("what controllers do not get is counted, too", "[datapath]") {
    Offloading lab;
    struct Receiver final : PacketInReceiver {
        void packet_in(const PacketInRequest&, std::span<const std::byte>) noexcept override {
            ++count;
        }
        int count = 0;
    } receiver;
    lab.lan.bridge().datapath().set_packet_in_receiver(&receiver);
    const auto rule = parse_flow_mod("actions=CONTROLLER", FlowMod::Command::add);
    REQUIRE(rule);
    REQUIRE(lab.lan.bridge().tables().flow_tables().apply(*rule, lab.lan.bridge().now()));
    lab.sends(packet(2500));
    CHECK(receiver.count == 3);
    auto wrong = packet(3000);
    wrong.offload.segments = Offload::Segments::udp;
    lab.sends(wrong);
    CHECK(receiver.count == 3);
    CHECK(lab.lan.bridge().find_port(1)->drops[static_cast<std::size_t>(DropReason::bad_offload)] ==
          1);
    lab.lan.bridge().datapath().set_packet_in_receiver(nullptr);
}
