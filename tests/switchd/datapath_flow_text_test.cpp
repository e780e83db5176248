#include "switchd/datapath_flow_text.h"

#include "tests/support/catch.h"

using namespace switchd;

// The expected texts are what ovs-appctl dpctl/dump-flows of Open vSwitch 3.1 shows of such flows,
// where a value that a mask hides is zero.

namespace {

std::string number(PortNumber port) {
    return std::to_string(port);
}
std::string letter(PortNumber port) {
    return std::string(1, static_cast<char>('a' + port));
}

// A flow that looks at in_port and what is added.
struct Flow {
    Flow() { look(field::in_port, 1); }

    Flow& look(const FlowField& of, std::uint64_t value, std::uint64_t bits) {
        key.set(of, value);
        mask.fold(of, bits);
        return *this;
    }
    Flow& look(const FlowField& of, std::uint64_t value) { return look(of, value, of.ones()); }
    Flow& ipv4(std::uint64_t protocol) {
        return look(field::eth_type, 0x0800)
            .look(field::ip_proto, protocol)
            .look(field::ip_frag, 0);
    }
    // Without what all flows begin with.
    std::string text() const {
        const std::string all = datapath_match_text(mask.apply(key), mask, number);
        const std::string begin = "recirc_id(0),in_port(1),packet_type(ns=0,id=0)";
        REQUIRE(all.starts_with(begin));
        return all.size() == begin.size() ? "" : all.substr(begin.size() + 1);
    }

    FlowKey key;
    FlowMask mask;
};

}  // namespace

TEST_CASE("layer 2 of a flow is shown as the datapath has it", "[datapath_flow_text]") {
    CHECK(Flow().text() == "");
    CHECK(Flow().look(field::eth_src, 0x505400000005).look(field::eth_dst, 0xffffffffffff).text() ==
          "eth(src=50:54:00:00:00:05,dst=ff:ff:ff:ff:ff:ff)");
    CHECK(Flow().look(field::eth_src, 0x505400000005, 0xffff00000000).text() ==
          "eth(src=50:54:00:00:00:00/ff:ff:00:00:00:00)");
    CHECK(Flow().look(field::eth_type, eth_type_802_3).text() == "eth_type(0/0xffff)");
    CHECK(Flow().look(field::eth_type, 0x88b5).text() == "eth_type(0x88b5)");
    CHECK(Flow().look(field::eth_type, 0x8800, 0xff00).text() == "eth_type(0x8800/0xff00)");
}

TEST_CASE("tags wrap what is behind them", "[datapath_flow_text]") {
    CHECK(Flow().look(field::vlan_tci, 0x1005, 0x1fff).ipv4(6).text() ==
          "eth_type(0x8100),vlan(vid=5,pcp=0/0x0),encap(eth_type(0x0800),ipv4(proto=6,frag=no))");
    CHECK(Flow().look(field::vlan_tci, 0x7000, 0xf000).text() ==
          "eth_type(0x8100),vlan(vid=0/0x0,pcp=3)");
    CHECK(Flow()
              .look(field::vlan_tpid, 0x88a8)
              .look(field::vlan_tci, 0x3005)
              .look(field::inner_vlan_tci, 0x5006)
              .look(field::eth_type, 0x0806)
              .text() ==
          "eth_type(0x88a8),vlan(vid=5,pcp=1),encap(eth_type(0x8100),"
          "vlan(vid=6,pcp=2),encap(eth_type(0x0806)))");
    CHECK(Flow().look(field::vlan_tci, 0, 0x1fff).text() == "vlan(cfi=0)");
    CHECK(Flow().look(field::vlan_tci, 0, 0x1fff).look(field::eth_type, 0x88b5).text() ==
          "eth_type(0x88b5)");
}

TEST_CASE("layers 3 and 4 are shown under the names of their protocol", "[datapath_flow_text]") {
    CHECK(Flow()
              .ipv4(17)
              .look(field::ip_src, 0x0a000001, 0xffffff00)
              .look(field::ip_dst, 0x0a000002)
              .look(field::ip_tos, 0x20, 0xfc)
              .look(field::ip_ttl, 64)
              .look(field::tp_dst, 53, 0xfffe)
              .text() ==
          "eth_type(0x0800),ipv4(src=10.0.0.0/255.255.255.0,dst=10.0.0.2,proto=17,"
          "tos=0x20/0xfc,ttl=64,frag=no),udp(dst=52/0xfffe)");
    CHECK(Flow().ipv4(6).look(field::tp_src, 8).look(field::tcp_flags, 2, 0x12).text() ==
          "eth_type(0x0800),ipv4(proto=6,frag=no),tcp(src=8),tcp_flags(+syn-ack)");
    CHECK(Flow().ipv4(6).look(field::tcp_flags, 0x41).text() ==
          "eth_type(0x0800),ipv4(proto=6,frag=no),tcp_flags(fin|ece)");
    CHECK(Flow().ipv4(132).look(field::tp_dst, 5).text() ==
          "eth_type(0x0800),ipv4(proto=132,frag=no),sctp(dst=5)");
    CHECK(Flow().ipv4(1).look(field::tp_src, 8).look(field::tp_dst, 0).text() ==
          "eth_type(0x0800),ipv4(proto=1,frag=no),icmp(type=8,code=0)");
    CHECK(Flow().look(field::eth_type, 0x0800).look(field::ip_frag, 3).text() ==
          "eth_type(0x0800),ipv4(frag=later)");
    CHECK(Flow().look(field::eth_type, 0x0800).look(field::ip_frag, 1).text() ==
          "eth_type(0x0800),ipv4(frag=first)");
    CHECK(Flow()
              .look(field::eth_type, 0x86dd)
              .look(field::ip_proto, 58)
              .look(field::ip_frag, 0)
              .look(field::ipv6_src_high, 0x2000000000000000, 0xffff000000000000)
              .look(field::ipv6_label, 5)
              .look(field::tp_src, 135)
              .look(field::nd_target_high, 0xfe80000000000000)
              .look(field::nd_target_low, 1)
              .look(field::arp_sha, 0x505400000005)
              .text() ==
          "eth_type(0x86dd),ipv6(src=2000::/ffff::,label=0x5,proto=58,frag=no),"
          "icmpv6(type=135),nd(target=fe80::1,sll=50:54:00:00:00:05)");
    CHECK(Flow()
              .look(field::eth_type, 0x0806)
              .look(field::ip_src, 0x01020304)
              .look(field::ip_proto, 1)
              .look(field::arp_sha, 0x505400000005)
              .text() == "eth_type(0x0806),arp(sip=1.2.3.4,op=1,sha=50:54:00:00:00:05)");
}

TEST_CASE("no bit that a flow looks at is hidden", "[datapath_flow_text]") {
    CHECK(Flow().look(field::ip_dst, 0x0a000002).text() == "nw_dst=10.0.0.2");
    CHECK(Flow().look(field::eth_type, 0x88b5).look(field::tp_dst, 5).text() ==
          "eth_type(0x88b5),tp_dst=5");
    for (const FlowField& of : field::all) {
        INFO(of.name);
        if (of.word < packet_words && of.name != field::in_port.name)
            CHECK(Flow().look(of, 0).text() != "");
    }
}

TEST_CASE("actions are shown as the datapath's", "[datapath_flow_text]") {
    const auto text = [](std::vector<Action> steps) {
        return datapath_actions_text({std::move(steps)}, {}, letter);
    };
    CHECK(text({Output{{1, 3}}, Output{{4}}}) == "b,d,e");
    CHECK(text({PushVlan{tpid_vlan, 0x6009}, Output{{2}}, PopVlan{}, Output{{3}}}) ==
          "push_vlan(vid=9,pcp=3),c,pop_vlan,d");
    CHECK(text({PushVlan{tpid_provider, 7}}) == "push_vlan(tpid=0x88a8,vid=7,pcp=0)");
    PacketInRequest request;
    request.cookie = 0x2a;
    request.controller_id = 3;
    CHECK(text({ToController{std::make_shared<const PacketInRequest>(request)}}) ==
          "userspace(pid=0,controller(reason=1,rule_cookie=0x2a,controller_id=3,max_len=65535))");
    CHECK(text({Drop{}}) == "drop");
    CHECK(text({Punt{}}) == "userspace(pid=0,slow_path(stp))");
}

TEST_CASE("edits are shown header by header", "[datapath_flow_text]") {
    const auto text = [](std::uint64_t eth_type, std::uint64_t ip_proto, const Flow& edit) {
        FlowKey key;
        key.set(field::eth_type, eth_type);
        key.set(field::ip_proto, ip_proto);
        const Action set = SetFields{std::make_shared<const Match>(edit.key, edit.mask)};
        return datapath_actions_text({{set, Output{{2}}}}, key, letter);
    };
    const auto edit = [] {
        Flow flow;
        flow.mask = {};
        return flow;
    };
    CHECK(text(0x0800, 6,
               edit()
                   .look(field::eth_src, 0x020000000009)
                   .look(field::ip_dst, 0x01020304)
                   .look(field::ip_ttl, 63)
                   .look(field::tp_src, 9)) ==
          "set(eth(src=02:00:00:00:00:09)),set(ipv4(dst=1.2.3.4,ttl=63)),set(tcp(src=9)),c");
    CHECK(text(0x0800, 17, edit().look(field::tp_dst, 53)) == "set(udp(dst=53)),c");
    CHECK(text(0x86dd, 58,
               edit()
                   .look(field::ip_tos, 8)
                   .look(field::nd_target_low, 1)
                   .look(field::nd_target_high, 0)) ==
          "set(ipv6(tclass=0x8)),set(nd(target=::1)),c");
    CHECK(text(0x0806, 2, edit().look(field::ip_src, 0x0a000001)) == "set(arp(sip=10.0.0.1)),c");
    CHECK(text(0x88b5, 0, edit().look(field::tp_dst, 53)) == "set(tp_dst=53),c");
}

TEST_CASE("a megaflow is one line with its counters and its age", "[datapath_flow_text]") {
    MegaflowCache cache{{}};
    const TimePoint start{std::chrono::hours{1}};
    const Flow of;
    Verdict verdict;
    verdict.program.steps = {Output{{2}}};
    verdict.mask = of.mask;
    Megaflow* const flow = cache.insert(of.key, verdict, start);
    REQUIRE(flow);
    flow->count(60, start);
    CHECK(datapath_flow_text(*flow, start + std::chrono::milliseconds{1559}, letter) ==
          "recirc_id(0),in_port(b),packet_type(ns=0,id=0), packets:1, bytes:60, used:1.559s, "
          "actions:c");
    const std::string id = datapath_flow_id(*flow);
    Flow other;
    other.look(field::in_port, 2);
    const Megaflow* const next = cache.insert(other.key, verdict, start);
    CHECK(id.size() == 36);
    CHECK(datapath_flow_id(*next) != id);
}
