// switchctl: one question to a running switch, one printed answer.

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "switchd/capture_file.h"
#include "switchd/control_client.h"
#include "switchd/control_commands.h"
#include "switchd/control_text.h"
#include "switchd/hex_frame.h"
#include "switchd/options.h"

namespace {

constexpr int refused_status = 1;
constexpr int no_switch_status = 3;

int complain(const std::string& text, int status) {
    fmt::print(stderr, "switchctl: {}{}", text, text.ends_with('\n') ? "" : "\n");
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace switchd;
    std::vector<SwitchctlCommand> commands;
    for (const ControlCommand& command : control_commands())
        commands.push_back({command.name, command.usage, command.help, command.arguments_min,
                            command.arguments_max});
    const auto parsed = parse_switchctl_options(argc, argv, commands);
    if (const auto* exit = std::get_if<OptionsExit>(&parsed)) {
        std::fputs(exit->error.c_str(), stderr);
        std::fputs(exit->output.c_str(), stdout);
        return exit->status;
    }
    const auto& options = std::get<SwitchctlOptions>(parsed);
    try {
        std::vector<std::string> arguments = options.arguments;
        if (!options.capture.empty()) arguments.push_back(to_hex(captured_frame(options.capture)));
        const nlohmann::json result = call_switch(options.run_directory + "/switchd.sock",
                                                  options.bridge, options.command, arguments);
        const std::string text =
            options.json ? result.dump(2) + "\n" : control_text(options.command, result);
        if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
            return complain("cannot write the answer: " + errno_text(errno), refused_status);
        return 0;
    } catch (const NoSwitchError& error) {
        return complain(error.line(), no_switch_status);
    } catch (const SetupError& error) {
        return complain(error.line(), refused_status);
    } catch (const nlohmann::json::exception&) {
        return complain("the switch's answer is of another version (use --json)", refused_status);
    }
}
