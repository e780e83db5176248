#include "switchd/links/patch_endpoint.h"

#include <utility>

namespace switchd {

void PatchEndpoint::flush() noexcept {
    if (!other_ || other_->paused_ || queue_.empty()) return;
    if (std::exchange(passed_, reactor_.now()) == reactor_.now())
        return next_turn_.arm(reactor_.now());
    // What comes back to this queue by delivering waits for the next turn.
    for (std::size_t left = queue_.size(); left > 0; --left) other_->deliver(queue_.pop_front());
}

void PatchEndpoint::set_paused(bool paused) noexcept {
    paused_ = paused;
    if (!paused && other_ && !other_->closed()) other_->flush_soon();
}

}  // namespace switchd
