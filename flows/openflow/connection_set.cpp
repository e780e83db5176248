#include "flows/openflow/connection_set.h"

#include <algorithm>

#include "flows/openflow/connection.h"
#include "flows/openflow/snooper.h"

namespace switchd::openflow {
namespace {

// Whether the rules that decide about packets have to think of this connection.
bool hears(const Connection& connection, PacketInReason reason) {
    return !connection.closed() &&
           connection.session().wants(AsyncKind::packet_in, static_cast<unsigned>(reason));
}

}  // namespace

void ConnectionSet::port_changed(PortChange change, const PortDescription& port) {
    for (Connection* connection : connections_) {
        const Session& session = connection->session();
        if (&session != author_ || session.version >= Version::v1_5)
            connection->tell_port_status(change, port);
    }
}

void ConnectionSet::packet_in(const PacketInRequest& request, std::span<const std::byte> frame) {
    const TimePoint now = target_.now();
    for (Connection* connection : connections_) connection->tell_packet_in(request, frame, now);
}

void ConnectionSet::rule_removed(const Rule& rule, RemovedReason reason, TimePoint now) {
    if ((rule.flags & rule_flag::send_flow_removed) == 0 || rule.priority() > priority_max) return;
    FlowRemoved removed(rule, reason, now);
    for (Connection* connection : connections_) connection->tell_flow_removed(removed);
}

void ConnectionSet::rules_changed() {
    vacancies_.check(target_.tables(), [&](std::uint8_t table, VacancyEvent event) {
        for (Connection* connection : connections_) connection->tell_table_status(table, event);
    });
}

std::expected<void, Error> ConnectionSet::take_role(Session& session, Role role,
                                                    std::optional<std::uint64_t> generation) {
    // Numbers go round, so older means: less than half the circle behind.
    if (generation && generation_ && static_cast<std::int64_t>(*generation - *generation_) < 0)
        return std::unexpected(Error::rrfc_stale);
    if (generation) generation_ = generation;
    session.role = role;
    if (role == Role::master) {
        for (Connection* connection : connections_) {
            const bool deposed =
                &connection->session() != &session && connection->session().role == Role::master;
            if (deposed) connection->become_slave();
        }
    }
    wishes_changed();
    return {};
}

void ConnectionSet::add(Connection& connection) {
    connections_.push_back(&connection);
    wishes_changed();
}

void ConnectionSet::remove(Connection& connection) {
    std::erase(connections_, &connection);
    for (Snooper* snooper : snoopers_) snooper->connection_gone(connection);
    wishes_changed();
}

void ConnectionSet::wishes_changed() {
    const bool invalid_ttl = std::ranges::any_of(connections_, [](const Connection* connection) {
        return hears(*connection, PacketInReason::invalid_ttl);
    });
    const bool table_miss = std::ranges::any_of(connections_, [](const Connection* connection) {
        return connection->session().controller_id == 0 &&
               hears(*connection, PacketInReason::implicit_miss);
    });
    if (invalid_ttl == wants_invalid_ttl_ && table_miss == wants_table_miss_) return;
    wants_invalid_ttl_ = invalid_ttl;
    wants_table_miss_ = table_miss;
    target_.controllers_changed();
}

// Looks from time to time only: a message is small.
void ConnectionSet::news_waits() {
    constexpr unsigned often = 4096;
    if (++news_ % often != 0) return;
    std::size_t sum = 0;
    for (const Connection* connection : connections_) sum += connection->pending().size();
    while (sum > news_bytes_max) {
        // Of those who have as much, a controller goes last.
        Connection& longest =
            **std::ranges::max_element(connections_, {}, [](const Connection* connection) {
                return std::pair(connection->pending().size(), !connection->session().primary);
            });
        sum -= longest.pending().size();
        longest.cut_off();
    }
}

// The master's, else an equal's, else a slave's.
Connection* ConnectionSet::best_to_snoop() const {
    const auto rank = [](const Connection* connection) {
        switch (connection->session().role) {
            case Role::master: return 3;
            case Role::equal: return 2;
            case Role::slave: return 1;
        }
        return 0;
    };
    Connection* best = nullptr;
    for (Connection* connection : connections_) {
        if (connection->closed() || !connection->session().primary ||
            !connection->session().negotiated)
            continue;
        if (!best || rank(connection) > rank(best)) best = connection;
    }
    return best;
}

void ConnectionSet::add(Snooper& snooper) {
    snoopers_.push_back(&snooper);
}

void ConnectionSet::remove(Snooper& snooper) {
    std::erase(snoopers_, &snooper);
}

void ConnectionSet::overhear(const Connection& connection, ByteSpan messages) {
    for (Snooper* snooper : snoopers_) snooper->overhear(connection, messages);
}

}  // namespace switchd::openflow
