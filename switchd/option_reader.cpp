#include "switchd/option_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <numeric>
#include <utility>

namespace switchd {

namespace po = boost::program_options;

namespace {

// Edits that make one of the other: a letter more, less, or another one.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

// What of a file cannot be said of `option`; empty if it can.
std::string misused(const OptionText& option, std::size_t values) {
    const std::string name = fmt::format("\"{}\"", option.name);
    if (*option.value == '\0')
        return values == 0 ? "" : fmt::format("{} takes no value (true or false)", name);
    if (values == 0) return fmt::format("{} needs a value ({})", name, option.value);
    if (values > 1 && !option.repeatable) return fmt::format("{} takes one value only", name);
    return "";
}

}  // namespace

std::string suggestion(std::string_view prefix, std::string_view word,
                       const std::vector<std::string_view>& known, std::string_view program) {
    // A word as wrong as this is not a slip of the finger.
    const std::size_t too_far = std::max<std::size_t>(2, word.size() / 2);
    std::string_view best;
    std::size_t least = too_far + 1;
    for (const std::string_view name : known) {
        const std::size_t edits =
            word.size() >= 3 && name.starts_with(word) ? 0 : distance(word.substr(0, 64), name);
        if (edits < least) {
            least = edits;
            best = name;
        }
    }
    if (best.empty()) return fmt::format(" (see {} --help)", program);
    return fmt::format(" (did you mean {}{}?)", prefix, best);
}

OptionsExit usage_error(std::string_view program, const std::string& text) {
    return {"", fmt::format("{}: {}\n", program, text), usage_exit_status};
}

struct OptionReader::Library {
    po::options_description known;
    po::variables_map values;

    void add(const OptionText& option) {
        const std::string spelling =
            option.name == std::string_view("help") ? "help,h" : std::string(option.name);
        if (*option.value == '\0')
            known.add_options()(spelling.c_str(), option.help);
        else if (option.repeatable)
            known.add_options()(spelling.c_str(), po::value<std::vector<std::string>>(),
                                option.help);
        else
            known.add_options()(spelling.c_str(), po::value<std::string>(), option.help);
    }
};

OptionReader::OptionReader(std::string_view program,
                           std::initializer_list<std::span<const OptionText>> groups)
    : program_(program), library_(std::make_unique<Library>()) {
    for (const auto& group : groups) {
        for (const OptionText& option : group) {
            options_.push_back(&option);
            names_.push_back(option.name);
            library_->add(option);
        }
    }
}

OptionReader::~OptionReader() = default;

bool OptionReader::given(const char* name) const {
    return library_->values.count(name) > 0;
}

std::string OptionReader::value(const char* name) const {
    return library_->values[name].as<std::string>();
}

std::vector<std::string> OptionReader::all_values(const char* name) const {
    return given(name) ? library_->values[name].as<std::vector<std::string>>()
                       : std::vector<std::string>{};
}

const OptionText* OptionReader::find(std::string_view name) const {
    const auto at = std::ranges::find(options_, name, &OptionText::name);
    return at == options_.end() ? nullptr : *at;
}

OptionsExit OptionReader::unknown(const std::string& name) const {
    std::string word = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    word = word.substr(0, word.find('='));
    return usage_error(program_, fmt::format("unknown option '{}'{}", name,
                                             suggestion("--", word, names_, program_)));
}

std::optional<OptionsExit> OptionReader::read(std::span<const std::string> words) {
    namespace style = po::command_line_style;
    try {
        const auto parsed = po::command_line_parser({words.begin(), words.end()})
                                .options(library_->known)
                                .style(style::unix_style & ~style::allow_guessing)
                                .allow_unregistered()
                                .run();
        for (const auto& option : parsed.options) {
            if (option.unregistered) return unknown(option.original_tokens.front());
            if (option.string_key.empty())
                words_.insert(words_.end(), option.value.begin(), option.value.end());
        }
        po::store(parsed, library_->values);
    } catch (const po::error& error) {
        return usage_error(program_, fmt::format("{} (see {} --help)", error.what(), program_));
    }
    return std::nullopt;
}

std::expected<void, std::string> OptionReader::add(std::span<const ConfigMember> members) {
    po::parsed_options parsed(&library_->known);
    for (const ConfigMember& member : members) {
        const OptionText* const option = find(member.name);
        if (!option)
            return std::unexpected(fmt::format("unknown option \"{}\"{}", member.name,
                                               suggestion("", member.name, names_, program_)));
        if (const std::string what = misused(*option, member.values.size()); !what.empty())
            return std::unexpected(what);
        parsed.options.emplace_back(member.name, member.values);
    }
    try {
        po::store(parsed, library_->values);
    } catch (const po::error& error) {
        return std::unexpected(error.what());
    }
    return {};
}

}  // namespace switchd
