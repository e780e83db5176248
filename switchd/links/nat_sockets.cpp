#include "switchd/links/nat_sockets.h"

#include <algorithm>

namespace switchd {

NatSockets::NatSockets(int descriptors)
    : open_max_(std::min(sockets_max, descriptors / 2)), high_from_(descriptors / 4 * 3) {}

void NatSockets::opened(int fd) {
    const auto at = static_cast<std::size_t>(fd);
    if (fd < 0 || has(fd)) return;
    if (ours_.size() <= at) ours_.resize(at + 1);
    ours_[at] = true;
    ++open_;
    if (fd >= high_from_) ++high_;
}

void NatSockets::closed(int fd) noexcept {
    if (!has(fd)) return;
    ours_[static_cast<std::size_t>(fd)] = false;
    --open_;
    if (fd >= high_from_) --high_;
}

bool NatSockets::has(int fd) const noexcept {
    return fd >= 0 && static_cast<std::size_t>(fd) < ours_.size() &&
           ours_[static_cast<std::size_t>(fd)];
}

}  // namespace switchd
