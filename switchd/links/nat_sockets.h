// How many sockets a NAT has open, and whether it may open more. For each connection libslirp keeps
// up to a quarter of a megabyte, and a descriptor of the process for some seconds longer than it
// lives.
//
// The process's descriptors are everybody's, other NATs' too. The kernel hands out the lowest
// number that is free: who gets a high one knows that most are taken.
#pragma once

#include <cstddef>
#include <vector>

namespace switchd {

class NatSockets {
public:
    // `descriptors` is how many the process may open.
    explicit NatSockets(int descriptors);

    void opened(int fd);
    // Nothing happens if it was not said to be opened.
    void closed(int fd) noexcept;
    bool has(int fd) const noexcept;
    bool full() const noexcept { return open_ >= open_max_ || high_ > 0; }

private:
    static constexpr int sockets_max = 4096;

    int open_max_;
    int high_from_;  // of the descriptors
    int open_ = 0;
    int high_ = 0;
    std::vector<bool> ours_;  // by descriptor
};

}  // namespace switchd
