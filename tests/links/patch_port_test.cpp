#include "switchd/links/patch_port.h"

#include <memory>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"

using namespace switchd;

namespace {

// A port of a bridge, with what came in by it.
class Host final : public PortLinkHost, public FrameSink {
public:
    explicit Host(Loop& loop) : loop_(loop) {}

    FrameSink& sink() override { return *this; }
    void attach(std::unique_ptr<Endpoint> endpoint) override { endpoint_ = std::move(endpoint); }
    void detach(Endpoint& endpoint) override {
        REQUIRE(&endpoint == endpoint_.get());
        endpoint_->close();
        if (link) link->endpoint_left(*endpoint_);
        loop_.reactor.retire(std::move(endpoint_));
    }
    void receive(Endpoint& from, FrameBatch& batch) noexcept override {
        CHECK(&from == endpoint_.get());
        for (Frame& frame : batch.frames()) {
            sizes.push_back(frame.size());
            if (back) endpoint_->enqueue(std::move(frame));
        }
    }
    void ended(Endpoint&) noexcept override { FAIL_CHECK("it never ends by itself"); }

    bool has_carrier() const { return endpoint_ != nullptr; }
    Endpoint& endpoint() { return *endpoint_; }
    void sends(std::size_t bytes) {
        Frame frame = loop_.pool.take();
        frame.resize(bytes);
        endpoint_->enqueue(std::move(frame));
    }

    PatchPort* link = nullptr;
    std::vector<std::size_t> sizes;  // of the frames that came in
    bool back = false;               // they go out again where they came in

private:
    Loop& loop_;
    std::unique_ptr<Endpoint> endpoint_;
};

struct Lab {
    ~Lab() {
        for (auto* each : {&left, &right}) remove(*each);
        loop.until([&] { return !loop.reactor.has_retired(); });
    }
    struct End {
        std::unique_ptr<Host> host;
        std::unique_ptr<PatchPort> port;
    };
    void add(End& end, const std::string& name, const std::string& peer) {
        end.host = std::make_unique<Host>(loop);
        end.port = std::make_unique<PatchPort>(loop.reactor, *end.host, board, name, peer);
        end.host->link = end.port.get();
    }
    void remove(End& end) {
        if (!end.port) return;
        end.port->close();
        loop.reactor.retire(std::move(end.port));
        end.host->link = nullptr;
    }

    Loop loop;
    PatchBoard board;
    End left, right;
};

}  // namespace

TEST_CASE("a patch has carrier while both ends are there and name each other", "[patch_port]") {
    Lab lab;
    lab.add(lab.left, "a", "b");
    CHECK_FALSE(lab.left.host->has_carrier());
    lab.add(lab.right, "b", "a");
    CHECK(lab.left.host->has_carrier());
    CHECK(lab.right.host->has_carrier());
    lab.remove(lab.right);
    CHECK_FALSE(lab.left.host->has_carrier());
    lab.add(lab.right, "b", "c");
    CHECK_FALSE(lab.left.host->has_carrier());
    lab.remove(lab.right);
    lab.add(lab.right, "b", "a");
    CHECK(lab.left.host->has_carrier());
}

TEST_CASE("an end that is down takes the other one's carrier", "[patch_port]") {
    Lab lab;
    lab.add(lab.left, "a", "b");
    lab.add(lab.right, "b", "a");
    lab.left.port->set_up(false);
    CHECK_FALSE(lab.left.host->has_carrier());
    CHECK_FALSE(lab.right.host->has_carrier());
    lab.right.port->set_up(false);
    lab.left.port->set_up(true);
    CHECK_FALSE(lab.left.host->has_carrier());
    lab.right.port->set_up(true);
    CHECK(lab.left.host->has_carrier());
    CHECK(lab.right.host->has_carrier());
    // Whoever lets one of them go lets both go.
    lab.right.host->detach(lab.right.host->endpoint());
    CHECK_FALSE(lab.left.host->has_carrier());
}

TEST_CASE("what goes in at one end comes out at the other in its order", "[patch_port]") {
    Lab lab;
    lab.add(lab.left, "a", "b");
    lab.add(lab.right, "b", "a");
    std::vector<std::size_t> sent;
    for (std::size_t bytes = 60; bytes < 160; ++bytes) {
        lab.left.host->sends(bytes);
        sent.push_back(bytes);
    }
    lab.right.host->sends(999);
    CHECK(lab.loop.until([&] { return lab.right.host->sizes.size() == sent.size(); }));
    CHECK(lab.right.host->sizes == sent);
    CHECK(lab.left.host->sizes == std::vector<std::size_t>{999});
    CHECK(lab.left.host->endpoint().queued() == 0);
}

TEST_CASE("an end that is paused is given nothing until it goes on", "[patch_port]") {
    Lab lab;
    lab.add(lab.left, "a", "b");
    lab.add(lab.right, "b", "a");
    lab.right.host->endpoint().set_paused(true);
    lab.left.host->sends(60);
    lab.loop.turns(3);
    CHECK(lab.right.host->sizes.empty());
    CHECK(lab.left.host->endpoint().queued() == 1);
    lab.right.host->endpoint().set_paused(false);
    CHECK(lab.loop.until([&] { return lab.right.host->sizes.size() == 1; }));
}

TEST_CASE("a frame that goes round and round passes once a turn, and others have their turns",
          "[patch_port]") {
    Lab lab;
    lab.add(lab.left, "a", "b");
    lab.add(lab.right, "b", "a");
    lab.left.host->back = lab.right.host->back = true;
    lab.left.host->sends(60);
    for (int i = 0; i < 20; ++i) {
        const std::size_t before = lab.left.host->sizes.size();
        lab.loop.turn();
        CHECK(lab.left.host->sizes.size() <= before + 2);
    }
    CHECK(lab.loop.until([&] { return lab.left.host->sizes.size() > 50; }));
    lab.left.host->back = lab.right.host->back = false;
    lab.loop.turns(3);
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{50}) == 0);
}
