#include "switchd/core/text_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

TEST_CASE("a text file is read whole, whatever is in it") {
    const TemporaryDirectory directory;
    const std::string path = directory / "file";
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, text_file_bytes_max}) {
        const std::string text(bytes, '\0');
        std::ofstream(path) << text;
        CHECK(read_text_file(path, TextSource::regular_file) == text);
    }
}

TEST_CASE("what cannot be read as a text file is named by its errno") {
    const TemporaryDirectory directory;
    const auto error = [](const std::string& path, TextSource source) {
        const auto text = read_text_file(path, source);
        return text ? 0 : text.error();
    };
    const std::string path = directory / "file";
    CHECK(error(path, TextSource::anything) == ENOENT);
    CHECK(error(directory.path(), TextSource::anything) == EISDIR);
    CHECK(error("/dev/null", TextSource::anything) == 0);
    CHECK(error("/dev/null", TextSource::regular_file) == EINVAL);
    std::ofstream(path) << std::string(text_file_bytes_max + 1, 'x');
    CHECK(error(path, TextSource::anything) == EFBIG);

    // Nobody waits for who might write into a pipe.
    const std::string pipe = directory / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(error(pipe, TextSource::regular_file) == EINVAL);
}
