// Random bytes as a stream of JSON objects: what is cut out does not depend on how it came in, and
// is bounded.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "switchd/json_stream.h"

using namespace switchd;

namespace {

constexpr std::size_t bytes_max = 4096;

void require(bool condition) {
    if (!condition) std::abort();
}

struct Cut {
    std::vector<std::string> objects;
    bool broken = false;
    bool operator==(const Cut&) const = default;
};

Cut cut(std::string_view text, std::size_t piece_bytes) {
    JsonStream stream{bytes_max};
    Cut result;
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
        require(stream.append(text.substr(at, piece_bytes)));
        while (auto object = stream.next()) result.objects.push_back(std::move(*object));
    }
    result.broken = stream.broken();
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, bytes_max));
    const Cut whole = cut(text, bytes_max);
    require(whole == cut(text, 1));
    require(whole == cut(text, 7));
    for (const std::string& object : whole.objects)
        require(object.front() == '{' && object.back() == '}' && object.size() <= text.size());
    return 0;
}
