// All OpenFlow connections of one switch: which of them is master, and who is told of what happens.
//
// A message that nobody asked for goes to each connection whose role and wishes let it have it
// (OpenFlow 1.5.1, sections 6.3.6 and 7.4; async_config.h). Connections and snoopers enter and
// leave by themselves and do not outlive this; nothing here is called while they are being made or
// destroyed.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "flows/flow_tables.h"
#include "flows/openflow/error.h"
#include "flows/openflow/session.h"
#include "flows/openflow/switch.h"
#include "flows/openflow/table_vacancy.h"
#include "flows/packet_in.h"

namespace switchd::openflow {

class Connection;
class Snooper;

enum class PortChange : std::uint8_t { added = 0, removed = 1, modified = 2 };  // OFPPR_*

class ConnectionSet final : public RuleObserver {
public:
    // Of what waits to be sent to all connections. Whoever has most of it is cut off first.
    static constexpr std::size_t news_bytes_max = 64 * 1024 * 1024;

    // `target` outlives this.
    explicit ConnectionSet(Switch& target) : target_(target) {}
    ConnectionSet(const ConnectionSet&) = delete;
    ConnectionSet& operator=(const ConnectionSet&) = delete;

    Switch& target() { return target_; }

    void port_changed(PortChange change, const PortDescription& port);
    // What changes while this lives does so because `session` asked for it. Before OpenFlow 1.5 it
    // is not told of its own changes of ports: a single controller knows what it did, and may
    // answer every port status with a change.
    class Author {
    public:
        Author(ConnectionSet& set, const Session& session) : set_(set) { set.author_ = &session; }
        ~Author() { set_.author_ = nullptr; }
        Author(const Author&) = delete;
        Author& operator=(const Author&) = delete;

    private:
        ConnectionSet& set_;
    };
    void packet_in(const PacketInRequest& request, std::span<const std::byte> frame);
    void rule_removed(const Rule& rule, RemovedReason reason, TimePoint now) override;

    // Rules were added or have gone: to be called soon after it, because a table may be full now.
    void rules_changed();
    VacancyWatch& vacancies() { return vacancies_; }

    // Some connection would hear of such packets. Switch::controllers_changed() tells of changes.
    bool wants_invalid_ttl() const { return wants_invalid_ttl_; }
    // Of misses of tables that are not configured, as before OpenFlow 1.3.
    bool wants_table_miss() const { return wants_table_miss_; }

    // Makes `session`, which is a connection's here, master, slave or equal; who was master before
    // becomes a slave. Elections are numbered: one older than the last is refused.
    std::expected<void, Error> take_role(Session& session, Role role,
                                         std::optional<std::uint64_t> generation);
    // Of the last election; all ones before the first.
    std::uint64_t generation() const { return generation_.value_or(~std::uint64_t{0}); }

    // For connections: they come and go, and what one wants may have changed.
    void add(Connection& connection);
    void remove(Connection& connection);
    void wishes_changed();
    // One more message that was not asked for waits to be sent.
    void news_waits();

    // For snoopers: the connection of a controller that is worth listening to, or null.
    Connection* best_to_snoop() const;
    void add(Snooper& snooper);
    void remove(Snooper& snooper);
    // What `connection` said or heard, whole messages.
    void overhear(const Connection& connection, ByteSpan messages);

private:
    Switch& target_;
    std::vector<Connection*> connections_;
    std::vector<Snooper*> snoopers_;
    std::optional<std::uint64_t> generation_;
    VacancyWatch vacancies_;
    bool wants_invalid_ttl_ = false;
    bool wants_table_miss_ = false;
    unsigned news_ = 0;
    const Session* author_ = nullptr;
};

}  // namespace switchd::openflow
