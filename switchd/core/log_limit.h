// Keeps what a peer can cause again and again from filling the log: some lines at once, then one in
// a while. Whoever writes the next line says how many were left out.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "switchd/core/clock.h"
#include "switchd/core/log.h"

namespace switchd {

class LogLimit {
public:
    // How many lines were left out since the last that was allowed, or nothing: leave this one out,
    // too.
    std::optional<unsigned> allow(TimePoint now) noexcept {
        const auto earned = (now - since_) / interval;
        if (earned > 0) {
            left_ = static_cast<int>(std::min<std::int64_t>(burst, left_ + earned));
            since_ += earned * interval;
        }
        if (left_ == 0) {
            ++left_out_;
            return std::nullopt;
        }
        --left_;
        return std::exchange(left_out_, 0u);
    }

    // One line, if there may be one.
    void note(Log& log, TimePoint now, Log::Level level, std::string_view text) {
        const auto left_out = allow(now);
        if (!left_out) return;
        const std::string others =
            *left_out == 0 ? "" : fmt::format(" ({} such lines were left out)", *left_out);
        if (level == Log::Level::warning)
            log.warn("{}{}", text, others);
        else
            log.info("{}{}", text, others);
    }

private:
    static constexpr int burst = 20;
    static constexpr Duration interval = std::chrono::seconds{6};

    int left_ = burst;
    unsigned left_out_ = 0;
    TimePoint since_{};
};

}  // namespace switchd
