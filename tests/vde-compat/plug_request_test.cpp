#include "vde-compat/plug_request.h"

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include "tests/support/catch.h"

using namespace switchd::vde;

namespace {

using Request = std::vector<std::byte>;

template <class Value>
void append(Request& request, const Value& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    request.insert(request.end(), bytes.begin(), bytes.end());
}

sockaddr_un address_of(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path);
    return address;
}

Request version_3(std::uint32_t type, std::string_view path = "/client",
                  std::string_view description = "") {
    Request request;
    append(request, std::uint32_t{0xfeedface});
    append(request, std::uint32_t{3});
    append(request, type);
    append(request, address_of(path));
    for (const char c : description) request.push_back(static_cast<std::byte>(c));
    return request;
}

Request version_1(std::uint32_t type) {
    Request request;
    append(request, std::uint32_t{0xfeedface});
    append(request, type);
    request.resize(request.size() + 6, std::byte{0xaa});  // a MAC address that nobody reads
    append(request, address_of("/old"));
    return request;
}

}  // namespace

TEST_CASE("a request carries its port in the upper 24 bits of the type", "[plug_request]") {
    using Kind = PlugRequest::Kind;
    CHECK(parse_plug_request(version_3(0))->kind == Kind::any_port);
    const auto seven = parse_plug_request(version_3(7 << 8));
    CHECK(seven->kind == Kind::this_port);
    CHECK(seven->port == 7);
    CHECK(parse_plug_request(version_3(1234 << 8))->port == 1234);
    // Negative: port 0, without the management socket's rights.
    const auto negative = parse_plug_request(version_3(0xffffff00));
    CHECK(negative->kind == Kind::this_port);
    CHECK(negative->port == 0);
    CHECK(parse_plug_request(version_3(1))->kind == Kind::port_zero);
    CHECK(parse_plug_request(version_3(0x501))->kind == Kind::port_zero);
}

TEST_CASE("a description is what follows the address, cut and ended by a NUL", "[plug_request]") {
    const auto request = parse_plug_request(version_3(0, "/c", "QEMU user=root PID=1"));
    CHECK(request->path() == "/c");
    CHECK(request->description == "QEMU user=root PID=1");
    CHECK(parse_plug_request(version_3(0, "/c", std::string(200, 'x')))->description.size() ==
          description_bytes_max);
    CHECK(parse_plug_request(version_3(0, "/c", std::string("\0\0", 2)))->description.empty());
}

TEST_CASE("version 1 is understood, with its two types", "[plug_request]") {
    CHECK(parse_plug_request(version_1(0))->kind == PlugRequest::Kind::any_port);
    CHECK(parse_plug_request(version_1(1))->kind == PlugRequest::Kind::port_zero);
    CHECK(parse_plug_request(version_1(0))->path() == "/old");
}

TEST_CASE("an abstract client address is told from a path", "[plug_request]") {
    CHECK(parse_plug_request(version_3(0, std::string("\0\0\0\0pid", 7)))->abstract_address());
    CHECK(!parse_plug_request(version_3(0))->abstract_address());
    // 108 bytes without a NUL: still within the field.
    CHECK(parse_plug_request(version_3(0, std::string(108, 'p')))->path().size() == 108);
}

TEST_CASE("what is no request of VDE's is told by its reason", "[plug_request]") {
    auto magic = version_3(0);
    magic[0] = std::byte{0};
    CHECK(parse_plug_request(magic).error() == RequestError::wrong_magic);
    CHECK(parse_plug_request(version_1(2)).error() == RequestError::unknown_version);
    CHECK(parse_plug_request(version_1(4)).error() == RequestError::unknown_version);
    CHECK(parse_plug_request(version_3(2)).error() == RequestError::unknown_type);
    CHECK(parse_plug_request(version_3(0xff)).error() == RequestError::unknown_type);
    auto family = version_3(0);
    family[12] = std::byte{2};
    CHECK(parse_plug_request(family).error() == RequestError::not_unix_address);
}

TEST_CASE("every truncation of a request is incomplete, never wrong", "[plug_request]") {
    for (const Request& whole : {version_3(0x300), version_1(0)})
        for (std::size_t size = 0; size < whole.size(); ++size) {
            INFO("the first " << size << " bytes");
            CHECK(parse_plug_request(std::span(whole).first(size)).error() ==
                  RequestError::incomplete);
        }
}

TEST_CASE("random bytes behind a valid magic do no harm", "[plug_request][property]") {
    const char* const wish = std::getenv("SEED");
    const unsigned seed = wish ? static_cast<unsigned>(std::atol(wish)) : std::random_device{}();
    INFO("rerun with seed " << seed);
    std::mt19937 random{seed};
    for (int i = 0; i < 20000; ++i) {
        Request request = version_3(0);
        request.resize(random() % 300);
        for (std::size_t at = random() % 130; at < request.size(); ++at)
            request[at] = static_cast<std::byte>(random());
        if (const auto parsed = parse_plug_request(request)) {
            CHECK(parsed->description.size() <= description_bytes_max);
            CHECK(parsed->path().size() <= 108);
        }
    }
}

TEST_CASE("a reply is a whole address and nothing else", "[plug_request]") {
    const auto reply = plug_reply("/run/sw/001.6");
    sockaddr_un address;
    static_assert(sizeof reply == 110 && sizeof address == sizeof reply);
    std::memcpy(&address, reply.data(), sizeof address);
    CHECK(address.sun_family == AF_UNIX);
    CHECK(std::string(address.sun_path) == "/run/sw/001.6");
}
