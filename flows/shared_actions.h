// The actions of a rule, shared by all rules that one modify gave them to: they never change, and
// go with the last rule that has them.
//
// One allocation and eight bytes in the rule, because tables hold hundreds of thousands of rules,
// most of them with one action. Not for several threads.
#pragma once

#include <cstdint>
#include <span>

#include "flows/rule_actions.h"

namespace switchd {

class SharedActions {
public:
    SharedActions() = default;  // none
    SharedActions(std::span<const RuleAction> actions);
    SharedActions(const RuleActions& actions) : SharedActions(std::span(actions)) {}
    SharedActions(const SharedActions& other);
    SharedActions(SharedActions&& other) noexcept;
    SharedActions& operator=(SharedActions other) noexcept;
    ~SharedActions();

    operator std::span<const RuleAction>() const { return {begin(), size()}; }
    const RuleAction* begin() const;
    const RuleAction* end() const { return begin() + size(); }
    std::size_t size() const { return list_ ? list_->count : 0; }
    bool empty() const { return list_ == nullptr; }
    bool operator==(const RuleActions& other) const;

    // Of memory, however many share it.
    std::size_t bytes() const { return list_ ? list_->bytes : 0; }
    // Somebody else has it, too.
    bool shared() const { return list_ && list_->users > 1; }

private:
    // The actions stand behind it.
    struct alignas(RuleAction) List {
        std::uint32_t users;
        std::uint32_t count;
        std::size_t bytes;
    };

    RuleAction* actions() const { return reinterpret_cast<RuleAction*>(list_ + 1); }

    List* list_ = nullptr;
};

}  // namespace switchd
