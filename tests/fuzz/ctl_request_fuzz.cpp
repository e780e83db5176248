// Random bytes as the first of a ctl stream: what is accepted is in range and does not depend on
// how the bytes came in.
#include <cstdlib>
#include <span>

#include "vde-compat/plug_request.h"

using namespace switchd::vde;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto request = parse_plug_request(bytes);
    if (!request) return 0;

    require(request->description.size() <= description_bytes_max);
    require(request->description.find('\0') == std::string::npos);
    require(request->path().size() <= sizeof(sockaddr_un::sun_path));
    require(request->path().find('\0') == std::string::npos);
    plug_reply(request->path());
    // Less of it is the same request with less of its description, or not a whole one yet.
    for (std::size_t cut = 0; cut < size; ++cut) {
        const auto part = parse_plug_request(bytes.first(cut));
        if (!part) continue;
        require(part->kind == request->kind && part->port == request->port);
        require(part->address == request->address);
    }
    return 0;
}
