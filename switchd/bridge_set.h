// The bridges that a process serves. There is always one at least, once the first has been added.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/bridge_list.h"
#include "switchd/control_commands.h"
#include "switchd/port_registry.h"
#include "switchd/served_bridge.h"

namespace switchd {

class BridgeSet final : public ControlledBridges {
public:
    // An empty `run_directory`: there is none.
    BridgeSet(RequestTurns& turns, Log& log, std::string run_directory);

    // Throws SetupError: then nothing has changed.
    ServedBridge& add(const BridgeOptions& options);
    // Null: there is none.
    ServedBridge* find(std::string_view name) const;
    const BridgeList& list() const override { return list_; }

    std::optional<ControlContext> context(std::string_view bridge) override;
    std::expected<void, std::string> add_bridge(std::span<const std::string> words) override;
    std::expected<void, std::string> remove_bridge(std::string_view name) override;

    // Lets everybody go. To be destroyed when the reactor has buried them.
    void close() noexcept;

private:
    void warn_if_files_are_few(unsigned more_ports) const;
    void retire(std::unique_ptr<ServedBridge> bridge) noexcept;

    RequestTurns& turns_;
    Log& log_;
    std::string run_directory_;
    PortRegistry registry_;
    BridgeList list_;
    std::vector<std::unique_ptr<ServedBridge>> bridges_;  // as in list_
};

}  // namespace switchd
