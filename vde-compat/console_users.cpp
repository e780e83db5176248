#include "vde-compat/console_users.h"

#include <grp.h>
#include <pwd.h>

#include <charconv>

namespace switchd::vde {

namespace {

std::optional<unsigned> number(std::string_view name) {
    unsigned id = 0;
    const auto end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data(), end, id);
    // The highest value means "nobody in particular" to the system calls.
    if (error != std::errc{} || stop != end || id == static_cast<uid_t>(-1)) return std::nullopt;
    return id;
}

}  // namespace

std::optional<uid_t> find_user(std::string_view name) {
    const auto* entry = ::getpwnam(std::string(name).c_str());
    return entry != nullptr ? std::optional(entry->pw_uid) : number(name);
}

std::optional<gid_t> find_group(std::string_view name) {
    const auto* entry = ::getgrnam(std::string(name).c_str());
    return entry != nullptr ? std::optional(entry->gr_gid) : number(name);
}

const std::string& AccountNames::user(std::optional<uid_t> id) {
    const auto [place, is_new] = users_.try_emplace(id, "NONE");
    if (is_new && id) {
        const auto* entry = ::getpwuid(*id);
        place->second = entry != nullptr ? entry->pw_name : std::to_string(*id);
    }
    return place->second;
}

const std::string& AccountNames::group(std::optional<gid_t> id) {
    const auto [place, is_new] = groups_.try_emplace(id, "NONE");
    if (is_new && id) {
        const auto* entry = ::getgrgid(*id);
        place->second = entry != nullptr ? entry->gr_name : std::to_string(*id);
    }
    return place->second;
}

}  // namespace switchd::vde
