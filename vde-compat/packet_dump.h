// Frames shown to the operator: what vde_switch's plugins `dump` (as debug events) and `pdump` (as
// a pcap file) offered, built in and switched by the same console commands.
//
// The switch asks active() per frame or batch, a test of two words, and calls on_packet() only
// then. A capture file that cannot be written is closed with one line in the log; the switch goes
// on.
//
// Invariant: a plugin that is not added captures nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "switchd/core/clock.h"
#include "switchd/core/log.h"
#include "vde-compat/debug_events.h"
#include "vde-compat/pcap_file.h"

namespace switchd::vde {

enum class PacketDirection : std::uint8_t { in, out };

// The plugins that are built in.
enum class Plugin : std::uint8_t { dump, pdump };

class PacketDump {
public:
    // `wall_clock_offset` makes time since 1970 of a TimePoint.
    PacketDump(DebugEvents& events, Log& log, Duration wall_clock_offset)
        : events_(events), log_(log), wall_clock_offset_(wall_clock_offset) {}

    bool active() const {
        return file_.has_value() || (dump_active_ && events_.wanted_any(debug_packet_categories));
    }
    // A frame that came in on, or is leaving, `port`. Call only while active().
    void on_packet(PacketDirection direction, unsigned port, std::span<const std::byte> frame,
                   TimePoint now);

    bool added(Plugin plugin) const { return plugin == Plugin::dump ? dump_added_ : pdump_added_; }
    // Removing a plugin stops its captures and forgets its settings.
    void add(Plugin plugin);
    void remove(Plugin plugin);

    void set_dump_active(bool active) { dump_active_ = active; }

    // These two return 0 or an errno value: the file could not be created.
    [[nodiscard]] int set_file_active(bool active);
    [[nodiscard]] int set_filename(std::string filename);
    const std::string& filename() const { return filename_; }
    void set_buffered(bool buffered);

private:
    [[nodiscard]] int open_file();

    DebugEvents& events_;
    Log& log_;
    Duration wall_clock_offset_;
    bool dump_added_ = false;
    bool dump_active_ = false;
    bool pdump_added_ = false;
    bool buffered_ = true;
    std::string filename_ = "vde_dump.cap";
    std::optional<PcapFile> file_;
};

}  // namespace switchd::vde
