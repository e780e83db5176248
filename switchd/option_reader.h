// Reads one program's options, from its command line and from a configuration file, and says what
// is wrong with them in this project's words. Its source alone knows the library that does it.
#pragma once

#include <expected>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/config_file.h"
#include "switchd/options.h"

namespace switchd {

struct OptionText {
    const char* name;
    const char* value;  // what it takes, empty for nothing
    const char* help;
    bool repeatable = false;
};

// " (did you mean PREFIXword?)", or where to find what there is.
std::string suggestion(std::string_view prefix, std::string_view word,
                       const std::vector<std::string_view>& known, std::string_view program);

OptionsExit usage_error(std::string_view program, const std::string& text);

class OptionReader {
public:
    // The texts outlive this.
    OptionReader(std::string_view program,
                 std::initializer_list<std::span<const OptionText>> groups);
    ~OptionReader();

    // `words` stand behind the program's name. None: all is well, ask for the options.
    std::optional<OptionsExit> read(std::span<const std::string> words);
    // What has not been said yet. The error is one line that names the option.
    std::expected<void, std::string> add(std::span<const ConfigMember> members);

    bool given(const char* name) const;
    std::string value(const char* name) const;
    std::vector<std::string> all_values(const char* name) const;
    // The words that are no options.
    const std::vector<std::string>& words() const { return words_; }

private:
    struct Library;

    const OptionText* find(std::string_view name) const;
    OptionsExit unknown(const std::string& name) const;

    std::string_view program_;
    std::vector<const OptionText*> options_;
    std::vector<std::string_view> names_;
    std::unique_ptr<Library> library_;
    std::vector<std::string> words_;
};

}  // namespace switchd
