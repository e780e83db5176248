// PortLink: what a port that was asked for by name is connected through: an interface, a socket
// that a peer connects to. It gives the port an endpoint when there is somebody at the other end,
// and another one when he comes again.
#pragma once

#include <memory>
#include <string>

#include "switchd/core/endpoint.h"

namespace switchd {

// The port, as its link sees it.
class PortLinkHost {
public:
    virtual ~PortLinkHost() = default;
    // For endpoints.
    virtual FrameSink& sink() = 0;
    // There is somebody: the port has carrier until the endpoint has left.
    virtual void attach(std::unique_ptr<Endpoint> endpoint) = 0;
    // It is to leave.
    virtual void detach(Endpoint& endpoint) = 0;
};

class PortLink : public Retirable {
public:
    // The endpoint that it attached has left the port, whoever wanted it.
    virtual void endpoint_left(const Endpoint& endpoint) noexcept = 0;
    // The operator takes the port down, or up again: the peer is to see it, if there is a way. Up
    // at first.
    virtual void set_up(bool up) noexcept = 0;
    // Where the peer is or may come, for people.
    virtual std::string place() const = 0;
    // Nothing is attached any more. Then the owner retires it.
    virtual void close() noexcept = 0;
};

}  // namespace switchd
