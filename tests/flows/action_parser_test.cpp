#include "flows/action_parser.h"

#include "flows/match_text.h"
#include "tests/support/catch.h"

namespace switchd::test {

using namespace rule_action;

TEST_CASE("each spelling of an action makes the action that it means", "[flows]") {
    const auto one = [](std::string_view text, std::string_view match = "") {
        const auto actions = parse_actions(text, *parse_match(match));
        if (!actions) FAIL(explained(text, actions.error()));
        REQUIRE(actions->size() == 1);
        return actions->front();
    };
    using Spelling = SetField::Spelling;
    CHECK(one("5") == Output{5, 0});
    CHECK(one("normal") == Output{reserved_port::normal, 0});
    CHECK(one("CONTROLLER") == Output{reserved_port::controller, 0xffff});
    CHECK(one("controller(max_len=7)") == Output{reserved_port::controller, 7});
    CHECK(one("controller(id=5)") == Controller{0xffff, 5, 1, {}});
    CHECK(one("controller(reason=no_match,userdata=0102)") == Controller{0xffff, 0, 0, {1, 2}});
    CHECK(one("mod_vlan_vid:5") == SetVlanVid{5, true});
    CHECK(one("set_vlan_vid:5") == SetVlanVid{5, false});
    CHECK(one("mod_tp_dst:80", "udp6") ==
          SetField{FieldId::udp_dst, {0, 80}, {0, 0xffff}, Spelling::old_action});
    CHECK(one("mod_nw_tos:32", "ip") ==
          SetField{FieldId::ip_dscp, {0, 8}, {0, 0x3f}, Spelling::old_action});
    CHECK(one("set_field:0x12/0xf->reg1") ==
          SetField{FieldId::reg1, {0, 2}, {0, 0xf}, Spelling::set_field});
    CHECK(one("load:3->NXM_OF_IP_TOS[2..4]", "ip") ==
          SetField{FieldId::ip_dscp, {0, 3}, {0, 7}, Spelling::load});
    CHECK(one("load:0x7ff->xxreg0[60..70]") == SetField{FieldId::xxreg0,
                                                        {0x7f, 0xf000000000000000},
                                                        {0x7f, 0xf000000000000000},
                                                        Spelling::load});
    CHECK(one("resubmit(,5)") == Resubmit{reserved_port::in_port, 5});
    CHECK(one("resubmit:5") == Resubmit{5, table_current});
    CHECK(one("apply_actions(5)") == Output{5, 0});
    CHECK(one("write_actions(5)") == WriteActions{{Output{5, 0}}});
}

TEST_CASE("a move takes as many bits as it gives, between fields that packets have", "[flows]") {
    const auto wrong = [](std::string_view text, std::string_view match = "") {
        const auto actions = parse_actions(text, *parse_match(match));
        return actions ? std::string() : actions.error().wrong;
    };
    CHECK(wrong("move:eth_src[]->reg0[]") == "48 bits cannot be moved into 32");
    CHECK(wrong("move:in_port[]->reg0[]") == "16 bits cannot be moved into 32");
    CHECK(wrong("move:reg0[0..15]->eth_type[]") == "eth_type cannot be changed");
    CHECK(wrong("move:tcp_src[]->tcp_dst[]", "udp") ==
          "the match does not name packets that have tcp_src");
    CHECK(wrong("move:reg0[0..15]->tcp_dst[]", "udp") ==
          "the match does not name packets that have tcp_dst");
    CHECK(wrong("group:1") == "group is not supported yet");
    CHECK(wrong("groupie:1") == "there is no action \"groupie\"");
    CHECK(wrong("move:reg0[]") == "move has no \"->\"");
    CHECK_FALSE(wrong("move:vlan_vid[0..12]->reg0[0..12]").empty());
    CHECK_FALSE(wrong("move:reg0[3..2]->reg1[3..2]").empty());
}

TEST_CASE("a field is set where the match or an action before makes sure of it", "[flows]") {
    const auto right = [](std::string_view text, std::string_view match = "") {
        return parse_actions(text, *parse_match(match)).has_value();
    };
    CHECK(right("set_field:4101->vlan_vid", "dl_vlan=1"));
    CHECK(right("push_vlan:0x8100,set_field:4101->vlan_vid"));
    CHECK(right("mod_vlan_pcp:1,load:1->OXM_OF_VLAN_PCP[]"));
    CHECK_FALSE(right("set_field:4101->vlan_vid"));
    CHECK_FALSE(right("pop_vlan,set_field:4101->vlan_vid", "dl_vlan=1"));
    CHECK(right("set_field:1->tcp_src", "tcp6"));
    CHECK_FALSE(right("set_field:1->tcp_src", "udp"));
    CHECK(right("mod_nw_src:1.2.3.4"));
}

TEST_CASE("drop stands alone in any case", "[flows]") {
    CHECK(parse_actions("DROP", Match{}));
    CHECK_FALSE(parse_actions("DROP,output:1", Match{}));
    CHECK_FALSE(parse_actions("output:1,Drop", Match{}));
}

TEST_CASE("what is to come is told from a slip of the finger", "[flows]") {
    for (const std::string_view name : {"exit", "learn", "pop_mpls", "check_pkt_larger"}) {
        INFO(name);
        CHECK(parse_actions(name, Match{}).error().wrong ==
              std::string(name) + " is not supported yet");
    }
    CHECK(parse_actions("note:AB.cD", Match{}));
}

}  // namespace switchd::test
