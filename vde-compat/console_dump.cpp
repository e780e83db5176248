// The commands that the plugins dump and pdump bring.
#include <cerrno>

#include "switchd/core/error.h"
#include "switchd/core/printable.h"
#include "vde-compat/console_arguments.h"
#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

CommandResult file_result(CommandCall& call, int error) {
    if (error == 0) return {};
    call.print("cannot write {}: {}\n", printable(call.parts.dump.filename()), errno_text(error));
    return {EINVAL};
}

CommandResult dump_active(CommandCall& call) {
    call.parts.dump.set_dump_active(loose_number(call.argument) != 0);
    return {};
}

CommandResult pdump_active(CommandCall& call) {
    return file_result(call, call.parts.dump.set_file_active(loose_number(call.argument) != 0));
}

CommandResult pdump_filename(CommandCall& call) {
    if (!call.argument.empty()) {
        const int error = call.parts.dump.set_filename(std::string(call.argument));
        if (error != 0) return file_result(call, error);
    }
    call.print("dumpfile={}\n", printable(call.parts.dump.filename()));
    return {};
}

CommandResult pdump_buffered(CommandCall& call) {
    call.parts.dump.set_buffered(loose_number(call.argument) != 0);
    return {};
}

constexpr auto dump = Plugin::dump;
constexpr auto pdump = Plugin::pdump;
constexpr Command commands[] = {
    {"dump", "============", "DUMP Packets", CommandShape::menu, nullptr, false, false, dump},
    {"dump/active", "0/1", "start dumping data", CommandShape::result, dump_active, false, false,
     dump},
    {"pdump", "============", "DUMP Packets to file", CommandShape::menu, nullptr, false, false,
     pdump},
    {"pdump/active", "0/1", "start dumping data", CommandShape::data, pdump_active, false, false,
     pdump},
    {"pdump/filename", "<file>", "set/show output filename (default: vde_dump.cap)",
     CommandShape::data, pdump_filename, false, false, pdump},
    {"pdump/buffered", "0/1", "set buffered/unbuffered dump", CommandShape::result, pdump_buffered,
     false, false, pdump},
};

}  // namespace

std::span<const Command> dump_commands() {
    return commands;
}

}  // namespace switchd::vde
