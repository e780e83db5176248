#include "flows/openflow/error.h"

#include <algorithm>
#include <array>

#include "flows/openflow/header.h"

namespace switchd::openflow {
namespace {

// From `first` on, until the row's next code. No code for it: `known` is false.
struct Code {
    Version first{};
    bool known = false;
    WireError error;
};
struct Row {
    Error error;
    std::string_view name;
    std::array<Code, 4> codes;
};

constexpr std::uint16_t vendor_type_1_0 = 0xb0c2, vendor_type = 0xffff;

constexpr Code standard(Version first, std::uint16_t type, std::uint16_t code) {
    return {first, true, {type, code, 0}};
}
constexpr Code nicira_1_0(Version first, std::uint16_t type, std::uint16_t code) {
    return {first, true, {type, code, vendor_nicira}};
}
constexpr Code nicira(Version first, std::uint16_t code) {
    return {first, true, {vendor_type, code, vendor_nicira}};
}
constexpr Code onf(Version first, std::uint16_t code) {
    return {first, true, {vendor_type, code, vendor_onf}};
}
constexpr Code never(Version first) {
    return {first, false, {}};
}

using enum Version;

constexpr std::array<Row, static_cast<std::size_t>(Error::count_)> rows{{
    {Error::hfc_incompatible, "OFPHFC_INCOMPATIBLE", {standard(v1_0, 0, 0)}},
    {Error::hfc_eperm, "OFPHFC_EPERM", {standard(v1_0, 0, 1)}},
    {Error::brc_bad_version, "OFPBRC_BAD_VERSION", {standard(v1_0, 1, 0)}},
    {Error::brc_bad_type, "OFPBRC_BAD_TYPE", {standard(v1_0, 1, 1)}},
    {Error::brc_bad_stat, "OFPBRC_BAD_STAT", {standard(v1_0, 1, 2)}},
    {Error::brc_bad_vendor, "OFPBRC_BAD_VENDOR", {standard(v1_0, 1, 3)}},
    {Error::brc_bad_subtype, "OFPBRC_BAD_SUBTYPE", {standard(v1_0, 1, 4)}},
    {Error::brc_eperm, "OFPBRC_EPERM", {standard(v1_0, 1, 5)}},
    {Error::brc_bad_len, "OFPBRC_BAD_LEN", {standard(v1_0, 1, 6)}},
    {Error::brc_buffer_empty, "OFPBRC_BUFFER_EMPTY", {standard(v1_0, 1, 7)}},
    {Error::brc_buffer_unknown, "OFPBRC_BUFFER_UNKNOWN", {standard(v1_0, 1, 8)}},
    {Error::brc_bad_table_id,
     "OFPBRC_BAD_TABLE_ID",
     {nicira_1_0(v1_0, 1, 512), standard(v1_1, 1, 9)}},
    {Error::brc_is_secondary, "OFPBRC_IS_SECONDARY", {standard(v1_0, 1, 5), standard(v1_2, 1, 10)}},
    {Error::brc_bad_port, "OFPBRC_BAD_PORT", {nicira_1_0(v1_0, 1, 514), standard(v1_2, 1, 11)}},
    {Error::brc_bad_packet, "OFPBRC_BAD_PACKET", {standard(v1_2, 1, 12)}},
    {Error::brc_multipart_buffer_overflow,
     "OFPBRC_MULTIPART_BUFFER_OVERFLOW",
     {standard(v1_3, 1, 13)}},
    {Error::brc_pipeline_fields_only, "OFPBRC_PIPELINE_FIELDS_ONLY", {standard(v1_5, 1, 17)}},
    {Error::nxbrc_nxm_invalid, "NXBRC_NXM_INVALID", {nicira_1_0(v1_0, 1, 256), nicira(v1_2, 2)}},
    {Error::nxbrc_nxm_bad_type, "NXBRC_NXM_BAD_TYPE", {nicira_1_0(v1_0, 1, 257), nicira(v1_2, 3)}},
    {Error::nxbrc_must_be_zero, "NXBRC_MUST_BE_ZERO", {nicira_1_0(v1_0, 1, 515), nicira(v1_2, 4)}},
    {Error::nxbrc_bad_reason, "NXBRC_BAD_REASON", {nicira_1_0(v1_0, 1, 516), nicira(v1_2, 5)}},
    {Error::nxbrc_unencodable_error,
     "NXBRC_UNENCODABLE_ERROR",
     {nicira_1_0(v1_0, 1, 521), nicira(v1_2, 10)}},
    {Error::bac_bad_type, "OFPBAC_BAD_TYPE", {standard(v1_0, 2, 0)}},
    {Error::bac_bad_len, "OFPBAC_BAD_LEN", {standard(v1_0, 2, 1)}},
    {Error::bac_bad_vendor, "OFPBAC_BAD_VENDOR", {standard(v1_0, 2, 2)}},
    {Error::bac_bad_vendor_type, "OFPBAC_BAD_VENDOR_TYPE", {standard(v1_0, 2, 3)}},
    {Error::bac_bad_out_port, "OFPBAC_BAD_OUT_PORT", {standard(v1_0, 2, 4)}},
    {Error::bac_bad_argument, "OFPBAC_BAD_ARGUMENT", {standard(v1_0, 2, 5)}},
    {Error::bac_eperm, "OFPBAC_EPERM", {standard(v1_0, 2, 6)}},
    {Error::bac_too_many, "OFPBAC_TOO_MANY", {standard(v1_0, 2, 7)}},
    {Error::bac_bad_queue, "OFPBAC_BAD_QUEUE", {standard(v1_0, 2, 8)}},
    {Error::bac_bad_out_group,
     "OFPBAC_BAD_OUT_GROUP",
     {nicira_1_0(v1_0, 2, 9), standard(v1_1, 2, 9)}},
    {Error::bac_match_inconsistent,
     "OFPBAC_MATCH_INCONSISTENT",
     {nicira_1_0(v1_0, 1, 522), standard(v1_1, 2, 10)}},
    {Error::bac_unsupported_order, "OFPBAC_UNSUPPORTED_ORDER", {standard(v1_1, 2, 11)}},
    {Error::bac_bad_tag, "OFPBAC_BAD_TAG", {standard(v1_1, 2, 12)}},
    {Error::bac_bad_set_type,
     "OFPBAC_BAD_SET_TYPE",
     {nicira_1_0(v1_0, 1, 523), standard(v1_2, 2, 13)}},
    {Error::bac_bad_set_len,
     "OFPBAC_BAD_SET_LEN",
     {nicira_1_0(v1_0, 1, 524), standard(v1_2, 2, 14)}},
    {Error::bac_bad_set_argument,
     "OFPBAC_BAD_SET_ARGUMENT",
     {nicira_1_0(v1_0, 1, 525), standard(v1_2, 2, 15)}},
    {Error::bac_bad_set_mask, "OFPBAC_BAD_SET_MASK", {onf(v1_3, 4250), standard(v1_5, 2, 16)}},
    {Error::bac_bad_meter, "OFPBAC_BAD_METER", {standard(v1_5, 2, 17)}},
    {Error::nxbac_must_be_zero, "NXBAC_MUST_BE_ZERO", {nicira_1_0(v1_0, 2, 256), nicira(v1_2, 11)}},
    {Error::bic_unknown_inst, "OFPBIC_UNKNOWN_INST", {standard(v1_1, 3, 0)}},
    {Error::bic_unsup_inst, "OFPBIC_UNSUP_INST", {nicira_1_0(v1_0, 2, 257), standard(v1_1, 3, 1)}},
    {Error::bic_bad_table_id, "OFPBIC_BAD_TABLE_ID", {standard(v1_1, 3, 2)}},
    {Error::bic_unsup_metadata, "OFPBIC_UNSUP_METADATA", {standard(v1_1, 3, 3)}},
    {Error::bic_unsup_metadata_mask, "OFPBIC_UNSUP_METADATA_MASK", {standard(v1_1, 3, 4)}},
    {Error::bic_bad_experimenter, "OFPBIC_BAD_EXPERIMENTER", {standard(v1_1, 3, 5)}},
    {Error::bic_bad_exp_type, "OFPBIC_BAD_EXP_TYPE", {standard(v1_1, 3, 5), standard(v1_2, 3, 6)}},
    {Error::bic_bad_len, "OFPBIC_BAD_LEN", {standard(v1_2, 3, 7)}},
    {Error::bic_eperm, "OFPBIC_EPERM", {standard(v1_2, 3, 8)}},
    {Error::bic_dup_inst,
     "OFPBIC_DUP_INST",
     {nicira_1_0(v1_1, 3, 256), onf(v1_2, 2600), standard(v1_4, 3, 9)}},
    {Error::bmc_bad_type, "OFPBMC_BAD_TYPE", {standard(v1_1, 4, 0)}},
    {Error::bmc_bad_len, "OFPBMC_BAD_LEN", {standard(v1_1, 4, 1)}},
    {Error::bmc_bad_tag, "OFPBMC_BAD_TAG", {standard(v1_1, 4, 2)}},
    {Error::bmc_bad_dl_addr_mask, "OFPBMC_BAD_DL_ADDR_MASK", {standard(v1_1, 4, 3)}},
    {Error::bmc_bad_nw_addr_mask, "OFPBMC_BAD_NW_ADDR_MASK", {standard(v1_1, 4, 4)}},
    {Error::bmc_bad_wildcards,
     "OFPBMC_BAD_WILDCARDS",
     {nicira_1_0(v1_0, 1, 262), standard(v1_1, 4, 5)}},
    {Error::bmc_bad_field, "OFPBMC_BAD_FIELD", {nicira_1_0(v1_0, 0, 263), standard(v1_1, 4, 6)}},
    {Error::bmc_bad_value, "OFPBMC_BAD_VALUE", {nicira_1_0(v1_0, 1, 258), standard(v1_1, 4, 7)}},
    {Error::bmc_bad_mask, "OFPBMC_BAD_MASK", {nicira_1_0(v1_0, 1, 259), standard(v1_2, 4, 8)}},
    {Error::bmc_bad_prereq, "OFPBMC_BAD_PREREQ", {nicira_1_0(v1_0, 1, 260), standard(v1_2, 4, 9)}},
    {Error::bmc_dup_field, "OFPBMC_DUP_FIELD", {nicira_1_0(v1_0, 1, 261), standard(v1_2, 4, 10)}},
    {Error::bmc_eperm, "OFPBMC_EPERM", {standard(v1_2, 4, 11)}},
    {Error::fmfc_unknown, "OFPFMFC_UNKNOWN", {standard(v1_1, 5, 0)}},
    {Error::fmfc_table_full, "OFPFMFC_TABLE_FULL", {standard(v1_0, 3, 0), standard(v1_1, 5, 1)}},
    {Error::fmfc_bad_table_id, "OFPFMFC_BAD_TABLE_ID", {standard(v1_1, 5, 2)}},
    {Error::fmfc_overlap, "OFPFMFC_OVERLAP", {standard(v1_0, 3, 1), standard(v1_1, 5, 3)}},
    {Error::fmfc_eperm, "OFPFMFC_EPERM", {standard(v1_0, 3, 2), standard(v1_1, 5, 4)}},
    {Error::fmfc_bad_timeout, "OFPFMFC_BAD_TIMEOUT", {standard(v1_1, 5, 5)}},
    {Error::fmfc_bad_command, "OFPFMFC_BAD_COMMAND", {standard(v1_0, 3, 4), standard(v1_1, 5, 6)}},
    {Error::fmfc_bad_flags,
     "OFPFMFC_BAD_FLAGS",
     {nicira_1_0(v1_0, 3, 258), nicira_1_0(v1_1, 5, 258), standard(v1_2, 5, 7)}},
    {Error::fmfc_unsupported, "OFPFMFC_UNSUPPORTED", {standard(v1_0, 3, 5), never(v1_1)}},
    {Error::nxfmfc_bad_table_id,
     "NXFMFC_BAD_TABLE_ID",
     {nicira_1_0(v1_0, 5, 257), nicira(v1_2, 13)}},
    {Error::gmfc_invalid_group,
     "OFPGMFC_INVALID_GROUP",
     {nicira_1_0(v1_0, 6, 1), standard(v1_1, 6, 1)}},
    {Error::gmfc_out_of_groups,
     "OFPGMFC_OUT_OF_GROUPS",
     {nicira_1_0(v1_0, 6, 3), standard(v1_1, 6, 3)}},
    {Error::gmfc_unknown_group,
     "OFPGMFC_UNKNOWN_GROUP",
     {nicira_1_0(v1_0, 6, 8), standard(v1_1, 6, 8)}},
    {Error::gmfc_bad_type,
     "OFPGMFC_BAD_TYPE",
     {nicira_1_0(v1_0, 6, 10), never(v1_1), standard(v1_2, 6, 10)}},
    {Error::gmfc_bad_command,
     "OFPGMFC_BAD_COMMAND",
     {nicira_1_0(v1_0, 6, 11), never(v1_1), standard(v1_2, 6, 11)}},
    {Error::pmfc_bad_port, "OFPPMFC_BAD_PORT", {standard(v1_0, 4, 0), standard(v1_1, 7, 0)}},
    {Error::pmfc_bad_hw_addr, "OFPPMFC_BAD_HW_ADDR", {standard(v1_0, 4, 1), standard(v1_1, 7, 1)}},
    {Error::pmfc_bad_config, "OFPPMFC_BAD_CONFIG", {standard(v1_1, 7, 2)}},
    {Error::pmfc_bad_advertise, "OFPPMFC_BAD_ADVERTISE", {standard(v1_1, 7, 3)}},
    {Error::pmfc_eperm, "OFPPMFC_EPERM", {standard(v1_2, 7, 4)}},
    {Error::tmfc_bad_table, "OFPTMFC_BAD_TABLE", {standard(v1_1, 8, 0)}},
    {Error::tmfc_bad_config, "OFPTMFC_BAD_CONFIG", {standard(v1_1, 8, 1)}},
    {Error::tmfc_eperm, "OFPTMFC_EPERM", {standard(v1_2, 8, 2)}},
    {Error::qofc_bad_port, "OFPQOFC_BAD_PORT", {standard(v1_0, 5, 0), standard(v1_1, 9, 0)}},
    {Error::qofc_bad_queue, "OFPQOFC_BAD_QUEUE", {standard(v1_0, 5, 1), standard(v1_1, 9, 1)}},
    {Error::qofc_eperm, "OFPQOFC_EPERM", {standard(v1_0, 5, 2), standard(v1_1, 9, 2)}},
    {Error::scfc_bad_flags, "OFPSCFC_BAD_FLAGS", {standard(v1_1, 10, 0)}},
    {Error::scfc_bad_len, "OFPSCFC_BAD_LEN", {standard(v1_1, 10, 1)}},
    {Error::scfc_eperm, "OFPSCFC_EPERM", {standard(v1_2, 10, 2)}},
    {Error::rrfc_stale, "OFPRRFC_STALE", {standard(v1_2, 11, 0)}},
    {Error::rrfc_unsup, "OFPRRFC_UNSUP", {standard(v1_2, 11, 1)}},
    {Error::rrfc_bad_role, "OFPRRFC_BAD_ROLE", {nicira_1_0(v1_0, 1, 513), standard(v1_2, 11, 2)}},
    {Error::mmfc_unknown, "OFPMMFC_UNKNOWN", {standard(v1_3, 12, 0)}},
    {Error::mmfc_invalid_meter, "OFPMMFC_INVALID_METER", {standard(v1_3, 12, 2)}},
    {Error::mmfc_unknown_meter, "OFPMMFC_UNKNOWN_METER", {standard(v1_3, 12, 3)}},
    {Error::mmfc_bad_command, "OFPMMFC_BAD_COMMAND", {standard(v1_3, 12, 4)}},
    {Error::mmfc_out_of_meters, "OFPMMFC_OUT_OF_METERS", {standard(v1_3, 12, 10)}},
    {Error::tffc_eperm, "OFPTFFC_EPERM", {standard(v1_3, 13, 5)}},
    {Error::bpc_bad_type,
     "OFPBPC_BAD_TYPE",
     {nicira_1_0(v1_0, 13, 2), nicira(v1_2, 25), standard(v1_3, 13, 2), standard(v1_4, 14, 0)}},
    {Error::bpc_bad_len,
     "OFPBPC_BAD_LEN",
     {nicira_1_0(v1_0, 13, 3), nicira(v1_2, 26), standard(v1_3, 13, 3), standard(v1_4, 14, 1)}},
    {Error::bpc_bad_value,
     "OFPBPC_BAD_VALUE",
     {nicira_1_0(v1_0, 13, 4), nicira(v1_2, 27), standard(v1_3, 13, 4), standard(v1_4, 14, 2)}},
    {Error::bpc_too_many,
     "OFPBPC_TOO_MANY",
     {nicira_1_0(v1_0, 14, 3), nicira(v1_2, 28), onf(v1_3, 4443), standard(v1_4, 14, 3)}},
    {Error::bpc_dup_type,
     "OFPBPC_DUP_TYPE",
     {nicira_1_0(v1_0, 14, 4), nicira(v1_2, 29), onf(v1_3, 4444), standard(v1_4, 14, 4)}},
    {Error::bpc_bad_experimenter,
     "OFPBPC_BAD_EXPERIMENTER",
     {nicira_1_0(v1_0, 14, 5), nicira(v1_2, 30), onf(v1_3, 4445), standard(v1_4, 14, 5)}},
    {Error::bpc_bad_exp_type,
     "OFPBPC_BAD_EXP_TYPE",
     {nicira_1_0(v1_0, 14, 6), nicira(v1_2, 31), onf(v1_3, 4446), standard(v1_4, 14, 6)}},
    {Error::bpc_bad_exp_value,
     "OFPBPC_BAD_EXP_VALUE",
     {nicira_1_0(v1_0, 14, 7), nicira(v1_2, 32), onf(v1_3, 4447), standard(v1_4, 14, 7)}},
    {Error::bpc_eperm,
     "OFPBPC_EPERM",
     {nicira_1_0(v1_0, 14, 8), nicira(v1_2, 33), onf(v1_3, 4448), standard(v1_4, 14, 8)}},
    {Error::acfc_invalid, "OFPACFC_INVALID", {onf(v1_3, 2370), standard(v1_4, 15, 0)}},
    {Error::acfc_unsupported, "OFPACFC_UNSUPPORTED", {onf(v1_3, 2371), standard(v1_4, 15, 1)}},
    {Error::acfc_eperm, "OFPACFC_EPERM", {onf(v1_3, 2372), standard(v1_4, 15, 2)}},
    {Error::bfc_unknown, "OFPBFC_UNKNOWN", {onf(v1_3, 2300), standard(v1_4, 17, 0)}},
    {Error::bfc_eperm, "OFPBFC_EPERM", {onf(v1_3, 2301), standard(v1_4, 17, 1)}},
    {Error::bfc_bad_id, "OFPBFC_BAD_ID", {onf(v1_3, 2302), standard(v1_4, 17, 2)}},
    {Error::bfc_bundle_exist, "OFPBFC_BUNDLE_EXIST", {onf(v1_3, 2303), standard(v1_4, 17, 3)}},
    {Error::bfc_bundle_closed, "OFPBFC_BUNDLE_CLOSED", {onf(v1_3, 2304), standard(v1_4, 17, 4)}},
    {Error::bfc_out_of_bundles, "OFPBFC_OUT_OF_BUNDLES", {onf(v1_3, 2305), standard(v1_4, 17, 5)}},
    {Error::bfc_bad_type, "OFPBFC_BAD_TYPE", {onf(v1_3, 2306), standard(v1_4, 17, 6)}},
    {Error::bfc_bad_flags, "OFPBFC_BAD_FLAGS", {onf(v1_3, 2307), standard(v1_4, 17, 7)}},
    {Error::bfc_msg_bad_len, "OFPBFC_MSG_BAD_LEN", {onf(v1_3, 2308), standard(v1_4, 17, 8)}},
    {Error::bfc_msg_bad_xid, "OFPBFC_MSG_BAD_XID", {onf(v1_3, 2309), standard(v1_4, 17, 9)}},
    {Error::bfc_msg_unsup, "OFPBFC_MSG_UNSUP", {onf(v1_3, 2310), standard(v1_4, 17, 10)}},
    {Error::bfc_msg_conflict, "OFPBFC_MSG_CONFLICT", {onf(v1_3, 2311), standard(v1_4, 17, 11)}},
    {Error::bfc_msg_too_many, "OFPBFC_MSG_TOO_MANY", {onf(v1_3, 2312), standard(v1_4, 17, 12)}},
    {Error::bfc_msg_failed, "OFPBFC_MSG_FAILED", {onf(v1_3, 2313), standard(v1_4, 17, 13)}},
    {Error::bfc_timeout, "OFPBFC_TIMEOUT", {onf(v1_3, 2314), standard(v1_4, 17, 14)}},
    {Error::bfc_bundle_in_progress,
     "OFPBFC_BUNDLE_IN_PROGRESS",
     {onf(v1_3, 2315), standard(v1_4, 17, 15)}},
    {Error::mofc_unknown, "OFPMOFC_UNKNOWN", {standard(v1_4, 16, 0)}},
    {Error::mofc_monitor_exists,
     "OFPMOFC_MONITOR_EXISTS",
     {nicira_1_0(v1_0, 1, 517), nicira(v1_2, 6), standard(v1_4, 16, 1)}},
    {Error::mofc_invalid_monitor, "OFPMOFC_INVALID_MONITOR", {standard(v1_4, 16, 2)}},
    {Error::mofc_unknown_monitor,
     "OFPMOFC_UNKNOWN_MONITOR",
     {nicira_1_0(v1_0, 1, 519), nicira(v1_2, 8), standard(v1_4, 16, 3)}},
    {Error::mofc_bad_command, "OFPMOFC_BAD_COMMAND", {standard(v1_4, 16, 4)}},
    {Error::mofc_bad_flags,
     "OFPMOFC_BAD_FLAGS",
     {nicira_1_0(v1_0, 1, 518), nicira(v1_2, 7), standard(v1_4, 16, 5)}},
    {Error::mofc_bad_table_id, "OFPMOFC_BAD_TABLE_ID", {standard(v1_4, 16, 6)}},
    {Error::mofc_bad_out, "OFPMOFC_BAD_OUT", {standard(v1_4, 16, 7)}},
    {Error::nxr_not_supported, "NXR_NOT_SUPPORTED", {nicira_1_0(v1_0, 1, 533), nicira(v1_2, 34)}},
    {Error::nxst_not_configured,
     "NXST_NOT_CONFIGURED",
     {nicira_1_0(v1_0, 1, 535), nicira(v1_2, 36)}},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].error != static_cast<Error>(i)) return false;
    return true;
}
static_assert(in_order());

const Row& row_of(Error error) {
    return rows[static_cast<std::size_t>(error)];
}

}  // namespace

WireError wire_error(Error error, Version version) {
    const Code* found = nullptr;
    for (const Code& code : row_of(error).codes)
        if (code.first <= version && code.first != Version{}) found = &code;
    if (found && found->known) return found->error;
    return wire_error(Error::nxbrc_unencodable_error, version);
}

std::string_view name(Error error) {
    return row_of(error).name;
}

void encode_error(Writer& writer, Error error, Version version, std::uint32_t xid, ByteSpan data) {
    const WireError wire = wire_error(error, version);
    const std::size_t start = begin_message(writer, version, message_type::error, xid);
    if (wire.vendor == 0) {
        writer.u16(wire.type);
        writer.u16(wire.code);
    } else if (version >= v1_2) {
        writer.u16(wire.type);
        writer.u16(wire.code);
        writer.u32(wire.vendor);
    } else {
        writer.u16(vendor_type_1_0);
        writer.u16(0);
        writer.u32(wire.vendor);
        writer.u16(wire.type);
        writer.u16(wire.code);
    }
    const std::size_t room = message_bytes_max - (writer.size() - start);
    writer.bytes(data.first(std::min(data.size(), room)));
    end_message(writer, start);
}

}  // namespace switchd::openflow
