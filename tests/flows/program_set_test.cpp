#include "flows/program_set.h"

#include "tests/support/catch.h"

namespace switchd::test {

TEST_CASE("equal programs are one object until the last user lets go", "[flows]") {
    ProgramSet set;
    const ActionProgram flood{{Output{{1, 2, 3}}}};
    const ActionProgram* const a = set.intern(flood);
    const ActionProgram* const b = set.intern(ActionProgram{flood});
    const ActionProgram* const c = set.intern({{Output{{1, 2}}, PushVlan{tpid_vlan, 3}}});
    CHECK(a == b);
    CHECK(a != c);
    CHECK(*a == flood);
    CHECK(set.size() == 2);
    CHECK(set.bytes() == bytes_of(*a) + bytes_of(*c));
    set.release(a);
    CHECK(*b == flood);
    set.release(b);
    set.release(c);
    CHECK(set.size() == 0);
    CHECK(set.bytes() == 0);
}

}  // namespace switchd::test
