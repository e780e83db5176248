#include "switchd/core/unix_socket.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

mode_t mode_of(const std::filesystem::path& path) {
    struct stat file {};
    checked(::stat(path.c_str(), &file));
    return file.st_mode & 07777;
}

}  // namespace

TEST_CASE("a path becomes an address if it fits with its final NUL, and is never cut",
          "[unix_socket]") {
    const std::string longest(unix_path_bytes_max, 'x');
    const auto address = unix_address(longest);
    REQUIRE(address);
    CHECK(std::string{address->sun_path} == longest);
    CHECK_FALSE(unix_address(longest + "x"));
    CHECK_FALSE(unix_address(""));
}

TEST_CASE("a socket that is listened on can be connected to and has its mode", "[unix_socket]") {
    const TemporaryDirectory directory;
    const Fd socket = listen_on(directory / "socket", 0620);
    CHECK(mode_of(directory / "socket") == 0620);
    const Fd client = unix_socket(SOCK_STREAM);
    CHECK(connect_to(client, directory / "socket") == 0);
}

TEST_CASE("the socket of a process that died is replaced", "[unix_socket]") {
    const TemporaryDirectory directory;
    listen_on(directory / "socket", 0600).reset();
    REQUIRE(std::filesystem::exists(directory / "socket"));
    const Fd socket = listen_on(directory / "socket", 0600);
    const Fd client = unix_socket(SOCK_STREAM);
    CHECK(connect_to(client, directory / "socket") == 0);
}

TEST_CASE("a socket that somebody listens on is left alone", "[unix_socket]") {
    const TemporaryDirectory directory;
    const Fd first = listen_on(directory / "socket", 0600);
    CHECK_THROWS_WITH(listen_on(directory / "socket", 0600), Catch::Contains("in use"));
    const Fd client = unix_socket(SOCK_STREAM);
    CHECK(connect_to(client, directory / "socket") == 0);
}

TEST_CASE("a file that is no socket is left alone", "[unix_socket]") {
    const TemporaryDirectory directory;
    std::ofstream{directory / "socket"} << "precious";
    CHECK_THROWS_AS(listen_on(directory / "socket", 0600), SetupError);
    CHECK(std::filesystem::file_size(directory / "socket") == 8);
}

TEST_CASE("what cannot be listened on says why", "[unix_socket]") {
    const TemporaryDirectory directory;
    const std::string too_long = directory / std::string(200, 'x');
    CHECK_THROWS_WITH(listen_on(too_long, 0600), Catch::Contains("too long"));
    CHECK_THROWS_WITH(listen_on(directory / "missing/socket", 0600),
                      Catch::Contains("No such file or directory"));
}

TEST_CASE("a datagram socket receives on its path, and takes that of one that died",
          "[unix_socket]") {
    const TemporaryDirectory directory;
    receive_on(directory / "socket", 0600).reset();
    REQUIRE(std::filesystem::exists(directory / "socket"));
    const Fd socket = receive_on(directory / "socket", 0620);
    CHECK(mode_of(directory / "socket") == 0620);
    const Fd client = unix_socket(SOCK_DGRAM);
    REQUIRE(connect_to(client, directory / "socket") == 0);
    REQUIRE(::send(client.get(), "hello", 5, 0) == 5);
    char heard[8];
    CHECK(::recv(socket.get(), heard, sizeof heard, MSG_DONTWAIT) == 5);
}

TEST_CASE("what another socket or file has is not received on", "[unix_socket]") {
    const TemporaryDirectory directory;
    const Fd first = receive_on(directory / "socket", 0600);
    CHECK_THROWS_WITH(receive_on(directory / "socket", 0600), Catch::Contains("in use"));
    const Fd listener = listen_on(directory / "stream", 0600);
    CHECK_THROWS_WITH(receive_on(directory / "stream", 0600), Catch::Contains("in use"));
    std::ofstream{directory / "file"} << "precious";
    CHECK_THROWS_WITH(receive_on(directory / "file", 0600), Catch::Contains("cannot receive on"));
    CHECK(std::filesystem::file_size(directory / "file") == 8);
}
