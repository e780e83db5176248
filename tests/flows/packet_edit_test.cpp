#include "flows/packet_edit.h"

#include <random>

#include "flows/flow_key.h"
#include "tests/flows/frames.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

// A frame in the middle of a buffer whose other bytes are known.
class Buffer {
public:
    Buffer(const Bytes& frame, std::size_t headroom) : memory_(headroom, fence), start_(headroom) {
        memory_ = memory_ + frame;
        edit = {memory_.data() + start_, frame.size(), headroom};
    }
    Bytes frame() const { return {edit.start, edit.start + edit.size}; }

    EditableFrame edit;

private:
    static constexpr std::byte fence{0xee};
    Bytes memory_;
    std::size_t start_;
};

Bytes udp_packet() {
    return ipv4(17, udp(1, 2));
}

Bytes untagged_frame() {
    return ethernet(alice, bob, udp_packet());
}

}  // namespace

TEST_CASE("a pushed tag stands behind the addresses", "[flows]") {
    for (const std::uint16_t tpid : {tpid_vlan, tpid_provider}) {
        Buffer buffer{untagged_frame(), 8};
        buffer.edit = push_vlan(buffer.edit, tpid, 0x6005).value();
        CHECK(buffer.frame() == ethernet(alice, bob, vlan_tag(0x6005, tpid) + udp_packet()));
        CHECK(buffer.edit.headroom == 4);
    }
}

TEST_CASE("a tag is pushed in front of the others", "[flows]") {
    Buffer buffer{ethernet(alice, bob, vlan_tag(6) + udp_packet()), 4};
    buffer.edit = push_vlan(buffer.edit, tpid_provider, 5).value();
    CHECK(buffer.frame() ==
          ethernet(alice, bob, vlan_tag(5, tpid_provider) + vlan_tag(6) + udp_packet()));
}

TEST_CASE("a tag is not pushed where there is no room for it", "[flows]") {
    Buffer tight{untagged_frame(), 3};
    CHECK_FALSE(push_vlan(tight.edit, tpid_vlan, 5));
    CHECK(tight.frame() == untagged_frame());
    Buffer runt{Bytes(11), 8};
    CHECK_FALSE(push_vlan(runt.edit, tpid_vlan, 5));
}

TEST_CASE("popping takes the outer tag and nothing else", "[flows]") {
    const Bytes inner = vlan_tag(6) + udp_packet();
    for (const std::uint16_t tpid : {tpid_vlan, tpid_provider}) {
        Buffer two{ethernet(alice, bob, vlan_tag(5, tpid) + inner), 0};
        two.edit = pop_vlan(two.edit);
        CHECK(two.frame() == ethernet(alice, bob, inner));
        CHECK(two.edit.headroom == 4);
    }
}

TEST_CASE("a frame without a whole tag is not changed by popping", "[flows]") {
    for (const Bytes& frame :
         {untagged_frame(), ethernet(alice, bob, vlan_tag(5)),
          ethernet(alice, bob, vlan_tag(5, 0x9100) + udp_packet()), Bytes(5)}) {
        Buffer other{frame, 0};
        CHECK_FALSE(has_vlan_tag(other.edit));
        other.edit = pop_vlan(other.edit);
        CHECK(other.frame() == frame);
    }
}

TEST_CASE("the outer tag gets the masked bits of a TCI, a frame without one does not", "[flows]") {
    for (const std::uint16_t tpid : {tpid_vlan, tpid_provider}) {
        const Bytes inner = vlan_tag(9) + udp_packet();
        Buffer tagged{ethernet(alice, bob, vlan_tag(0x3005, tpid) + inner), 0};
        set_vlan_tci(tagged.edit, 0xe007, 0xffff);
        CHECK(tagged.frame() == ethernet(alice, bob, vlan_tag(0xe007, tpid) + inner));
        set_vlan_tci(tagged.edit, 0x1234, 0x0fff);
        CHECK(tagged.frame() == ethernet(alice, bob, vlan_tag(0xe234, tpid) + inner));
        set_vlan_tci(tagged.edit, 0xffff, 0x1000);
        CHECK(tagged.frame() == ethernet(alice, bob, vlan_tag(0xf234, tpid) + inner));
    }
    Buffer untagged{untagged_frame(), 0};
    set_vlan_tci(untagged.edit, 7, 0xffff);
    CHECK(untagged.frame() == untagged_frame());
}

TEST_CASE("push and pop undo each other, on any frame", "[flows][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        Bytes frame(14 + random() % 100);
        for (auto& byte : frame) byte = static_cast<std::byte>(random());
        const auto tci = static_cast<std::uint16_t>(random());
        const std::uint16_t tpid = random() % 2 == 0 ? tpid_vlan : tpid_provider;
        Buffer buffer{frame, 4 + random() % 10};
        const EditableFrame before = buffer.edit;

        buffer.edit = push_vlan(buffer.edit, tpid, tci).value();
        REQUIRE(has_vlan_tag(buffer.edit));
        const FlowKey key = extract(buffer.frame(), 1);
        CHECK(key.get(field::vlan_tpid) == tpid);
        CHECK(key.get(field::vlan_tci) == (tci | tci_present));
        buffer.edit = pop_vlan(buffer.edit);
        CHECK(buffer.frame() == frame);
        CHECK(buffer.edit.start == before.start);
        CHECK(buffer.edit.headroom == before.headroom);
    }
}

}  // namespace switchd::test
