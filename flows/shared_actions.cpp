#include "flows/shared_actions.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace switchd {

SharedActions::SharedActions(std::span<const RuleAction> actions) {
    if (actions.empty()) return;
    const std::size_t bytes = sizeof(List) + actions.size_bytes();
    list_ = new (::operator new(bytes))
        List{1, static_cast<std::uint32_t>(actions.size()), sizeof(List) + bytes_of(actions)};
    std::ranges::uninitialized_copy(actions, std::span(this->actions(), actions.size()));
}

SharedActions::SharedActions(const SharedActions& other) : list_(other.list_) {
    if (list_) ++list_->users;
}

SharedActions::SharedActions(SharedActions&& other) noexcept
    : list_(std::exchange(other.list_, nullptr)) {}

SharedActions& SharedActions::operator=(SharedActions other) noexcept {
    std::swap(list_, other.list_);
    return *this;
}

SharedActions::~SharedActions() {
    if (!list_ || --list_->users != 0) return;
    std::destroy_n(actions(), list_->count);
    ::operator delete(list_);
}

const RuleAction* SharedActions::begin() const {
    return list_ ? actions() : nullptr;
}

bool SharedActions::operator==(const RuleActions& other) const {
    return std::ranges::equal(*this, other);
}

}  // namespace switchd
