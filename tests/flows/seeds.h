// Seeds of a property test: fresh ones, or the one that the environment variable SEED asks for.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

namespace switchd::test {

inline std::vector<std::uint32_t> seeds(std::size_t count) {
    if (const char* wanted = std::getenv("SEED"))
        return {static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 10))};
    std::random_device device;
    std::vector<std::uint32_t> all(count);
    for (auto& seed : all) seed = device();
    return all;
}

}  // namespace switchd::test
