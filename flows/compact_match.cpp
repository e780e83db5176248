#include "flows/compact_match.h"

namespace switchd {

CompactMatch::CompactMatch(const Match& match) {
    for (unsigned i = 0; i < flow_words; ++i)
        if (match.mask.words[reading_order[i]] != 0) word_set_ |= std::uint32_t{1} << i;
    if (word_set_ == 0) return;
    words_ = std::make_unique_for_overwrite<std::uint64_t[]>(2 * std::size_t{count()});
    std::size_t at = 0;
    for (std::uint32_t left = word_set_; left != 0; left &= left - 1, ++at) {
        const std::size_t word = reading_order[static_cast<std::size_t>(std::countr_zero(left))];
        words_[at] = match.key.words[word];
        words_[count() + at] = match.mask.words[word];
    }
}

Match CompactMatch::unpacked() const {
    Match match;
    std::size_t at = 0;
    for (std::uint32_t left = word_set_; left != 0; left &= left - 1, ++at) {
        const std::size_t word = reading_order[static_cast<std::size_t>(std::countr_zero(left))];
        match.key.words[word] = words_[at];
        match.mask.words[word] = words_[count() + at];
    }
    return match;
}

bool CompactMatch::within(const CompactMatch& other) const {
    if ((other.word_set_ & ~word_set_) != 0) return false;
    std::size_t at = 0;
    for (std::uint32_t left = other.word_set_; left != 0; left &= left - 1, ++at) {
        const std::size_t mine = place_of(static_cast<unsigned>(std::countr_zero(left)));
        const std::uint64_t mask = other.words_[other.count() + at];
        if ((mask & ~words_[count() + mine]) != 0) return false;
        if (((words_[mine] ^ other.words_[at]) & mask) != 0) return false;
    }
    return true;
}

bool CompactMatch::overlaps(const CompactMatch& other) const {
    for (std::uint32_t left = word_set_ & other.word_set_; left != 0; left &= left - 1) {
        const auto word = static_cast<unsigned>(std::countr_zero(left));
        const std::size_t mine = place_of(word), its = other.place_of(word);
        const std::uint64_t both = words_[count() + mine] & other.words_[other.count() + its];
        if (((words_[mine] ^ other.words_[its]) & both) != 0) return false;
    }
    return true;
}

}  // namespace switchd
