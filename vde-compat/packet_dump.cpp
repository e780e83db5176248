#include "vde-compat/packet_dump.h"

#include "switchd/core/error.h"

namespace switchd::vde {

void PacketDump::on_packet(PacketDirection direction, unsigned port,
                           std::span<const std::byte> frame, TimePoint now) {
    if (dump_active_) {
        const bool in = direction == PacketDirection::in;
        events_.packet(in ? DebugCategory::packet_in : DebugCategory::packet_out, port, frame);
    }
    if (!file_) return;
    if (const int error = file_->write(now.time_since_epoch() + wall_clock_offset_, frame)) {
        file_.reset();
        log_.warn("pdump: {}: {}; capturing has ended", filename_, errno_text(error));
    }
}

void PacketDump::add(Plugin plugin) {
    if (plugin == Plugin::pdump) {
        pdump_added_ = true;
        return;
    }
    dump_added_ = true;
    events_.set_available(debug_packet_categories, true);
}

void PacketDump::remove(Plugin plugin) {
    if (plugin == Plugin::pdump) {
        pdump_added_ = false;
        file_.reset();
        filename_ = "vde_dump.cap";
        buffered_ = true;
        return;
    }
    dump_added_ = dump_active_ = false;
    events_.set_available(debug_packet_categories, false);
}

int PacketDump::set_file_active(bool active) {
    if (!active) file_.reset();
    return active && !file_ ? open_file() : 0;
}

int PacketDump::set_filename(std::string filename) {
    filename_ = std::move(filename);
    if (!file_) return 0;
    file_.reset();
    return open_file();
}

void PacketDump::set_buffered(bool buffered) {
    buffered_ = buffered;
    if (file_) file_->set_buffered(buffered);
}

int PacketDump::open_file() {
    auto file = PcapFile::create(filename_);
    if (!file) return file.error();
    file_.emplace(std::move(*file));
    file_->set_buffered(buffered_);
    return 0;
}

}  // namespace switchd::vde
