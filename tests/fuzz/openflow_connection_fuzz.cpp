// A peer's bytes on an OpenFlow connection: it stands, holds little, and says whole messages.
//
// Input: one byte of how (bit 0: the switch dialed; bit 1: the peer reads nothing; bit 2: its bytes
// come 7 at a time; bit 3: things happen meanwhile), then what the peer sends, hello and all.
#include <cstdlib>

#include "flows/openflow/connection.h"
#include "tests/flows/openflow/fake_switch.h"

using namespace switchd;
using namespace switchd::openflow;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

ByteSpan bytes_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// Takes and checks all that is pending.
void read_all(Connection& connection) {
    std::vector<std::uint8_t> said;
    while (!connection.pending().empty()) {
        const ByteSpan pending = bytes_of(connection.pending());
        said.insert(said.end(), pending.begin(), pending.end());
        connection.consume(pending.size());
    }
    for (ByteSpan rest = said; !rest.empty();) {
        const auto header = read_header(rest);
        require(header && header->length >= header_bytes && header->length <= rest.size());
        rest = rest.subspan(header->length);
    }
}

void happen(test::FakeSwitch& target, ConnectionSet& controllers, Connection& connection) {
    PacketInRequest request;
    request.userdata = {1, 2, 3};
    request.pipeline.set(field::in_port, 1);
    request.pipeline.set(field::reg(3), 7);
    controllers.packet_in(request, std::vector<std::byte>(60));
    controllers.port_changed(PortChange::modified, target.ports()[0]);
    target.clock.advance(std::chrono::milliseconds{700});
    target.tables().expire(target.now());
    connection.tick(target.now());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const unsigned how = data[0];
    const bool reads = (how & 2) == 0;
    const std::size_t piece = (how & 4) != 0 ? 7 : 4096;

    test::FakeSwitch target;
    ConnectionSet controllers(target);
    target.tables().set_observer(&controllers);
    {
        Connection connection(controllers, {.primary = (how & 1) != 0});
        for (auto rest = std::as_bytes(std::span(data, size).subspan(1));
             !rest.empty() && connection.wants_input();) {
            // From memory of exactly its size, so that the sanitizer sees every step beyond it.
            const std::vector<std::byte> received(
                rest.begin(),
                rest.begin() + static_cast<std::ptrdiff_t>(std::min(piece, rest.size())));
            rest = rest.subspan(received.size());
            connection.receive(received);
            if ((how & 8) != 0) happen(target, controllers, connection);
            require(connection.pending().size() < Connection::news_bytes_max + message_bytes_max);
            if (reads) read_all(connection);
        }
        read_all(connection);
    }
    require(!controllers.wants_invalid_ttl() && !controllers.wants_table_miss());
    return 0;
}
