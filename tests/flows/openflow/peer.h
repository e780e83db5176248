// Somebody at the other end of a connection, who speaks in hexadecimal digits.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flows/openflow/connection.h"
#include "flows/openflow/message_type.h"
#include "tests/flows/openflow/fake_switch.h"

namespace switchd::test {

using Bytes = std::vector<std::uint8_t>;

// Spaces are for the reader.
inline Bytes from_hex(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    Bytes bytes;
    bool half = false;
    for (const char c : text) {
        if (c == ' ') continue;
        if (half)
            bytes.back() = static_cast<std::uint8_t>(bytes.back() << 4 | digit(c));
        else
            bytes.push_back(static_cast<std::uint8_t>(digit(c)));
        half = !half;
    }
    return bytes;
}

inline std::string to_hex(openflow::ByteSpan bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

inline std::span<const std::byte> as_input(const Bytes& bytes) {
    return std::as_bytes(std::span(bytes));
}

struct Message {
    openflow::Header header;
    std::string body;  // hexadecimal
};

inline Bytes message_bytes(openflow::Version version, std::uint8_t type, std::uint32_t xid,
                           std::string_view body) {
    Bytes bytes;
    openflow::Writer writer(bytes);
    const std::size_t start = openflow::begin_message(writer, version, type, xid);
    writer.bytes(from_hex(body));
    openflow::end_message(writer, start);
    return bytes;
}

// Whole messages only.
inline std::vector<Message> split(openflow::ByteSpan bytes) {
    std::vector<Message> messages;
    while (const auto header = openflow::read_header(bytes)) {
        if (header->length < openflow::header_bytes || header->length > bytes.size()) break;
        const auto body = bytes.first(header->length).subspan(openflow::header_bytes);
        messages.push_back({*header, to_hex(body)});
        bytes = bytes.subspan(header->length);
    }
    return messages;
}

class Peer {
public:
    // With no version it has not said hello yet.
    Peer(openflow::ConnectionSet& controllers, std::optional<openflow::Version> spoken,
         const openflow::Connection::Settings& settings = {})
        : connection(controllers, settings) {
        if (!spoken) return;
        version = *spoken;
        Bytes hello;
        openflow::Writer writer(hello);
        openflow::VersionSet only;
        only.add(version);
        openflow::encode_hello(writer, only, 0);
        connection.receive(as_input(hello));
        take();
    }

    void send(openflow::MessageType type, std::uint32_t xid, std::string_view body = {}) {
        connection.receive(
            as_input(message_bytes(version, openflow::message_number(version, type), xid, body)));
    }
    // Everything that was sent to it.
    std::vector<Message> take() {
        std::vector<Message> messages;
        while (!connection.pending().empty()) {
            const auto pending = connection.pending();
            for (auto& message :
                 split({reinterpret_cast<const std::uint8_t*>(pending.data()), pending.size()}))
                messages.push_back(std::move(message));
            connection.consume(pending.size());
        }
        return messages;
    }
    // The messages that answer one request.
    std::vector<Message> ask(openflow::MessageType type, std::string_view body = {}) {
        send(type, ++xid_, body);
        auto messages = take();
        std::erase_if(messages, [&](const auto& message) { return message.header.xid != xid_; });
        return messages;
    }
    // The body of the one message that answers it, or of an error: "error 0001 0006".
    std::string answer(openflow::MessageType type, std::string_view body = {}) {
        const auto messages = ask(type, body);
        if (messages.empty()) return "";
        if (messages.size() > 1) return "several";
        const Message& message = messages.front();
        if (message.header.type != 1) return message.body;
        return "error " + message.body.substr(0, 4) + " " + message.body.substr(4, 4);
    }

    openflow::Connection connection;
    openflow::Version version = openflow::Version::v1_0;

private:
    std::uint32_t xid_ = 100;
};

// A switch, its connections, and what the tests need beside.
struct World {
    World() { target.tables().set_observer(&controllers); }

    FakeSwitch target;
    openflow::ConnectionSet controllers{target};
};

inline constexpr openflow::Version every_version[] = {
    openflow::Version::v1_0, openflow::Version::v1_1, openflow::Version::v1_2,
    openflow::Version::v1_3, openflow::Version::v1_4, openflow::Version::v1_5,
};

}  // namespace switchd::test
