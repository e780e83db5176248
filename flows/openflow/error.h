// What can be wrong with a message, by the names that the specifications give it, and the numbers
// that each version has for that (1.5.1, section 7.5.4; Nicira's and the ONF's extensions where a
// version has none of its own).
#pragma once

#include <cstdint>
#include <string_view>

#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

// OFPBRC_BAD_TYPE is brc_bad_type; those of Nicira's extensions keep their nx.
enum class Error : std::uint8_t {
    hfc_incompatible,
    hfc_eperm,

    brc_bad_version,
    brc_bad_type,
    brc_bad_stat,
    brc_bad_vendor,
    brc_bad_subtype,
    brc_eperm,
    brc_bad_len,
    brc_buffer_empty,
    brc_buffer_unknown,
    brc_bad_table_id,
    brc_is_secondary,
    brc_bad_port,
    brc_bad_packet,
    brc_multipart_buffer_overflow,
    brc_pipeline_fields_only,

    nxbrc_nxm_invalid,
    nxbrc_nxm_bad_type,
    nxbrc_must_be_zero,
    nxbrc_bad_reason,
    nxbrc_unencodable_error,

    bac_bad_type,
    bac_bad_len,
    bac_bad_vendor,
    bac_bad_vendor_type,
    bac_bad_out_port,
    bac_bad_argument,
    bac_eperm,
    bac_too_many,
    bac_bad_queue,
    bac_bad_out_group,
    bac_match_inconsistent,
    bac_unsupported_order,
    bac_bad_tag,
    bac_bad_set_type,
    bac_bad_set_len,
    bac_bad_set_argument,
    bac_bad_set_mask,
    bac_bad_meter,

    nxbac_must_be_zero,

    bic_unknown_inst,
    bic_unsup_inst,
    bic_bad_table_id,
    bic_unsup_metadata,
    bic_unsup_metadata_mask,
    bic_bad_experimenter,
    bic_bad_exp_type,
    bic_bad_len,
    bic_eperm,
    bic_dup_inst,

    bmc_bad_type,
    bmc_bad_len,
    bmc_bad_tag,
    bmc_bad_dl_addr_mask,
    bmc_bad_nw_addr_mask,
    bmc_bad_wildcards,
    bmc_bad_field,
    bmc_bad_value,
    bmc_bad_mask,
    bmc_bad_prereq,
    bmc_dup_field,
    bmc_eperm,

    fmfc_unknown,
    fmfc_table_full,
    fmfc_bad_table_id,
    fmfc_overlap,
    fmfc_eperm,
    fmfc_bad_timeout,
    fmfc_bad_command,
    fmfc_bad_flags,
    fmfc_unsupported,

    nxfmfc_bad_table_id,

    gmfc_invalid_group,
    gmfc_out_of_groups,
    gmfc_unknown_group,
    gmfc_bad_type,
    gmfc_bad_command,

    pmfc_bad_port,
    pmfc_bad_hw_addr,
    pmfc_bad_config,
    pmfc_bad_advertise,
    pmfc_eperm,

    tmfc_bad_table,
    tmfc_bad_config,
    tmfc_eperm,

    qofc_bad_port,
    qofc_bad_queue,
    qofc_eperm,

    scfc_bad_flags,
    scfc_bad_len,
    scfc_eperm,

    rrfc_stale,
    rrfc_unsup,
    rrfc_bad_role,

    mmfc_unknown,
    mmfc_invalid_meter,
    mmfc_unknown_meter,
    mmfc_bad_command,
    mmfc_out_of_meters,

    tffc_eperm,

    bpc_bad_type,
    bpc_bad_len,
    bpc_bad_value,
    bpc_too_many,
    bpc_dup_type,
    bpc_bad_experimenter,
    bpc_bad_exp_type,
    bpc_bad_exp_value,
    bpc_eperm,

    acfc_invalid,
    acfc_unsupported,
    acfc_eperm,

    bfc_unknown,
    bfc_eperm,
    bfc_bad_id,
    bfc_bundle_exist,
    bfc_bundle_closed,
    bfc_out_of_bundles,
    bfc_bad_type,
    bfc_bad_flags,
    bfc_msg_bad_len,
    bfc_msg_bad_xid,
    bfc_msg_unsup,
    bfc_msg_conflict,
    bfc_msg_too_many,
    bfc_msg_failed,
    bfc_timeout,
    bfc_bundle_in_progress,

    mofc_unknown,
    mofc_monitor_exists,
    mofc_invalid_monitor,
    mofc_unknown_monitor,
    mofc_bad_command,
    mofc_bad_flags,
    mofc_bad_table_id,
    mofc_bad_out,

    nxr_not_supported,

    nxst_not_configured,
    count_
};

// With a vendor, in 1.0 and 1.1, type and code are those behind the vendor's number; in 1.2 and
// later type is 0xffff and code the vendor's own.
struct WireError {
    std::uint16_t type = 0;
    std::uint16_t code = 0;
    std::uint32_t vendor = 0;  // 0: none
    bool operator==(const WireError&) const = default;
};

// What `version` has for `error`; if it has nothing, its way to say just that.
WireError wire_error(Error error, Version version);

// As the specifications write it: "OFPBRC_BAD_TYPE".
std::string_view name(Error error);

// A whole OFPT_ERROR message. `data` is the request that failed, whose xid this must be, or, for a
// failed hello, text; what does not fit into a message is left out.
void encode_error(Writer& writer, Error error, Version version, std::uint32_t xid, ByteSpan data);

}  // namespace switchd::openflow
