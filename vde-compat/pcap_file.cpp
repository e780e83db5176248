#include "vde-compat/pcap_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace switchd::vde {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

struct FileHeader {
    std::uint32_t magic = 0xa1b2c3d4;
    std::uint16_t version_major = 2;
    std::uint16_t version_minor = 4;
    std::uint32_t zone = 0;
    std::uint32_t accuracy = 0;
    std::uint32_t snapshot_bytes = 262144;
    std::uint32_t link_type = 1;  // Ethernet
};

struct RecordHeader {
    std::uint32_t seconds;
    std::uint32_t microseconds;
    std::uint32_t captured_bytes;
    std::uint32_t frame_bytes;
};

}  // namespace

std::expected<PcapFile, int> PcapFile::create(const std::string& path) {
    // O_NONBLOCK: opening a FIFO would wait for its reader.
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
    if (!fd) return std::unexpected(errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return std::unexpected(errno);
    if (!S_ISREG(status.st_mode)) return std::unexpected(EINVAL);
    if (::ftruncate(fd.get(), 0) != 0) return std::unexpected(errno);

    PcapFile file(std::move(fd));
    file.buffer_.reserve(2 * buffer_bytes);
    const FileHeader header;
    file.append(std::as_bytes(std::span(&header, 1)));
    if (const int error = file.flush(); error != 0) return std::unexpected(error);
    return file;
}

PcapFile::~PcapFile() {
    // Nobody is left to tell about a failure.
    if (fd_) static_cast<void>(flush());
}

int PcapFile::write(std::chrono::nanoseconds time, std::span<const std::byte> frame) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    const auto size = static_cast<std::uint32_t>(frame.size());
    const RecordHeader record{static_cast<std::uint32_t>(microseconds / 1'000'000),
                              static_cast<std::uint32_t>(microseconds % 1'000'000), size, size};
    append(std::as_bytes(std::span(&record, 1)));
    append(frame);
    return buffered_ && buffer_.size() < buffer_bytes ? 0 : flush();
}

int PcapFile::flush() {
    std::span<const std::byte> rest(buffer_);
    int error = 0;
    while (!rest.empty() && error == 0) {
        const auto written = ::write(fd_.get(), rest.data(), rest.size());
        if (written >= 0)
            rest = rest.subspan(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            error = errno;
    }
    buffer_.clear();
    return error;
}

void PcapFile::append(std::span<const std::byte> bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

}  // namespace switchd::vde
