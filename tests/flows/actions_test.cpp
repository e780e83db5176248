#include "flows/actions.h"

#include "tests/support/catch.h"

namespace switchd::test {

TEST_CASE("programs are written step by step", "[flows]") {
    CHECK(to_text(ActionProgram{{Output{{1, 2}}, PushVlan{tpid_vlan, 5}, Output{{3}}}}) ==
          "output:1,2,push_vlan(vid=5,pcp=0),output:3");
    CHECK(to_text(ActionProgram{{PopVlan{}, Output{{3}}}}) == "pop_vlan,output:3");
    CHECK(to_text(ActionProgram{{Drop{DropReason::runt}}}) == "drop:runt");
    CHECK(to_text(ActionProgram{{Punt{LocalConsumer::spanning_tree, 0}}}) == "punt:spanning_tree");
}

TEST_CASE("every drop reason has a name of its own", "[flows]") {
    for (std::size_t a = 0; a < drop_reason_count; ++a)
        for (std::size_t b = 0; b < a; ++b)
            CHECK(to_string(static_cast<DropReason>(a)) != to_string(static_cast<DropReason>(b)));
}

}  // namespace switchd::test
