#include "flows/subfield.h"

#include "tests/support/catch.h"

namespace switchd::test {
namespace {

FlowKey key_with(FieldId id, std::uint64_t value) {
    FlowKey key;
    match_field(id).set(key, {0, value});
    return key;
}

const Subfield nicira_port = whole_field(match_field(FieldId::in_port), true);
const Subfield openflow_port = whole_field(match_field(FieldId::in_port), false);

// The key after the bits became these.
FlowKey changed(const Subfield& subfield, FlowKey key, FieldValue bits) {
    const MatchField& field = match_field(subfield.field);
    const auto [value, mask] = change_subfield(subfield, key, bits);
    field.set(key, (field.get(key) & ~mask) | value);
    return key;
}

}  // namespace

TEST_CASE("a field has the layout of the code that names it", "[flows]") {
    const auto bits = [](FieldId id, bool nicira) {
        return unsigned{whole_field(match_field(id), nicira).bits};
    };
    CHECK(bits(FieldId::in_port, true) == 16);
    CHECK(bits(FieldId::in_port, false) == 32);
    CHECK(bits(FieldId::ip_dscp, true) == 8);
    CHECK(bits(FieldId::ip_dscp, false) == 6);
    CHECK(bits(FieldId::vlan_vid, false) == 12);
    CHECK(bits(FieldId::ipv6_label, true) == 20);
    CHECK(bits(FieldId::xxreg0, true) == 128);
    // One layout under both codes: it is the same whichever was said.
    CHECK(whole_field(match_field(FieldId::eth_src), false) ==
          whole_field(match_field(FieldId::eth_src), true));
}

TEST_CASE("bits are read right-justified, also across the middle of a wide field", "[flows]") {
    FlowKey key;
    match_field(FieldId::xxreg0).set(key, {0x0123456789abcdef, 0xfedcba9876543210});
    const Subfield all = whole_field(match_field(FieldId::xxreg0), true);
    CHECK(read_subfield(part_of(all, 4, 8), key) == FieldValue{0, 0x21});
    CHECK(read_subfield(part_of(all, 60, 8), key) == FieldValue{0, 0xff});
    CHECK(read_subfield(part_of(all, 8, 100), key) == FieldValue{0x56789abcd, 0xeffedcba98765432});
    CHECK(bits_read(part_of(all, 60, 8)) == FieldValue{0xf, 0xf000000000000000});
}

TEST_CASE("bits that are written leave the others of the field alone", "[flows]") {
    const Subfield source = whole_field(match_field(FieldId::eth_src), true);
    const FlowKey key = key_with(FieldId::eth_src, 0x020000000001);
    CHECK(changed(part_of(source, 40, 8), key, {0, 0xabc}) ==
          key_with(FieldId::eth_src, 0xbc0000000001));
    CHECK(changed(source, key, {0, 7}) == key_with(FieldId::eth_src, 7));
}

TEST_CASE("in a type of service the ECN is read as zero and not written", "[flows]") {
    const Subfield tos = whole_field(match_field(FieldId::ip_dscp), true);
    FlowKey key = key_with(FieldId::ip_dscp, 8);
    match_field(FieldId::ip_ecn).set(key, {0, 1});
    CHECK(read_subfield(tos, key) == FieldValue{0, 0x20});
    CHECK(bits_read(tos) == FieldValue{0, 0x3f});
    const FlowKey after = changed(tos, key, {0, 0xff});
    CHECK(match_field(FieldId::ip_dscp).get(after).low == 0x3f);
    CHECK(match_field(FieldId::ip_ecn).get(after).low == 1);
}

TEST_CASE("a VLAN ID is moved without the bit that there is a tag", "[flows]") {
    const Subfield vid = whole_field(match_field(FieldId::vlan_vid), false);
    const FlowKey key = key_with(FieldId::vlan_vid, 0x1005);
    CHECK(read_subfield(vid, key) == FieldValue{0, 5});
    CHECK(changed(vid, key, {0, 0xffff}) == key_with(FieldId::vlan_vid, 0x1fff));
}

TEST_CASE("a port is itself in 16 and in 32 bits, a number that is none is nobody's", "[flows]") {
    const FlowKey local = key_with(FieldId::in_port, 0xfffffffe);
    CHECK(read_subfield(nicira_port, local) == FieldValue{0, 0xfffe});
    CHECK(read_subfield(openflow_port, local) == FieldValue{0, 0xfffffffe});
    CHECK(changed(nicira_port, {}, {0, 0xfffe}) == local);
    CHECK(changed(openflow_port, {}, {0, 0xfffffffe}) == local);
    CHECK(changed(openflow_port, {}, {0, 0x12345}) == key_with(FieldId::in_port, 0xffffffff));
    CHECK(changed(part_of(nicira_port, 0, 4), key_with(FieldId::in_port, 0x11), {0, 2}) ==
          key_with(FieldId::in_port, 0x12));
    // A part of the number decides about all of it.
    CHECK(bits_read(part_of(nicira_port, 0, 4)) == FieldValue{0, 0xffffffff});
}

}  // namespace switchd::test
