// A port that is one end of a patch. It has carrier while a port of the name that it was told is
// there, was told this one's name, and both are up.
#pragma once

#include <string>
#include <vector>

#include "switchd/core/port_link.h"
#include "switchd/links/patch_endpoint.h"

namespace switchd {

class PatchPort;

// Where the ends of patches find each other, in whatever bridges they are.
class PatchBoard {
public:
    // Null: there is none.
    PatchPort* find(std::string_view name) const;
    void add(PatchPort& port) { ports_.push_back(&port); }
    void remove(const PatchPort& port) { std::erase(ports_, &port); }
    // For an endpoint, which has no descriptor that could be its number.
    int next_id() { return ++last_id_; }

private:
    std::vector<PatchPort*> ports_;
    int last_id_ = 1 << 24;
};

class PatchPort final : public PortLink {
public:
    // What is referred to must outlive this.
    PatchPort(Reactor& reactor, PortLinkHost& host, PatchBoard& board, std::string name,
              std::string peer);

    const std::string& name() const { return name_; }

    void endpoint_left(const Endpoint& endpoint) noexcept override;
    void set_up(bool up) noexcept override;
    std::string place() const override { return "patch to " + peer_; }
    void close() noexcept override;
    bool idle() const override { return true; }

private:
    void connect() noexcept;
    void disconnect() noexcept;
    PatchPort* other_port() const;
    PatchEndpoint& attach() noexcept;
    void detach() noexcept;

    Reactor& reactor_;
    PortLinkHost& host_;
    PatchBoard& board_;
    std::string name_, peer_;
    bool up_ = true;
    PatchEndpoint* endpoint_ = nullptr;  // the host's; null: there is no other end
};

}  // namespace switchd
