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

Bytes untagged_frame() {
    return ethernet(alice, bob, ipv4(17, udp(1, 2)));
}

}  // namespace

TEST_CASE("a pushed tag stands behind the addresses", "[flows]") {
    Buffer buffer{untagged_frame(), 8};
    buffer.edit = push_vlan(buffer.edit, 0x6005).value();
    CHECK(buffer.frame() == ethernet(alice, bob, vlan_tag(0x6005) + ipv4(17, udp(1, 2))));
    CHECK(buffer.edit.headroom == 4);
}

TEST_CASE("a tag is not pushed where there is no room for it", "[flows]") {
    Buffer tight{untagged_frame(), 3};
    CHECK_FALSE(push_vlan(tight.edit, 5));
    CHECK(tight.frame() == untagged_frame());
    Buffer runt{Bytes(11), 8};
    CHECK_FALSE(push_vlan(runt.edit, 5));
}

TEST_CASE("popping takes the outer 0x8100 tag and nothing else", "[flows]") {
    const Bytes inner = vlan_tag(6) + ipv4(17, udp(1, 2));
    Buffer two{ethernet(alice, bob, vlan_tag(5) + inner), 0};
    two.edit = pop_vlan(two.edit);
    CHECK(two.frame() == ethernet(alice, bob, inner));
    CHECK(two.edit.headroom == 4);

    for (const Bytes& frame : {untagged_frame(), ethernet(alice, bob, vlan_tag(5, 0x88a8) + inner),
                               ethernet(alice, bob, vlan_tag(5)), Bytes(5)}) {
        Buffer other{frame, 0};
        CHECK_FALSE(has_vlan_tag(other.edit));
        other.edit = pop_vlan(other.edit);
        CHECK(other.frame() == frame);
    }
}

TEST_CASE("a tag gets another TCI, a frame without one does not", "[flows]") {
    Buffer tagged{ethernet(alice, bob, vlan_tag(5) + ipv4(17, udp(1, 2))), 0};
    set_vlan_tci(tagged.edit, 0xe007);
    CHECK(tagged.frame() == ethernet(alice, bob, vlan_tag(0xe007) + ipv4(17, udp(1, 2))));
    Buffer untagged{untagged_frame(), 0};
    set_vlan_tci(untagged.edit, 7);
    CHECK(untagged.frame() == untagged_frame());
}

TEST_CASE("push and pop undo each other, on any frame", "[flows][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        Bytes frame(14 + random() % 100);
        for (auto& byte : frame) byte = static_cast<std::byte>(random());
        const auto tci = static_cast<std::uint16_t>(random());
        Buffer buffer{frame, 4 + random() % 10};
        const EditableFrame before = buffer.edit;

        buffer.edit = push_vlan(buffer.edit, tci).value();
        REQUIRE(has_vlan_tag(buffer.edit));
        const FlowKey key = extract(buffer.frame(), 1);
        CHECK(key.get(field::vlan_tpid) == tpid_vlan);
        CHECK(key.get(field::vlan_tci) == (tci | tci_present));
        buffer.edit = pop_vlan(buffer.edit);
        CHECK(buffer.frame() == frame);
        CHECK(buffer.edit.start == before.start);
        CHECK(buffer.edit.headroom == before.headroom);
    }
}

}  // namespace switchd::test
