#include "switchd/control_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "flows/numbers.h"
#include "switchd/control_trace.h"

namespace switchd {

using nlohmann::json;

namespace {

// Columns as wide as their widest cell; numbers to the right.
class Table {
public:
    explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    bool empty() const { return rows_.size() == 1; }

    std::string text() const {
        std::vector<std::size_t> widths(rows_.front().size(), 0);
        for (const auto& row : rows_)
            for (std::size_t i = 0; i < row.size(); ++i)
                widths[i] = std::max(widths[i], row[i].size());
        std::string result;
        for (const auto& row : rows_) {
            std::string line;
            for (std::size_t i = 0; i < row.size(); ++i) {
                if (i > 0) line += "  ";
                line += number(i) ? fmt::format("{:>{}}", row[i], widths[i])
                                  : fmt::format("{:<{}}", row[i], widths[i]);
            }
            line.erase(line.find_last_not_of(' ') + 1);
            result += line + "\n";
        }
        return result;
    }

private:
    // A column of numbers, by its first row.
    bool number(std::size_t column) const {
        if (rows_.size() < 2) return false;
        const std::string& cell = rows_[1][column];
        return !cell.empty() && cell.find_first_not_of("0123456789") == std::string::npos;
    }
    std::vector<std::vector<std::string>> rows_;
};

std::string number(const json& value) {
    return std::to_string(value.get<std::uint64_t>());
}

std::string list(const json& values) {
    std::string text;
    for (const json& value : values) text += (text.empty() ? "" : ",") + value.dump();
    return text;
}

std::string drops_text(const json& drops) {
    std::string text;
    for (const auto& [reason, count] : drops.items())
        text += (text.empty() ? "" : " ") + reason + "=" + number(count);
    return text.empty() ? "-" : text;
}

std::string show(const json& result) {
    return fmt::format(
        "bridge     {} ({}), {}, up {} s, process {}\n"
        "plug in    qemu-system-x86_64 {}\n"
        "program    OVS_RUNDIR={} ovs-ofctl dump-flows {}\n"
        "ports      {} active, {} in all, at most {}\n"
        "rules      {}{}\n"
        "stations   {}\n"
        "megaflows  {}\n",
        result.at("bridge").get<std::string>(), result.at("mode").get<std::string>(),
        result.at("mac").get<std::string>(), number(result.at("uptime_seconds")),
        number(result.at("pid")), result.at("qemu").get<std::string>(),
        result.at("ovs_rundir").get<std::string>(), result.at("bridge").get<std::string>(),
        number(result.at("ports_active")), number(result.at("ports")),
        number(result.at("ports_max")), number(result.at("rules")),
        result.at("overruled").get<bool>()
            ? ", and a learning switch instead of them: no controller is there"
            : "",
        number(result.at("stations")), number(result.at("megaflows")));
}

std::string bridges(const json& result) {
    Table table{{"BRIDGE", "ACTIVE", "PORTS", "RULES", "STATIONS", "PLUG IN"}};
    for (const json& each : result)
        table.add({each.at("bridge").get<std::string>(), number(each.at("ports_active")),
                   number(each.at("ports")), number(each.at("rules")), number(each.at("stations")),
                   each.at("vde_directory").get<std::string>()});
    return table.text();
}

std::string added_bridge(const json& result) {
    return fmt::format("plug in    qemu-system-x86_64 {}\n", result.at("qemu").get<std::string>());
}

std::string port(const json& value) {
    return value == port_local ? "LOCAL" : number(value);
}

std::string ports(const json& result) {
    Table table{{"PORT", "NAME", "VLAN", "TAGGED", "IN", "IN-BYTES", "OUT", "OUT-BYTES", "ATTACHED",
                 "DROPS"}};
    for (const json& each : result) {
        std::string attached;
        for (const json& endpoint : each.at("endpoints")) {
            const auto description = endpoint.at("description").get<std::string>();
            attached +=
                (attached.empty() ? "" : "; ") +
                (description.empty() ? endpoint.at("module").get<std::string>() : description);
        }
        const json& vlan = each.at("vlan");
        const std::string tagged = list(vlan.at("tagged"));
        if (!each.at("up").get<bool>()) attached += attached.empty() ? "(down)" : " (down)";
        if (const auto place = each.at("place").get<std::string>();
            attached.empty() && !place.empty())
            attached = "(waits: " + place + ")";
        table.add({port(each.at("port")), each.at("name").get<std::string>(),
                   vlan.at("untagged").is_null() ? "none" : number(vlan.at("untagged")),
                   tagged.empty() ? "-" : tagged, number(each.at("in").at("packets")),
                   number(each.at("in").at("bytes")), number(each.at("out").at("packets")),
                   number(each.at("out").at("bytes")), attached.empty() ? "(nothing)" : attached,
                   drops_text(each.at("drops"))});
    }
    return table.empty() ? "no ports yet: nothing has plugged in\n" : table.text();
}

std::string macs(const json& result) {
    Table table{{"MAC", "VLAN", "PORT", "AGE"}};
    for (const json& entry : result)
        table.add({entry.at("mac").get<std::string>(), number(entry.at("vlan")),
                   port(entry.at("port")),
                   entry.at("static").get<bool>() ? "static" : number(entry.at("age_seconds"))});
    return table.empty() ? "no stations known\n" : table.text();
}

std::string megaflows(const json& result) {
    Table table{{"PACKETS", "BYTES", "IDLE", "MATCH", "ACTIONS"}};
    for (const json& flow : result)
        table.add({number(flow.at("packets")), number(flow.at("bytes")),
                   number(flow.at("idle_seconds")), flow.at("match").get<std::string>(),
                   flow.at("actions").get<std::string>()});
    return table.empty() ? "no megaflows: no traffic in the last seconds\n" : table.text();
}

std::string counters(const json& result) {
    std::string text;
    for (const char* direction : {"in", "out"})
        text += fmt::format("{:<16} {} packets, {} bytes\n", direction,
                            number(result.at(direction).at("packets")),
                            number(result.at(direction).at("bytes")));
    for (const auto& [name, value] : result.at("cache").items())
        text += fmt::format("{:<16} {}\n", name, number(value));
    return text;
}

std::string drops(const json& result) {
    if (result.at("total").empty()) return "no frame was dropped\n";
    Table table{{"PORT", "REASON", "FRAMES"}};
    for (const json& each : result.at("ports"))
        for (const auto& [reason, count] : each.at("drops").items())
            table.add({port(each.at("port")), reason, number(count)});
    if (result.at("rules").empty()) return table.text();
    Table rules{{"TABLE", "REASON", "FRAMES", "RULE"}};
    for (const json& rule : result.at("rules"))
        rules.add({number(rule.at("table")), rule.at("reason").get<std::string>(),
                   number(rule.at("frames")),
                   rule.at("rule").is_null() ? "-" : rule.at("rule").get<std::string>()});
    return table.text() + "\nbehind the drops of the decisions that are cached now:\n" +
           rules.text();
}

std::string flows(const json& result) {
    std::string text;
    for (const json& rule : result) text += rule.at("text").get<std::string>() + "\n";
    return text.empty() ? "no rules\n" : text;
}

std::string changed_flows(const json& result) {
    const auto rules = result.at("rules").get<std::uint64_t>();
    return fmt::format("the tables hold {} {} now\n{}", rules, rules == 1 ? "rule" : "rules",
                       result.at("overruled").get<bool>()
                           ? "no controller is there, so the bridge is a learning switch and does "
                             "not heed them (--fail-mode secure: it would)\n"
                           : "");
}

std::string added_port(const json& result) {
    const auto place = result.at("place").get<std::string>();
    return fmt::format("port {}, {}: {}\n", number(result.at("port")),
                       result.at("name").get<std::string>(), place);
}

std::string port_types_text(const json& result) {
    std::string text;
    for (const json& type : result) {
        text += fmt::format("{}{}: {}\n    {}\n", text.empty() ? "" : "\n",
                            type.at("type").get<std::string>(), type.at("help").get<std::string>(),
                            type.at("example").get<std::string>());
        Table table{{"    KEY", "VALUE", "DEFAULT", ""}};
        for (const json& key : type.at("keys"))
            table.add({"    " + key.at("key").get<std::string>(),
                       key.at("value").get<std::string>(), key.at("default").get<std::string>(),
                       key.at("help").get<std::string>()});
        text += table.text();
    }
    return text;
}

std::string forwards(const json& result) {
    if (result.empty()) return "no forwards\n";
    Table table{{"HOST", "GUEST"}};
    for (const json& each : result)
        table.add({each.at("host").get<std::string>(), each.at("guest").get<std::string>()});
    return table.text();
}

std::string nothing(const json&) {
    return "";
}

struct Printer {
    std::string_view command;
    std::string (*print)(const json&);
};
constexpr Printer printers[] = {{"show", show},
                                {"bridges", bridges},
                                {"add-bridge", added_bridge},
                                {"del-bridge", nothing},
                                {"ports", ports},
                                {"add-port", added_port},
                                {"del-port", nothing},
                                {"port-types", port_types_text},
                                {"port-down", nothing},
                                {"port-up", nothing},
                                {"forwards", forwards},
                                {"add-forward", nothing},
                                {"del-forward", nothing},
                                {"macs", macs},
                                {"megaflows", megaflows},
                                {"counters", counters},
                                {"drops", drops},
                                {"flows", flows},
                                {"add-flow", changed_flows},
                                {"mod-flows", changed_flows},
                                {"del-flows", changed_flows},
                                {"trace", trace_text}};

}  // namespace

std::string control_text(std::string_view command, const json& result) {
    const auto printer = std::ranges::find(printers, command, &Printer::command);
    return printer == std::end(printers) ? result.dump(2) + "\n" : printer->print(result);
}

}  // namespace switchd
