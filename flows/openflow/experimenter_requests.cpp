#include "flows/openflow/requests.h"

namespace switchd::openflow {

namespace {

// NXT_*, as far as a peer may send them.
namespace nicira_request {
constexpr std::uint32_t role = 10;
constexpr std::uint32_t flow_format = 12;
constexpr std::uint32_t flow_mod = 13;
constexpr std::uint32_t flow_mod_table_id = 15;
constexpr std::uint32_t packet_in_format = 16;
constexpr std::uint32_t flow_age = 18;
constexpr std::uint32_t async_config = 19;
constexpr std::uint32_t controller_id = 20;
constexpr std::uint32_t async_config2 = 27;
constexpr std::uint32_t resume = 28;
}  // namespace nicira_request

Outcome answer_nicira(const Request& request, std::uint32_t subtype, ByteSpan body) {
    switch (subtype) {
        case nicira_request::role: return change_role_nicira(request, body);
        case nicira_request::flow_format: return set_flow_format(request, body);
        case nicira_request::flow_mod: return change_flows_nicira(request);
        case nicira_request::flow_mod_table_id: return set_flow_mod_tables(request, body);
        case nicira_request::packet_in_format: return set_packet_in_format(request, body);
        case nicira_request::flow_age: return {};  // obsolete, and nothing to say
        case nicira_request::async_config: return set_async_masks(request, body);
        case nicira_request::controller_id: return set_controller_id(request, body);
        case nicira_request::async_config2: return set_async_properties(request, body);
        case nicira_request::resume: return Failure(Error::nxr_not_supported);
        default: return Failure(Error::brc_bad_subtype);
    }
}

}  // namespace

Outcome answer_experimenter(const Request& request) {
    Reader reader(request.body());
    const std::uint32_t vendor = reader.u32();
    const std::uint32_t subtype = reader.u32();
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (vendor == vendor_nicira) return answer_nicira(request, subtype, reader.rest());
    return Failure(vendor == vendor_onf ? Error::brc_bad_subtype : Error::brc_bad_vendor);
}

}  // namespace switchd::openflow
