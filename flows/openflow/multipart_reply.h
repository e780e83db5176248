// A reply that may need many messages (OpenFlow 1.5.1, section 7.3.5; 1.0, 5.3.5), made entry by
// entry and message by message as the peer takes them, so that it never waits as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "flows/openflow/header.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

namespace multipart_type {  // OFPMP_*
inline constexpr std::uint16_t description = 0;
inline constexpr std::uint16_t flow = 1;
inline constexpr std::uint16_t aggregate = 2;
inline constexpr std::uint16_t table = 3;
inline constexpr std::uint16_t port = 4;
inline constexpr std::uint16_t queue = 5;
inline constexpr std::uint16_t table_features = 12;
inline constexpr std::uint16_t port_description = 13;
inline constexpr std::uint16_t table_description = 14;
inline constexpr std::uint16_t queue_description = 15;
inline constexpr std::uint16_t experimenter = 0xffff;
}  // namespace multipart_type

namespace nicira_stats {                       // NXST_*
inline constexpr std::uint32_t flow = 0;       // of 1.0 only
inline constexpr std::uint32_t aggregate = 1;  // of 1.0 only
inline constexpr std::uint32_t ipfix_bridge = 3;
inline constexpr std::uint32_t ipfix_flow = 4;
}  // namespace nicira_stats

class MultipartReply {
public:
    // Appends the next entry; false, and nothing appended: there is no more. An entry that fits
    // into no message is left out.
    using NextEntry = std::function<bool(Writer&)>;

    // Does a part of what has to be done before the first entry. True: all is done.
    using Prepare = std::function<bool()>;

    MultipartReply(Version version, std::uint32_t xid, std::uint16_t type, NextEntry next,
                   Prepare prepare = {});
    // Of one of Nicira's statistics in 1.0.
    static MultipartReply nicira(std::uint32_t xid, std::uint32_t subtype, NextEntry next,
                                 Prepare prepare = {});
    // Of one entry that is the whole body.
    template <class Body>
    static MultipartReply of(Version version, std::uint32_t xid, std::uint16_t type, Body body) {
        return {version, xid, type, once(std::move(body))};
    }
    template <class Body>
    static NextEntry once(Body body) {
        return [body = std::move(body), done = false](Writer& writer) mutable {
            if (done) return false;
            body(writer);
            return done = true;
        };
    }

    // Prepares a part, or writes the next message. False: it was the last one.
    bool write_part(Writer& writer);

private:
    Version version_;
    std::uint32_t xid_;
    std::uint16_t type_;
    bool nicira_ = false;
    std::uint32_t nicira_subtype_ = 0;
    NextEntry next_;
    Prepare prepare_;                    // empty: done
    std::vector<std::uint8_t> carried_;  // the entry that did not fit any more
};

}  // namespace switchd::openflow
