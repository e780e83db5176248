#include "flows/openflow/requests.h"

namespace switchd::openflow {

namespace {

Outcome answer_nicira(const Request& request, std::uint32_t subtype, ByteSpan body) {
    switch (subtype) {
        case nicira_type::role_request: return change_role_nicira(request, body);
        case nicira_type::flow_format: return set_flow_format(request, body);
        case nicira_type::flow_mod: return change_flows_nicira(request);
        case nicira_type::flow_mod_table_id: return set_flow_mod_tables(request, body);
        case nicira_type::packet_in_format: return set_packet_in_format(request, body);
        case nicira_type::flow_age: return {};  // obsolete, and nothing to say
        case nicira_type::async_config: return set_async_masks(request, body);
        case nicira_type::controller_id: return set_controller_id(request, body);
        case nicira_type::async_config2: return set_async_properties(request, body);
        case nicira_type::resume: return Failure(Error::nxr_not_supported);
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
