// Cuts a stream of JSON objects that follow one another without framing, as ovs-appctl and OVSDB's
// clients send them (RFC 7047, section 4).
//
// Only braces and strings are looked at: what is cut out begins with "{" and ends with its "}", and
// may still be no JSON. What a peer can fill is bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchd {

class JsonStream {
public:
    // At most so many bytes wait to be cut.
    explicit JsonStream(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // False: that is too much. Nothing can be done with the stream any more.
    bool append(std::string_view bytes);
    // The next whole object. None: more bytes are needed, or the stream is broken.
    std::optional<std::string> next();
    // What comes next is no object.
    bool broken() const { return broken_; }

private:
    std::size_t bytes_max_;
    std::string bytes_;
    std::size_t scanned_ = 0;  // bytes that the state below is about
    std::size_t depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    bool broken_ = false;
};

}  // namespace switchd
