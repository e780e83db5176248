// Random bytes into a console session: nothing may crash, grow without bound, or answer out of
// form.
//
// Input: the first byte of each read is its length, with 0xff for a read that filled its buffer.
#include <cstdint>
#include <cstdlib>

#include "tests/vde-compat/fake_switch.h"
#include "vde-compat/console_session.h"

namespace {

using namespace switchd;
using namespace switchd::vde;

// Commands that would touch the machine are left to the tests.
bool touches_files(std::string_view bytes) {
    return bytes.find("load") != bytes.npos || bytes.find("pdump") != bytes.npos;
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (touches_files({reinterpret_cast<const char*>(data), size})) return 0;

    test::FakeSwitch model;
    test::FakeFstp fstp;
    DebugEvents events;
    Log log{"fuzz"};
    PacketDump dump{events, log, Duration{0}};
    Console console{{model, fstp, events, dump}};
    model.on_create = [&](unsigned port) { events.port_created(port); };
    model.plug(1, {{3, "unix prog", "first\n."}});
    ConsoleSession session(console, events, ConsoleSession::Kind::socket);

    std::span<const std::uint8_t> rest(data, size);
    while (!rest.empty() && !session.finished()) {
        const std::size_t wanted = rest[0];
        rest = rest.subspan(1);
        const auto bytes = std::as_bytes(rest.first(std::min(wanted, rest.size())));
        rest = rest.subspan(bytes.size());
        session.input(bytes, wanted == 0xff);
        events.description(1, 3, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        // Every other peer reads slowly.
        session.consume(wanted % 2 == 0 ? session.pending().size() : wanted);
        require(session.pending().size() < 1 << 20);
    }
    return 0;
}
