#include "flows/openflow/message_type.h"

#include "tests/support/catch.h"

using namespace switchd::openflow;
using enum MessageType;

TEST_CASE("messages of 1.0 have their own numbers") {
    CHECK(message_type_of(Version::v1_0, 14) == flow_mod);
    CHECK(message_type_of(Version::v1_0, 15) == port_mod);
    CHECK(message_type_of(Version::v1_0, 16) == multipart_request);
    CHECK(message_type_of(Version::v1_0, 18) == barrier_request);
    CHECK(message_type_of(Version::v1_0, 21) == queue_get_config_reply);
    CHECK(message_number(Version::v1_0, port_mod) == 15);
    CHECK(message_number(Version::v1_0, barrier_reply) == 19);
}

TEST_CASE("a message exists from one version on, and some to one version only") {
    CHECK_FALSE(message_type_of(Version::v1_0, 22));
    CHECK(message_type_of(Version::v1_1, 15) == group_mod);
    CHECK_FALSE(message_type_of(Version::v1_1, 24));
    CHECK(message_type_of(Version::v1_2, 24) == role_request);
    CHECK_FALSE(message_type_of(Version::v1_2, 28));
    CHECK(message_type_of(Version::v1_3, 28) == set_async);
    CHECK_FALSE(message_type_of(Version::v1_3, 33));
    CHECK(message_type_of(Version::v1_4, 33) == bundle_control);
    CHECK_FALSE(message_type_of(Version::v1_4, 22));
    CHECK_FALSE(message_type_of(Version::v1_5, 36));
    CHECK_FALSE(message_type_of(Version::v1_5, 255));
}

TEST_CASE("a number of a message is that message's") {
    for (unsigned version = 1; version <= 6; ++version) {
        for (unsigned number = 0; number < 256; ++number) {
            const auto v = static_cast<Version>(version);
            const auto type = message_type_of(v, static_cast<std::uint8_t>(number));
            if (type) CHECK(message_number(v, *type) == number);
        }
    }
}
