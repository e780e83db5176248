#include "flows/field_edit.h"

#include "tests/flows/frames.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

Bytes edited(Bytes frame, const FlowKey& value, const FlowMask& mask) {
    edit_fields({frame.data(), frame.size(), 0}, value, mask);
    return frame;
}

}  // namespace

TEST_CASE("addresses are written", "[flows]") {
    FlowKey value;
    value.set(field::eth_dst, carol.to_u64());
    const Bytes payload = ipv4(17, udp(1, 2));
    CHECK(edited(ethernet(alice, bob, payload), value, FlowMask::of({field::eth_dst})) ==
          ethernet(alice, carol, payload));
}

}  // namespace switchd::test
