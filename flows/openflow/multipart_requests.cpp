#include "flows/openflow/port_codec.h"
#include "flows/openflow/requests.h"

namespace switchd::openflow {
namespace {

constexpr std::uint16_t request_more = 1;  // OFPMPF_REQ_MORE

constexpr std::size_t description_bytes = 256;
constexpr std::size_t serial_number_bytes = 32;

Outcome answer_description(const Request& request, const Multipart& multipart) {
    if (!multipart.body.empty()) return Failure(Error::brc_bad_len);
    request.reply_in_parts(
        MultipartReply::of(request.version(), request.xid, multipart.type,
                           [description = request.target.description()](Writer& writer) {
                               write_text(writer, "switchd", description_bytes);  // who made it
                               write_text(writer, "virtual Ethernet switch", description_bytes);
                               write_text(writer, "switchd", description_bytes);
                               write_text(writer, "None", serial_number_bytes);
                               write_text(writer, description, description_bytes);
                           }));
    return {};
}

Outcome answer_experimenter_stats(const Request& request, ByteSpan body) {
    Reader reader(body);
    const std::uint32_t vendor = reader.u32();
    const std::uint32_t subtype = reader.u32();
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (vendor != vendor_nicira && vendor != vendor_onf) return Failure(Error::brc_bad_vendor);
    if (vendor == vendor_onf) return Failure(Error::brc_bad_subtype);
    if (subtype == nicira_stats::ipfix_bridge || subtype == nicira_stats::ipfix_flow)
        return Failure(Error::nxst_not_configured);
    const bool known = subtype == nicira_stats::flow || subtype == nicira_stats::aggregate;
    if (request.version() != Version::v1_0 || !known) return Failure(Error::brc_bad_subtype);
    reader.skip(4);
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    return subtype == nicira_stats::flow ? answer_flow_stats_nicira(request, reader.rest())
                                         : answer_aggregate_nicira(request, reader.rest());
}

}  // namespace

Outcome answer_multipart(const Request& request) {
    Reader reader(request.body());
    Multipart multipart;
    multipart.type = reader.u16();
    const std::uint16_t flags = reader.u16();
    if (request.version() != Version::v1_0) reader.skip(4);
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    // Only what would change table features could be so long.
    if (request.version() >= Version::v1_3 && (flags & request_more) != 0)
        return Failure(Error::brc_multipart_buffer_overflow);
    multipart.body = reader.rest();
    const bool from_1_3 = request.version() >= Version::v1_3;
    const bool from_1_4 = request.version() >= Version::v1_4;
    switch (multipart.type) {
        case multipart_type::description: return answer_description(request, multipart);
        case multipart_type::flow: return answer_flow_stats(request, multipart);
        case multipart_type::aggregate: return answer_aggregate(request, multipart);
        case multipart_type::table: return answer_table_stats(request, multipart);
        case multipart_type::port: return answer_port_stats(request, multipart);
        case multipart_type::queue: return answer_queue_stats(request, multipart);
        // Before 1.3 an extension.
        case multipart_type::port_description: return answer_port_descriptions(request, multipart);
        case multipart_type::table_features:
            if (from_1_3) return answer_table_features(request, multipart);
            break;
        case multipart_type::table_description:
            if (from_1_4) return answer_table_descriptions(request, multipart);
            break;
        case multipart_type::queue_description:
            if (from_1_4) return answer_queue_descriptions(request, multipart);
            break;
        case multipart_type::experimenter:
            return answer_experimenter_stats(request, multipart.body);
        default: break;
    }
    return Failure(Error::brc_bad_stat);
}

}  // namespace switchd::openflow
