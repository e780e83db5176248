// Who carries the bytes of a connection: told when some wait that were not asked for, and when
// there is more to do than one turn of the loop has time for.
#pragma once

namespace switchd::openflow {

class OutputListener {
public:
    virtual ~OutputListener() = default;
    // Output became pending, or the connection closed, outside of receive(), consume(), go_on() and
    // tick(). Must not call back before it returns.
    virtual void output_ready() noexcept = 0;
    // Connection::go_on() is to be called in the next turn, after others had theirs; nor is this
    // the place to call it.
    virtual void work_left() noexcept {}
};

}  // namespace switchd::openflow
