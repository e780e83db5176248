#include "flows/change_log.h"

namespace switchd {

bool affects(const Change& change, const Reads& reads, PortNumber in_port, MacAddress eth_src,
             MacAddress eth_dst) {
    switch (change.kind) {
        case Change::Kind::everything: return true;
        case Change::Kind::mac:
            return reads.mac_vlan == change.vlan &&
                   (change.mac == eth_src || change.mac == eth_dst);
        case Change::Kind::vlan: return reads.vlan == change.vlan;
        case Change::Kind::port:
            return in_port == change.port || reads.all_ports || reads.port == change.port;
    }
    return true;
}

}  // namespace switchd
