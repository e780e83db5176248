#include "switchd/json_stream.h"

namespace switchd {

bool JsonStream::append(std::string_view bytes) {
    if (bytes.size() > bytes_max_ - bytes_.size()) return false;
    bytes_.append(bytes);
    return true;
}

std::optional<std::string> JsonStream::next() {
    if (depth_ == 0 && !broken_) {
        const std::size_t begin = bytes_.find_first_not_of(" \t\r\n");
        bytes_.erase(0, begin);
        scanned_ = 0;
        broken_ = !bytes_.empty() && bytes_.front() != '{';
    }
    if (broken_) return std::nullopt;
    while (scanned_ < bytes_.size()) {
        const char c = bytes_[scanned_++];
        if (in_string_) {
            in_string_ = escaped_ || c != '"';
            escaped_ = !escaped_ && c == '\\';
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{') {
            ++depth_;
        } else if (c == '}' && --depth_ == 0) {
            std::string object = bytes_.substr(0, scanned_);
            bytes_.erase(0, scanned_);
            scanned_ = 0;
            return object;
        }
    }
    return std::nullopt;
}

}  // namespace switchd
