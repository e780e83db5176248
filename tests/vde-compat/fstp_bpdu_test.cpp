#include "vde-compat/fstp_bpdu.h"

#include <random>
#include <string_view>
#include <vector>

#include "tests/support/catch.h"
#include "tests/vde-compat/fstp_network.h"

using namespace switchd;
using namespace switchd::vde;

namespace {

std::vector<std::byte> from_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += text[i] == ' ' ? 1 : 2)
        if (text[i] != ' ')
            bytes.push_back(
                static_cast<std::byte>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
    return bytes;
}

std::vector<std::byte> copy(std::span<const std::byte> bytes) {
    return {bytes.begin(), bytes.end()};
}

// Sent by vde_switch 2.3.2.
constexpr std::string_view captured_designated =
    "01 80 c2 00 00 00 00 ff 90 2d c0 7e 00 27 42 42 03 00 00 02 02 3c "
    "80 00 00 ff 90 2d c0 7e 00 00 00 00 80 00 00 ff 90 2d c0 7e 80 02 "
    "00 00 28 00 04 00 00 00 00";
constexpr std::string_view captured_tagged_root =
    "01 80 c2 00 00 00 00 ff 00 00 00 50 81 00 00 05 00 27 42 42 03 00 00 02 02 74 "
    "80 00 00 ff 00 00 00 01 01 31 2d 00 80 00 00 ff 00 00 00 50 80 01 "
    "03 00 28 00 04 00 00 00 00";

FstpBpdu any_message(std::mt19937& random) {
    const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
    const auto word = [&] { return static_cast<std::uint16_t>(random()); };
    const auto bit = [&] { return (random() & 1) != 0; };
    FstpBpdu message;
    message.role = static_cast<FstpRole>(random() % 4);
    message.topology_change = bit();
    message.proposal = bit();
    message.learning = bit();
    message.forwarding = bit();
    message.agreement = bit();
    for (auto& b : message.root) b = byte();
    for (auto& b : message.bridge) b = byte();
    message.cost = static_cast<std::uint32_t>(random());
    message.port = word();
    message.age_s = word();
    message.max_age_s = word();
    message.hello_s = word();
    message.forward_delay_s = word();
    return message;
}

}  // namespace

TEST_CASE("what the real switch sends is understood, and written again byte for byte") {
    const auto designated = from_hex(captured_designated);
    const auto message = fstp_decode(designated);
    REQUIRE(message);
    CHECK(message->role == FstpRole::designated);
    CHECK(message->learning);
    CHECK(message->forwarding);
    CHECK_FALSE(message->topology_change);
    CHECK_FALSE(message->proposal);
    CHECK_FALSE(message->agreement);
    CHECK(message->root == FstpBridgeId{0x80, 0, 0, 0xff, 0x90, 0x2d, 0xc0, 0x7e});
    CHECK(message->cost == 0);
    CHECK(message->bridge == message->root);
    CHECK(message->port == fstp_port_id(2));
    CHECK(message->age_s == 0);
    CHECK(message->max_age_s == 40);
    CHECK(message->hello_s == 4);
    CHECK(message->forward_delay_s == 0);
    CHECK(copy(FstpFrame(*message, std::nullopt).bytes()) == designated);

    const auto tagged = from_hex(captured_tagged_root);
    const auto root = fstp_decode(tagged);
    REQUIRE(root);
    CHECK(root->role == FstpRole::root);
    CHECK(root->agreement);
    CHECK(root->cost == 20'000'000);
    CHECK(root->age_s == 3);
    CHECK(copy(FstpFrame(*root, 5).bytes()) == tagged);
}

TEST_CASE("a port's number lies in its identifier as vde_switch puts it there") {
    CHECK(fstp_port_id(1) == 0x8001);
    CHECK(fstp_port_id(18) == 0x8112);
    CHECK(fstp_port_id(300) == 0x922c);
}

TEST_CASE("any message survives the wire, tagged and untagged, padded and not") {
    const auto seed = fstp_seed(1);
    INFO("rerun with seed " << seed);
    std::mt19937 random(seed);
    for (int i = 0; i < 1000; ++i) {
        const auto message = any_message(random);
        const auto plain = FstpFrame(message, std::nullopt);
        const auto tagged = FstpFrame(message, static_cast<std::uint16_t>(random() % 4095));
        CHECK(plain.bytes().size() == 53);
        CHECK(tagged.bytes().size() == 57);
        CHECK(fstp_decode(plain.bytes()) == message);
        CHECK(fstp_decode(tagged.bytes()) == message);
        auto padded = copy(plain.bytes());
        padded.resize(60);
        CHECK(fstp_decode(padded) == message);
    }
}

TEST_CASE("a message may lack its last two bytes, and no more") {
    const auto whole = from_hex(captured_tagged_root);
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const auto cut = copy(std::span(whole).first(size));  // of its own size, for the sanitizer
        CHECK(fstp_decode(cut).has_value() == (size >= 55));
    }
}

TEST_CASE("frames of other protocols to the same address are no messages") {
    const auto whole = from_hex(captured_designated);
    for (const std::size_t at : {0u, 5u, 14u, 16u, 19u, 20u}) {
        auto other = whole;
        other[at] ^= std::byte{1};
        CHECK_FALSE(fstp_decode(other));
        CHECK(is_fstp_address(other) == (at > 5));
    }
}

TEST_CASE("random bytes are harmless") {
    const auto seed = fstp_seed(7);
    INFO("rerun with seed " << seed);
    std::mt19937 random(seed);
    const auto whole = from_hex(captured_tagged_root);
    for (int i = 0; i < 20'000; ++i) {
        auto frame = copy(std::span(whole).first(random() % (whole.size() + 1)));
        for (std::size_t flips = random() % 8; flips > 0 && !frame.empty(); --flips)
            frame[random() % frame.size()] = static_cast<std::byte>(random());
        if (const auto message = fstp_decode(frame))
            CHECK(fstp_decode(FstpFrame(*message, std::nullopt).bytes()) == message);
    }
}
