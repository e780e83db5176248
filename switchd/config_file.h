// The configuration file: a JSON object with the options of switchd's command line as its members,
// named as they are, without the dashes.
//
//     {"run-dir": "/run/switchd", "numports": 64, "hub": true,
//      "controller": ["tcp:192.0.2.1", "ptcp:6653:127.0.0.1"]}
//
// A value is a string or a whole number; true for an option that takes none (false is the same as
// not there); an array for one that may be repeated. A port may be an object with its keys:
//
//     {"port": [{"type": "tap", "name": "vm1"}, {"type": "stream", "name": "vm2"}]}
//
// Several bridges are an array of objects with the options of each:
//
//     {"run-dir": "/run/lab", "bridge": [{"name": "inside"}, {"name": "dmz", "numports": 64}]}
//
// What the options mean is not known here.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace switchd {

struct ConfigMember {
    std::string name;
    std::vector<std::string> values;  // as on the command line; none: it was true
};

struct Config {
    std::vector<ConfigMember> members;               // in the order of their names
    std::vector<std::vector<ConfigMember>> bridges;  // of each entry of "bridge"
};

// What is wrong with a file, in one line that names it, and where in it that can be said.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Throws ConfigError.
Config read_config_file(const std::string& path);

}  // namespace switchd
