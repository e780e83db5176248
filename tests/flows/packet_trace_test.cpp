#include "flows/packet_trace.h"

#include "flows/flow_text.h"
#include "tests/flows/talking_switch.h"

namespace switchd::test {
namespace {

using Kind = TraceStep::Kind;

struct Traced : TalkingSwitch {
    Traced() { REQUIRE(tables.flow_tables().apply(remove_mod(), now)); }
    void add(const std::string& flow) {
        const auto mod = parse_flow_mod(flow, FlowMod::Command::add);
        REQUIRE(mod);
        REQUIRE(tables.flow_tables().apply(*mod, now));
    }
    PacketTrace trace(const std::string& packet) {
        const auto key = parse_packet(packet);
        REQUIRE(key);
        return trace_packet(tables, *key, now);
    }
};

// "0:table 0 1:output:2": each step with its depth.
std::string outline(const PacketTrace& trace) {
    std::string text;
    for (const TraceStep& step : trace.steps) {
        text += (text.empty() ? "" : " | ") + std::to_string(step.depth) + ":";
        if (step.kind == Kind::table)
            text += "table " + std::to_string(step.table) + (step.matched ? "" : " none");
        else if (step.kind == Kind::action_set)
            text += "set";
        else
            text += step.text;
    }
    return text;
}

}  // namespace

TEST_CASE_METHOD(Traced, "steps stand below the table that made them", "[packet_trace]") {
    add("table=0,priority=7,cookie=0x2a,tcp,actions=resubmit(,2),output:2,goto_table:4");
    add("table=2,tcp,tp_dst=80,actions=mod_dl_src:02:00:00:00:00:09");
    add("table=4,actions=write_actions(output:3),goto_table:5");
    const PacketTrace trace = this->trace("in_port=1,tcp,tp_dst=80");
    CHECK(outline(trace) ==
          "0:table 0 | 1:resubmit(,2) | 1:table 2 | 2:mod_dl_src:02:00:00:00:00:09 | "
          "1:output:2 | 1:goto_table:4 | 1:table 4 | 2:write_actions(output:3) | "
          "2:the action set is: output:3 | 2:goto_table:5 | 2:table 5 none | 1:set | 2:output:3");
    const TraceStep& first = trace.steps.front();
    CHECK(first.priority == 7);
    CHECK(first.cookie == 0x2a);
    CHECK(first.text == "tcp");
    CHECK(trace.left.eth_src() == MacAddress::from_u64(0x020000000009));
    CHECK(to_text(trace.verdict.program) == "set(dl_src=02:00:00:00:00:09),output:2,output:3");
    CHECK(!trace.drop_reason());
}

TEST_CASE_METHOD(Traced, "each lookup shows the bits that it was the first to look at",
                 "[packet_trace]") {
    add("table=0,ip,actions=goto_table:1");
    add("table=1,tcp,actions=drop");
    const PacketTrace trace = this->trace("in_port=1,tcp");
    FlowMask seen;
    for (const TraceStep& step : trace.steps) {
        if (step.kind != Kind::table) continue;
        CHECK(step.looked_at == step.looked_at.without(seen));
        seen.unite(step.looked_at);
    }
    CHECK(trace.steps[0].looked_at.get(field::eth_type) == field::eth_type.ones());
    CHECK(trace.steps[0].looked_at.get(field::ip_proto) == 0);
    CHECK(trace.steps[2].looked_at.get(field::ip_proto) == 0xff);
    CHECK(trace.verdict.mask.covers(seen));
}

TEST_CASE_METHOD(Traced, "a drop names its reason and its table", "[packet_trace]") {
    add("table=0,priority=3,arp,actions=drop");
    add("table=0,priority=2,ip,actions=goto_table:9");
    CHECK(trace("in_port=1,arp").drop_reason() == DropReason::rule_drop);
    CHECK(trace("in_port=1,arp").blamed_table()->priority == 3);
    CHECK(trace("in_port=1,ip").drop_reason() == DropReason::no_rule);
    CHECK(trace("in_port=1,ip").blamed_table()->table == 9);
    // Also where another table was asked after its rule.
    add("table=0,priority=4,udp,actions=resubmit(,8),output:99");
    CHECK(trace("in_port=1,udp").drop_reason() == DropReason::no_destination);
    CHECK(trace("in_port=1,udp").blamed_table()->table == 0);
    add("table=0,priority=5,udp,tp_dst=9,actions=resubmit(,8)");
    CHECK(trace("in_port=1,udp,tp_dst=9").blamed_table()->table == 8);
    CHECK(trace("in_port=99,ip").drop_reason() == DropReason::port_gone);
    CHECK(trace("in_port=99,ip").blamed_table() == nullptr);
}

TEST_CASE_METHOD(Traced, "a trace says what the tables do, and changes nothing", "[packet_trace]") {
    add("priority=1,actions=NORMAL");
    const auto key = parse_packet("in_port=1,dl_src=02:00:00:00:00:55,dl_vlan=3");
    REQUIRE(key);
    const std::uint64_t generation = tables.changes().generation();
    const PacketTrace trace = trace_packet(tables, *key, now);
    const Verdict verdict = tables.lookup(*key, now);
    CHECK(trace.verdict.program == verdict.program);
    CHECK(trace.verdict.mask == verdict.mask);
    CHECK(trace.verdict.learn == verdict.learn);
    CHECK(tables.changes().generation() == generation);
}

TEST_CASE_METHOD(Traced, "tables that go round in circles give a trace with an end",
                 "[packet_trace]") {
    add("table=0,actions=resubmit(,1),resubmit(,1),resubmit(,1)");
    add("table=1,actions=resubmit(,1),resubmit(,1),output:2");
    const PacketTrace trace = this->trace("in_port=1");
    CHECK(trace.steps.size() <= 16384);
    CHECK(trace.drop_reason() == DropReason::too_complex);
    std::string many = "table=0,actions=";
    for (int i = 0; i < 300; ++i) many += "resubmit(,1),";
    add(many + "resubmit(,1)");
    std::string notes = "table=1,actions=";
    for (int i = 0; i < 100; ++i) notes += "note:00,";
    add(notes + "output:2");
    CHECK(this->trace("in_port=1").cut_off);
}

TEST_CASE("a packet is told by its fields", "[packet_trace]") {
    const auto key = parse_packet("in_port=4,dl_vlan=5,dl_vlan_pcp=2,udp,tp_dst=53");
    REQUIRE(key);
    CHECK(key->in_port() == 4);
    CHECK(key->get(field::vlan_tpid) == tpid_vlan);
    CHECK(key->get(field::vlan_tci) == (tci_present | 2 << 13 | 5));
    CHECK(key->get(field::ip_proto) == 17);
    CHECK(key->get(field::tp_dst) == 53);
    CHECK(parse_packet("udp,tp_dst=x").error().position == 11);
    CHECK(parse_packet("ip,nw_src=10.0.0.0/8").error().position == 18);
    const auto named = parse_packet("in_port=uplink", [](std::string_view name) {
        return name == "uplink" ? std::optional<PortNumber>{7} : std::nullopt;
    });
    REQUIRE(named);
    CHECK(named->in_port() == 7);
}

}  // namespace switchd::test
