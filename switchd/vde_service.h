// Everything through which a bridge is a VDE switch: the ctl socket, the spanning tree, the console
// with its management socket and standard input, TAPs and the rc file.
//
// Built and started before the loop runs; while it runs, all of it is operations of the loop.
#pragma once

#include <memory>
#include <optional>

#include "switchd/bridge.h"
#include "switchd/vde_front_door.h"
#include "switchd/vde_spanning_tree.h"
#include "vde-compat/console.h"
#include "vde-compat/control_directory.h"
#include "vde-compat/control_socket.h"
#include "vde-compat/management_socket.h"
#include "vde-compat/settings.h"
#include "vde-compat/stdin_console.h"

namespace switchd {

class VdeService {
public:
    // `directory` holds the ctl socket, listening already. The others must outlive this.
    VdeService(Reactor& reactor, Log& log, Bridge& bridge, const vde::Settings& settings,
               const vde::MacSettings& macs, vde::ControlDirectory& directory);

    // The management socket, if the settings name one. Throws SetupError.
    void open_management_socket();
    // Attaches the TAPs that the settings name, each to the next free port. What fails is logged.
    void attach_taps();
    // Runs the rc file that the settings name, or vde_switch's usual one where `which` says so.
    // Commands that fail are logged with their line.
    enum class RcFile { named, usual };
    void run_rc_file(RcFile which);
    // Standard input becomes a console; its end stops the loop.
    void open_stdin_console();

    const VdeFrontDoor& front_door() const { return front_door_; }

    // Everybody is let go. To be destroyed once idle.
    void close() noexcept;
    bool idle() const;

private:
    Reactor& reactor_;
    Log& log_;
    Bridge& bridge_;
    vde::Settings settings_;
    VdeFrontDoor front_door_;
    VdeSpanningTree spanning_tree_;
    vde::Console console_;
    vde::ControlSocket control_socket_;
    std::optional<vde::ManagementSocket> management_socket_;
    std::optional<vde::StdinConsole> stdin_console_;
};

}  // namespace switchd
