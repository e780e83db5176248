// One frame of a capture file, in the classic pcap format: either byte order, times in micro- or
// nanoseconds, which are not looked at.
#pragma once

#include <cstddef>
#include <expected>
#include <istream>
#include <string>
#include <vector>

namespace switchd {

// The frame of this number, from 1 on, as much of it as was captured. `file` is a binary stream at
// its beginning. The error says what is wrong: no pcap file, not of Ethernet, it ends too early, is
// damaged, or has fewer frames.
std::expected<std::vector<std::byte>, std::string> read_captured_frame(std::istream& file,
                                                                       std::size_t number);

// The same of a file that is named as "FILE", for its first frame, or "FILE:N". Throws SetupError.
std::vector<std::byte> captured_frame(const std::string& name);

}  // namespace switchd
