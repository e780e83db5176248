#include "flows/openflow/outbox.h"

namespace switchd::openflow {

void Outbox::consume(std::size_t bytes) {
    sent_ += bytes;
    // Moving the rest to the front is paid for by as many bytes that were sent.
    if (sent_ * 2 < bytes_.size()) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
    heard_ -= std::min(heard_, sent_);
    sent_ = 0;
}

ByteSpan Outbox::take_added() {
    const ByteSpan added = ByteSpan(bytes_).subspan(heard_);
    heard_ = bytes_.size();
    return added;
}

}  // namespace switchd::openflow
