#include "switchd/core/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "switchd/core/fd.h"

namespace switchd {

std::expected<std::string, int> read_text_file(const std::string& path, TextSource source) {
    const int wait = source == TextSource::regular_file ? O_NONBLOCK : 0;
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait));
    if (!fd) return std::unexpected(errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return std::unexpected(errno);
    if (S_ISDIR(status.st_mode)) return std::unexpected(EISDIR);
    if (source == TextSource::regular_file && !S_ISREG(status.st_mode))
        return std::unexpected(EINVAL);

    std::string text;
    std::array<char, 16384> chunk;
    for (;;) {
        const auto bytes = ::read(fd.get(), chunk.data(), chunk.size());
        if (bytes == 0) return text;
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return std::unexpected(errno);
        text.append(chunk.data(), static_cast<std::size_t>(bytes));
        if (text.size() > text_file_bytes_max) return std::unexpected(EFBIG);
    }
}

}  // namespace switchd
