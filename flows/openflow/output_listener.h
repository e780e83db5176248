// Who carries the bytes of a connection: told when some wait that were not asked for.
#pragma once

namespace switchd::openflow {

class OutputListener {
public:
    virtual ~OutputListener() = default;
    // Output became pending outside of receive(), consume() and tick(). Must not call back before
    // it returns.
    virtual void output_ready() noexcept = 0;
};

}  // namespace switchd::openflow
