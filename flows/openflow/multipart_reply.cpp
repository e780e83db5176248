#include "flows/openflow/multipart_reply.h"

#include <utility>

#include "flows/openflow/message_type.h"

namespace switchd::openflow {
namespace {

constexpr std::uint16_t reply_more = 1;  // OFPMPF_REPLY_MORE

}  // namespace

MultipartReply::MultipartReply(Version version, std::uint32_t xid, std::uint16_t type,
                               NextEntry next, Prepare prepare)
    : version_(version),
      xid_(xid),
      type_(type),
      next_(std::move(next)),
      prepare_(std::move(prepare)) {}

MultipartReply MultipartReply::nicira(std::uint32_t xid, std::uint32_t subtype, NextEntry next,
                                      Prepare prepare) {
    MultipartReply reply(Version::v1_0, xid, multipart_type::experimenter, std::move(next),
                         std::move(prepare));
    reply.nicira_ = true;
    reply.nicira_subtype_ = subtype;
    return reply;
}

bool MultipartReply::write_part(Writer& writer) {
    if (prepare_) {
        if (prepare_()) prepare_ = {};
        return true;
    }
    std::vector<std::uint8_t> message;
    Writer part(message);
    begin_message(part, version_, message_number(version_, MessageType::multipart_reply), xid_);
    part.u16(type_);
    const std::size_t flags_at = part.size();
    part.u16(0);
    if (version_ != Version::v1_0) part.zeros(4);
    if (nicira_) {
        part.u32(vendor_nicira);
        part.u32(nicira_subtype_);
        part.zeros(4);
    }
    const std::size_t entries_at = part.size();
    part.bytes(std::exchange(carried_, {}));
    for (std::size_t start = part.size(); next_(part); start = part.size()) {
        if (part.size() <= message_bytes_max) continue;
        if (start == entries_at) {  // fits into no message
            part.cut(start);
            continue;
        }
        carried_.assign(message.begin() + static_cast<std::ptrdiff_t>(start), message.end());
        part.cut(start);
        break;
    }
    const bool more = !carried_.empty();
    if (more) part.patch_u16(flags_at, reply_more);
    end_message(part, 0);
    writer.bytes(message);
    return more;
}

}  // namespace switchd::openflow
