// Whatever a peer sends: the connection stands, answers in whole messages, and holds little.
#include "flows/openflow/connection.h"

#include <random>

#include "tests/flows/openflow/peer.h"
#include "tests/flows/rules.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

namespace {

// Requests that are right in some version or other.
struct Sample {
    MessageType type;
    std::string body;
};
const std::vector<Sample> samples{
    {echo_request, "0102"},
    {features_request, ""},
    {get_config_request, ""},
    {set_config, "00010080"},
    {barrier_request, ""},
    {port_mod, "0001 020000000001 00000001 00000001 00000000 00000000"},
    {port_mod, "00000001 00000000 020000000001 0000 00000001 00000001 00000000 00000000"},
    {port_mod, "00000001 00000000 020000000001 0000 00000001 00000001 0000000800000000"},
    {table_mod, "0000000000000004 0002000800000007"},
    {packet_out, "ffffffff 0001 0008 0000 0008 0002 0000 ffffffffffff 020000000001 0800"},
    {packet_out, "ffffffff 00000001 0010 000000000000 0000 0010 00000002 0000 000000000000 aabb"},
    {packet_out,
     "ffffffff 0010 0000 0001000c 80000004 00000007 00000000"
     "0000 0010 00000002 0000 000000000000 aabb"},
    {flow_mod,
     "0000000000000077 0000000000000000 03 00 0000 0000 0007 ffffffff ffffffff ffffffff"
     "0000 0000 0001000c 80000004 00000001 00000000"
     "0004 0018 00000000 0000 0010 00000002 0000 000000000000"},
    {multipart_request, "0000 0000 00000000"},
    {multipart_request,
     "0001 0000 00000000 ff000000 ffffffff ffffffff 00000000"
     "0000000000000000 0000000000000000 0001000400000000"},
    {multipart_request, "0003 0000"},
    {multipart_request, "0004 0000 ffff 000000000000"},
    {multipart_request, "0004 0000 00000000 ffffffff 00000000"},
    {multipart_request, "0005 0000 00000000 ffffffff ffffffff"},
    {multipart_request, "000c 0000 00000000"},
    {multipart_request, "000d 0000 00000000"},
    {multipart_request, "000e 0000 00000000"},
    {multipart_request, "ffff 0000 00002320 00000000 00000000 ffff 0000 ff 000000"},
    {queue_get_config_request, "0001 0000"},
    {role_request, "00000002 00000000 0000000000000001"},
    {get_async_request, ""},
    {set_async, "00000007 00000000 00000007 00000007 0000000f 00000000"},
    {set_async, "0001000800000007 0003000800000007"},
    {experimenter, "00002320 0000000a 00000001"},
    {experimenter, "00002320 0000000c 00000002"},
    {experimenter,
     "00002320 0000000d 0000000000000077 0000 0000 0000 0007 ffffffff ffff 0000"
     "0006 000000000000 00000002 0001 0000 0000 0008 0002 0000"},
    {experimenter, "00002320 0000000f 01 00000000000000"},
    {experimenter, "00002320 00000010 00000002"},
    {experimenter, "00002320 00000013 00000007 00000000 00000007 00000007 0000000f 00000000"},
    {experimenter, "00002320 00000014 000000000000 0007"},
    {experimenter, "00002320 0000001b 0001000800000007"},
};

// All that it has to say is whole messages of its version, and it takes the next request.
void require_alive(Peer& peer) {
    std::vector<std::uint8_t> said;
    while (!peer.connection.pending().empty()) {
        const auto pending = peer.connection.pending();
        REQUIRE(pending.size() < Connection::news_bytes_max + message_bytes_max);
        const auto* first = reinterpret_cast<const std::uint8_t*>(pending.data());
        said.insert(said.end(), first, first + pending.size());
        peer.connection.consume(pending.size());
    }
    std::size_t bytes = 0;
    for (const auto& message : split(said)) {
        REQUIRE(message.header.version == static_cast<std::uint8_t>(peer.version));
        bytes += message.header.length;
    }
    REQUIRE(bytes == said.size());
    REQUIRE_FALSE(peer.connection.closed());
    REQUIRE(peer.answer(echo_request, "cafe") == "cafe");
}

}  // namespace

TEST_CASE("a request that is cut off anywhere is answered and does no harm", "[property]") {
    World world;
    for (const Version version : every_version) {
        Peer peer(world.controllers, version);
        for (const Sample& sample : samples) {
            const std::string body = to_hex(from_hex(sample.body));
            for (std::size_t bytes = 0; bytes <= body.size() / 2; ++bytes) {
                peer.send(sample.type, 1, body.substr(0, 2 * bytes));
                require_alive(peer);
            }
        }
    }
}

TEST_CASE("random bytes in requests do no harm", "[property]") {
    for (const std::uint32_t seed : seeds(4)) {
        CAPTURE(seed);
        auto random = [engine = std::mt19937(seed)]() mutable {
            return static_cast<std::uint32_t>(engine());
        };
        World world;
        for (const Version version : every_version) {
            Peer peer(world.controllers, version, {.primary = seed % 2 == 0});
            for (int i = 0; i < 1'500; ++i) {
                const Sample& sample = samples[random() % samples.size()];
                Bytes message = message_bytes(version, message_number(version, sample.type),
                                              random(), sample.body);
                for (unsigned n = random() % 4; n > 0; --n)
                    message.push_back(static_cast<std::uint8_t>(random()));
                for (unsigned n = random() % 4; n > 0; --n)
                    message[1 + random() % (message.size() - 1)] =
                        static_cast<std::uint8_t>(random() % 3 == 0 ? 0xff : random());
                message[2] = static_cast<std::uint8_t>(message.size() >> 8);
                message[3] = static_cast<std::uint8_t>(message.size());
                peer.connection.receive(as_input(message));
                if (random() % 8 == 0) world.target.clock.advance(std::chrono::seconds{1});
                require_alive(peer);
            }
        }
    }
}

TEST_CASE("a stream of random bytes ends the connection or is answered", "[property]") {
    for (const std::uint32_t seed : seeds(20)) {
        CAPTURE(seed);
        auto random = [engine = std::mt19937(seed)]() mutable {
            return static_cast<std::uint32_t>(engine());
        };
        World world;
        Peer peer(world.controllers, std::nullopt);
        if (random() % 2 == 0) peer.connection.receive(as_input(from_hex("0600000800000000")));
        for (int i = 0; i < 200 && !peer.connection.closed(); ++i) {
            Bytes bytes(random() % 3'000);
            for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
            peer.connection.receive(as_input(bytes));
            const auto pending = peer.connection.pending().size();
            REQUIRE(pending < Connection::output_bytes_max + message_bytes_max);
            if (random() % 2 == 0) peer.connection.consume(random() % (pending + 1));
        }
    }
}
