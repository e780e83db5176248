#include "vde-compat/console.h"

#include <algorithm>
#include <cerrno>

#include "switchd/core/error.h"
#include "switchd/core/printable.h"
#include "switchd/core/text_file.h"
#include "vde-compat/console_arguments.h"
#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

// A file that loads itself ends here.
constexpr int load_depth_max = 4;

void append_result(CommandResult result, std::string& reply) {
    // Programs know results by their "10".
    if (result.error > 99) result.error = EIO;
    const auto text = !result.text.empty() ? result.text
                      : result.error == 0  ? std::string("Success")
                                           : errno_text(result.error);
    fmt::format_to(std::back_inserter(reply), "1{:03} {}\n", result.error, text);
}

// Takes the first line off `text`.
std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

std::string_view last_line(std::string_view reply) {
    if (reply.ends_with('\n')) reply.remove_suffix(1);
    return reply.substr(reply.find_last_of('\n') + 1);
}

}  // namespace

struct Console::Context {
    DebugListener* listener = nullptr;
    int load_depth = 0;
};

Console::After Console::execute(std::string_view line, DebugListener& listener,
                                std::string& reply) {
    const auto size_before = reply.size();
    const auto after = execute_in({&listener}, line, reply);
    if (reply.size() - size_before > console_reply_bytes_max) {
        reply.resize(size_before);
        append_result({EFBIG}, reply);
    }
    return after;
}

std::vector<Console::ScriptFailure> Console::run_script(std::string_view text) {
    std::vector<ScriptFailure> failures;
    std::string reply;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = take_line(text);
        reply.clear();
        execute_in({}, line, reply);
        const auto result = last_line(reply);
        if (!result.empty() && !result.starts_with("1000"))
            failures.push_back({number, printable(trim(line)), std::string(result)});
    }
    return failures;
}

Console::After Console::execute_in(const Context& context, std::string_view line,
                                   std::string& reply) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) return After::go_on;

    const Command* command = find_command(line, parts_.dump);
    if (command == nullptr) {
        append_result({ENOSYS}, reply);
        return After::go_on;
    }
    if (command->of_session && context.listener == nullptr) {
        append_result({ENOSYS}, reply);
        return After::go_on;
    }

    const auto argument = trim(line.substr(command->path.size()));
    // In a script the two endings have no effect, as in vde_switch: it would stop half-configured.
    const bool in_script = context.listener == nullptr || context.load_depth > 0;
    switch (command->shape) {
        case CommandShape::menu: break;
        case CommandShape::load: return load(context, argument, reply);
        case CommandShape::logout: return in_script ? After::go_on : After::end_session;
        case CommandShape::shutdown:
            if (in_script) return After::go_on;
            parts_.model.shutdown();
            return After::end_session;
        case CommandShape::result:
        case CommandShape::data: {
            std::string data;
            CommandCall call{parts_, context.listener, argument, data};
            const auto result = command->run(call);
            if (command->shape == CommandShape::data)
                reply.append("0000 DATA END WITH '.'\n").append(data).append(".\n");
            append_result(result, reply);
        }
    }
    return After::go_on;
}

Console::After Console::load(const Context& context, std::string_view path, std::string& reply) {
    const auto text = context.load_depth < load_depth_max
                          ? read_text_file(std::string(path), TextSource::regular_file)
                          : std::unexpected(ELOOP);
    if (text) run_lines({context.listener, context.load_depth + 1}, path, *text, reply);
    append_result({text ? 0 : text.error()}, reply);
    return After::go_on;
}

void Console::run_lines(const Context& context, std::string_view path, std::string_view text,
                        std::string& reply) {
    while (!text.empty() && reply.size() <= console_reply_bytes_max) {
        const auto line = take_line(text);
        fmt::format_to(std::back_inserter(reply), "vde[{}]: {}\n", path,
                       line.substr(0, line.find('\r')));
        execute_in(context, line, reply);
    }
}

}  // namespace switchd::vde
