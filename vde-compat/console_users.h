// User and group names for the console, from the system's databases.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace switchd::vde {

// By name, or by number if no such name exists; nothing for what is neither.
std::optional<uid_t> find_user(std::string_view name);
std::optional<gid_t> find_group(std::string_view name);

// The other way: a name, else the number; "NONE" for none. Remembers what it has looked up, for one
// reply may name the same user a thousand times.
class AccountNames {
public:
    const std::string& user(std::optional<uid_t> id);
    const std::string& group(std::optional<gid_t> id);

private:
    std::map<std::optional<uid_t>, std::string> users_;
    std::map<std::optional<gid_t>, std::string> groups_;
};

}  // namespace switchd::vde
