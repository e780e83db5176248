// A capture file in the classic pcap format, little or big endian as this machine is, Ethernet,
// microseconds: what tcpdump and Wireshark read.
//
// Writes go through a buffer of its own, so most frames cost no system call. A write that fails
// (a full disk) is reported once by the call it happens in; the owner then drops the object. Only
// regular files are taken: writing to anything else could block the loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "switchd/core/fd.h"

namespace switchd::vde {

class PcapFile {
public:
    // Creates or empties the file. The error is an errno value, EINVAL for what is no regular file.
    static std::expected<PcapFile, int> create(const std::string& path);
    PcapFile(PcapFile&&) = default;
    PcapFile& operator=(PcapFile&&) = delete;
    ~PcapFile();

    // Unbuffered: each frame is in the file when write() returns.
    void set_buffered(bool buffered) { buffered_ = buffered; }

    // 0 or an errno value. `time` is since 1970.
    [[nodiscard]] int write(std::chrono::nanoseconds time, std::span<const std::byte> frame);
    [[nodiscard]] int flush();

private:
    explicit PcapFile(Fd fd) : fd_(std::move(fd)) {}
    void append(std::span<const std::byte> bytes);

    Fd fd_;
    std::vector<std::byte> buffer_;
    bool buffered_ = true;
};

}  // namespace switchd::vde
