// A small switch that one talks to in frames, and that answers in words.
#pragma once

#include "flows/pipeline.h"
#include "tests/flows/frames.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

namespace switchd::test {

using namespace std::chrono_literals;

inline const Bytes payload = ipv4(17, udp(1, 2));

// Ports 0 to 3.
struct TalkingSwitch {
    explicit TalkingSwitch(VlanPolicy policy = VlanPolicy::strict)
        : tables{{.macs = {.min_persistence = 3s}, .vlan_policy = policy}} {
        for (PortNumber port = 0; port <= 3; ++port) REQUIRE(tables.add_port(port));
    }
    std::string sends(PortNumber port, MacAddress source, MacAddress destination,
                      const Bytes& content = payload) {
        const FlowKey key = extract(ethernet(source, destination, content), port);
        const Verdict verdict = tables.lookup(key, now);
        tables.perform(verdict, now);
        return to_text(verdict.program);
    }
    Pipeline tables;
    TimePoint now{1h};
};
struct TransparentSwitch : TalkingSwitch {
    TransparentSwitch() : TalkingSwitch(VlanPolicy::transparent) {}
};

}  // namespace switchd::test
