#include "flows/hash_slots.h"

#include <cstdint>
#include <iterator>
#include <map>
#include <random>

#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;
    bool empty() const { return number == 0; }
};

}  // namespace

TEST_CASE("slots are found until they are erased, however their hashes collide",
          "[flows][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 engine{seed};
        const std::uint64_t hashes = 1 + engine() % 200;
        HashSlots<Slot> slots;
        std::map<std::uint32_t, std::uint32_t> oracle;  // hash by number
        for (std::uint32_t step = 1; step < 600; ++step) {
            if (oracle.empty() || engine() % 10 < (step < 400 ? 7U : 2U)) {
                const auto hash = static_cast<std::uint32_t>(engine() % hashes);
                slots.insert({hash, step});
                oracle[step] = hash;
            } else {
                const auto at = std::next(oracle.begin(),
                                          static_cast<std::ptrdiff_t>(engine() % oracle.size()));
                const Slot* slot = slots.find(
                    at->second, [&](const Slot& other) { return other.number == at->first; });
                REQUIRE(slot);
                slots.erase(*slot);
                oracle.erase(at);
            }
            REQUIRE(slots.size() == oracle.size());
            for (const auto& [number, hash] : oracle)
                REQUIRE(slots.find(hash, [&](const Slot& slot) { return slot.number == number; }));
            std::size_t visited = 0;
            slots.for_each([&](const Slot& slot) {
                ++visited;
                REQUIRE(oracle.at(slot.number) == slot.hash);
            });
            REQUIRE(visited == oracle.size());
        }
    }
}

}  // namespace switchd::test
