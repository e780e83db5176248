#include "switchd/core/backlog.h"

#include "switchd/core/endpoint.h"
#include "tests/support/catch.h"
#include "tests/support/loop.h"

using namespace switchd;

namespace {

struct NoSink final : FrameSink {
    void receive(Endpoint&, FrameBatch&) noexcept override {}
    void ended(Endpoint&) noexcept override {}
};

// Its peer reads nothing, or everything.
class Reader final : public Endpoint {
public:
    Reader(Reactor& reactor, FrameSink& sink, bool reads)
        : Endpoint(reactor, sink), reads_(reads) {}

    int id() const override { return 0; }
    std::string_view module() const override { return "test"; }
    void set_paused(bool) noexcept override {}
    std::uint64_t dropped() const {
        return drops()[static_cast<std::size_t>(DropReason::queue_full)];
    }

    std::size_t read = 0;

protected:
    void flush() noexcept override {
        if (!reads_) return;
        read += queue_.size();
        queue_.clear();
    }
    void close_peer() noexcept override {}

private:
    bool reads_;
};

// A burst of frames of its own for one endpoint, all in one turn.
void send(Loop& loop, Endpoint& to, int frames) {
    for (int i = 0; i < frames; ++i) {
        Frame frame = loop.pool.take();
        REQUIRE(frame);
        frame.resize(60);
        to.enqueue(std::move(frame));
    }
    loop.turn();
}

}  // namespace

TEST_CASE("readers that stopped give way to one that reads, however many they are", "[backlog]") {
    Loop loop{8192};
    NoSink sink;
    std::vector<std::unique_ptr<Reader>> stopped;
    for (int i = 0; i < 40; ++i) {
        stopped.push_back(std::make_unique<Reader>(loop.reactor, sink, false));
        send(loop, *stopped.back(), 1250);
    }
    Reader reader{loop.reactor, sink, true};
    for (int i = 0; i < 20; ++i) send(loop, reader, 256);
    CHECK(reader.read == 20 * 256);
    CHECK(reader.dropped() == 0);
    for (const auto& endpoint : stopped) {
        CHECK(endpoint->dropped() + endpoint->queued() == 1250);
        endpoint->close();
    }
    reader.close();
    loop.turn();
    CHECK(loop.pool.free() > 8192 - 1024);
}

TEST_CASE("many readers that stopped with little each cannot use up the memory", "[backlog]") {
    Loop loop{8192};
    NoSink sink;
    std::vector<std::unique_ptr<Reader>> stopped;
    for (int i = 0; i < 400; ++i) {
        stopped.push_back(std::make_unique<Reader>(loop.reactor, sink, false));
        send(loop, *stopped.back(), 40);
    }
    CHECK(loop.pool.free() >= 1000);
    Reader reader{loop.reactor, sink, true};
    send(loop, reader, 256);
    CHECK(reader.read == 256);
    for (const auto& endpoint : stopped) endpoint->close();
    reader.close();
    loop.turn();
}

TEST_CASE("the longest queue is the one that drops", "[backlog]") {
    Loop loop{1024};
    NoSink sink;
    Reader long_one{loop.reactor, sink, false};
    Reader short_one{loop.reactor, sink, false};
    send(loop, short_one, 70);
    send(loop, long_one, 300);  // what the loop has not lent to the kernel is nearly used up
    REQUIRE(long_one.dropped() + short_one.dropped() == 0);
    send(loop, long_one, 100);
    CHECK(long_one.dropped() > 0);  // it has most of the memory, so it loses its own frames
    CHECK(short_one.dropped() == 0);
    const std::size_t before = long_one.queued();
    send(loop, short_one, 30);
    CHECK(short_one.dropped() == 0);
    CHECK(long_one.queued() < before);
    long_one.close();
    short_one.close();
    loop.turn();
}
