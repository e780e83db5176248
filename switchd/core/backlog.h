// Who keeps frames waiting, so that those who wait longest give way when packet memory runs short.
//
// Every queue may be as long as it likes up to its own bound while there is memory. When little is
// free, a frame for another queue pushes out the older half of the longest of those that were still
// long after their peer could have read: peers that do not read lose theirs, a burst for a peer
// that does read finds room. (Shared-memory switches call this longest queue drop.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace switchd {

class Backlog {
public:
    class Member {
    public:
        virtual ~Member() = default;
        virtual std::size_t waiting_frames() const noexcept = 0;
        // Drops the older half of the frames, counted.
        virtual void give_way() noexcept = 0;
    };

    // Every queue in which something waits is listed, however short: many short ones hold as much
    // memory as one that is long.
    void add(Member& member) { members_.push_back(&member); }
    void remove(Member& member) { std::erase(members_, &member); }

    // Makes the longest queue give way for a frame of `wanting`. False if that one is the longest.
    bool make_room(const Member& wanting) noexcept {
        const auto longest = std::ranges::max_element(
            members_, {}, [](const Member* m) { return m->waiting_frames(); });
        if (longest == members_.end() || *longest == &wanting) return false;
        (*longest)->give_way();
        return true;
    }

private:
    std::vector<Member*> members_;
};

}  // namespace switchd
