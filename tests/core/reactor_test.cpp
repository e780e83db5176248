#include "switchd/core/reactor.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "switchd/core/error.h"
#include "switchd/core/timer.h"
#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

// Keeps what completed.
struct Recorder {
    void on_completion(Completion& completion) noexcept {
        results.push_back(completion.result);
        tags.push_back(completion.tag);
        more = completion.more;
        if (completion.frame) {
            const auto* text = reinterpret_cast<const char*>(completion.frame.bytes().data());
            received.emplace_back(text, completion.frame.size());
            if (keep_frames) frames.push_back(std::move(completion.frame));
        }
    }

    std::vector<int> results;
    std::vector<unsigned> tags;
    std::vector<std::string> received;
    std::vector<Frame> frames;
    bool keep_frames = false;
    bool more = false;
    Operation operation = Operation::calling<&Recorder::on_completion>(this);
};

void send_text(const Fd& socket, std::string_view text) {
    checked(static_cast<int>(::send(socket.get(), text.data(), text.size(), 0)));
}

// Cancels and waits, so that the recorder may go.
void bring_home(Loop& loop, Recorder& recorder) {
    loop.reactor.cancel(recorder.operation);
    REQUIRE(loop.until([&] { return !recorder.operation.in_flight(); }));
}

// From now on io_uring_setup(2) fails with `error` in this process, as under a container's profile.
void refuse_io_uring(int error) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
    checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    checked(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

struct Order {
    explicit Order(Loop& on) : loop(on) {}
    void on_after() noexcept {
        log += "a";
        if (again_after) loop.reactor.before_submit(before);
    }
    void on_before() noexcept {
        log += "b";
        if (chained-- > 0) loop.reactor.before_submit(before);
    }
    void on_failure(Completion&) noexcept { log += "f"; }

    Loop& loop;
    std::string log;
    bool again_after = false;
    int chained = 0;
    TurnHook after = TurnHook::calling<&Order::on_after>(this);
    TurnHook before = TurnHook::calling<&Order::on_before>(this);
    Operation send = Operation::calling<&Order::on_failure>(this);
};

struct Alarm {
    explicit Alarm(Loop& loop) : timer(Timer::calling<&Alarm::on_alarm>(loop.reactor, this)) {}
    void on_alarm() noexcept { ++rings; }
    int rings = 0;
    Timer timer;
};

void bring_home(Loop& loop, Alarm& alarm) {
    alarm.timer.disarm();
    REQUIRE(loop.until([&] { return alarm.timer.idle(); }));
}

// Reads until it is told to go, and says when it went.
class Reading : public Retirable {
public:
    Reading(Reactor& reactor, Fd socket, int& gone) : socket_(std::move(socket)), gone_(gone) {
        reactor.read(read_, socket_.get(), bytes_);
    }
    ~Reading() override { ++gone_; }
    void cancel(Reactor& reactor) { reactor.cancel(read_); }
    bool idle() const override { return !read_.in_flight(); }

private:
    void on_read(Completion&) noexcept {}

    Fd socket_;
    int& gone_;
    std::array<std::byte, 64> bytes_{};
    Operation read_ = Operation::calling<&Reading::on_read>(this);
};

// Has a part that outlives it by being retired in its turn.
class Parent : public Retirable {
public:
    Parent(Reactor& reactor, std::unique_ptr<Reading> child)
        : reactor_(reactor), child_(std::move(child)) {}
    ~Parent() override {
        child_->cancel(reactor_);
        reactor_.retire(std::move(child_));
    }
    bool idle() const override { return true; }

private:
    Reactor& reactor_;
    std::unique_ptr<Reading> child_;
};

}  // namespace

TEST_CASE("a receive that was armed once delivers every datagram in order", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    Recorder recorder;
    loop.reactor.receive_frames(recorder.operation, ours.get());
    std::vector<std::string> sent;
    for (int i = 0; i < 2000; ++i) {
        sent.push_back("datagram " + std::to_string(i));
        send_text(theirs, sent.back());
        if (i % 50 == 49)
            REQUIRE(loop.until([&] { return recorder.received.size() == sent.size(); }));
    }
    CHECK(recorder.received == sent);
    CHECK(recorder.more);
    bring_home(loop, recorder);
    CHECK(recorder.results.back() == -ECANCELED);
}

TEST_CASE("a receive goes on after a moment without free buffers", "[reactor]") {
    Loop loop{4};
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    Recorder recorder;
    recorder.keep_frames = true;
    loop.reactor.receive_frames(recorder.operation, ours.get());
    for (const char* text : {"1", "2", "3", "4", "5", "6"}) send_text(theirs, text);
    REQUIRE(loop.until([&] { return !recorder.more && !recorder.results.empty(); }));
    CHECK(recorder.received == std::vector<std::string>{"1", "2", "3", "4"});
    CHECK(recorder.results.back() == -ENOBUFS);

    recorder.frames.clear();
    recorder.keep_frames = false;
    loop.reactor.receive_frames(recorder.operation, ours.get());
    REQUIRE(loop.until([&] { return recorder.received.size() == 6; }));
    CHECK(recorder.received == std::vector<std::string>{"1", "2", "3", "4", "5", "6"});
    bring_home(loop, recorder);
    loop.turn();
    CHECK(loop.pool.free() == 0);  // lent again, not lost: one frame can still come
}

TEST_CASE("a datagram comes with its sender's address, and without it in front", "[reactor]") {
    Loop loop;
    const TemporaryDirectory place;
    const Fd ours = unix_socket(SOCK_DGRAM), theirs = unix_socket(SOCK_DGRAM);
    bind_to(ours, place / "ours");
    bind_to(theirs, place / "theirs");
    checked(connect_to(theirs, place / "ours"));
    struct Receiver {
        void on_completion(Completion& completion) noexcept {
            if (!completion.frame) return;
            const BesideMessage beside = Reactor::take_message(shape, completion.frame);
            name.assign(reinterpret_cast<const char*>(beside.name.data()), beside.name.size());
            cut = beside.cut;
            frames.push_back(std::move(completion.frame));
        }
        msghdr shape{};
        std::string name;
        bool cut = false;
        std::vector<Frame> frames;
        Operation operation = Operation::calling<&Receiver::on_completion>(this);
    } receiver;
    receiver.shape.msg_namelen = sizeof(sockaddr_un);
    loop.reactor.receive_messages(receiver.operation, ours.get(), receiver.shape,
                                  Reactor::ordinary);
    std::vector<std::byte> bytes(frame_bytes_max, std::byte{0x5a});
    for (const std::size_t size : {std::size_t{60}, frame_bytes_max}) {
        checked(static_cast<int>(::send(theirs.get(), bytes.data(), size, 0)));
        const std::size_t count = receiver.frames.size();
        REQUIRE(loop.until([&] { return receiver.frames.size() > count; }));
        CHECK(receiver.frames.back().size() == size);
        CHECK(std::ranges::equal(receiver.frames.back().bytes(), std::span(bytes).first(size)));
        CHECK(receiver.name.substr(offsetof(sockaddr_un, sun_path)).c_str() ==
              (place / "theirs").string());
        CHECK_FALSE(receiver.cut);
    }
    // One that is longer than its buffer.
    bytes.resize(20'000);
    checked(static_cast<int>(::send(theirs.get(), bytes.data(), bytes.size(), 0)));
    REQUIRE(loop.until([&] { return receiver.cut; }));
    receiver.frames.clear();
    loop.reactor.cancel(receiver.operation);
    REQUIRE(loop.until([&] { return !receiver.operation.in_flight(); }));
}

TEST_CASE("frames leave in the order they were given and success says nothing", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    Recorder recorder;
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i) texts.push_back(std::to_string(i));
    std::uint16_t tag = 0;
    for (const std::string& text : texts)
        loop.reactor.send_frame(recorder.operation, ours.get(), std::as_bytes(std::span(text)),
                                ++tag);
    loop.turn();
    for (const std::string& text : texts) {
        std::array<std::byte, 64> bytes{};
        REQUIRE(receive_now(theirs, bytes) == static_cast<ssize_t>(text.size()));
        CHECK(std::memcmp(bytes.data(), text.data(), text.size()) == 0);
    }
    CHECK(recorder.results.empty());
    CHECK_FALSE(recorder.operation.in_flight());
}

TEST_CASE("each send that fails says which it was", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    auto [dead, closed] = socket_pair(SOCK_DGRAM);
    closed.reset();
    Recorder recorder;
    const std::array<std::byte, 60> frame{};
    for (std::uint16_t tag = 1; tag <= 6; ++tag)
        loop.reactor.send_frame(recorder.operation, tag % 2 ? ours.get() : dead.get(), frame, tag);
    loop.turn();
    CHECK(recorder.tags == std::vector<unsigned>{2, 4, 6});
    // The first failure also breaks the connection.
    CHECK(recorder.results == std::vector<int>{-ECONNREFUSED, -ENOTCONN, -ENOTCONN});
}

TEST_CASE("every failed send is known before the after-submit hooks, however many fail",
          "[reactor]") {
    Loop loop;
    auto [dead, closed] = socket_pair(SOCK_DGRAM);
    closed.reset();
    Order order{loop};
    const std::array<std::byte, 60> frame{};
    const std::size_t count = GENERATE(1, 100, 30'000);
    for (std::size_t i = 1; i <= count; ++i)
        loop.reactor.send_frame(order.send, dead.get(), frame, static_cast<std::uint16_t>(i));
    loop.reactor.after_submit(order.after);
    loop.turn();
    CHECK(order.log.size() == count + 1);
    CHECK(order.log.find('a') == count);
}

TEST_CASE("large frames come in buffers of their own", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_SEQPACKET);
    auto [small_ours, small_theirs] = socket_pair(SOCK_SEQPACKET);
    Recorder large, ordinary;
    large.keep_frames = ordinary.keep_frames = true;
    loop.reactor.read_large_frames(large.operation, ours.get());
    loop.reactor.receive_frames(ordinary.operation, small_ours.get());
    loop.turn();
    const std::string text(65'536, 'x');
    send_text(theirs, text);
    send_text(small_theirs, "small");
    REQUIRE(loop.until([&] { return large.received.size() + ordinary.received.size() == 2; }));
    CHECK(large.received.front() == text);
    CHECK(large.frames.front().room() == loop.large_pool.room_bytes());
    CHECK(ordinary.received.front() == "small");
    CHECK(ordinary.frames.front().room() == loop.pool.room_bytes());

    // When all are in use, it ends with the reason, and goes on when one has come back.
    large.more = true;
    while (large.more) {
        send_text(theirs, "large");
        loop.turn();
    }
    CHECK(large.results.back() == -ENOBUFS);
    CHECK(large.frames.size() == loop.large_pool.size());
    large.frames.clear();
    loop.reactor.read_large_frames(large.operation, ours.get());
    REQUIRE(loop.until([&] { return !large.frames.empty(); }));
    CHECK(large.received.back() == "large");
    bring_home(loop, large);
    bring_home(loop, ordinary);
}

TEST_CASE("hooks run once, after-submit before before-submit, and chains end within the turn",
          "[reactor]") {
    Loop loop;
    Order order{loop};
    loop.reactor.before_submit(order.before);
    loop.reactor.before_submit(order.before);
    loop.reactor.after_submit(order.after);
    loop.reactor.after_submit(order.after);
    order.chained = 3;
    CHECK(order.before.queued());
    loop.turn();
    CHECK(order.log == "abbbb");
    CHECK_FALSE(order.before.queued());
    loop.turn();
    CHECK(order.log == "abbbb");

    order.again_after = true;
    order.log.clear();
    loop.reactor.after_submit(order.after);
    loop.turn();
    CHECK(order.log == "ab");
}

TEST_CASE("a hook asked for between two turns does not wait for anything else", "[reactor]") {
    FramePool pool{1};
    FramePool large_pool{1, large_room_bytes};
    const SteadyClock clock;
    Reactor reactor{pool, large_pool, clock};
    struct Hooked {
        void on_turn() noexcept { ++turns; }
        int turns = 0;
        TurnHook hook = TurnHook::calling<&Hooked::on_turn>(this);
    } hooked;
    reactor.before_submit(hooked.hook);
    reactor.run_once();
    CHECK(hooked.turns == 1);
}

TEST_CASE("a read waits for its bytes and a write says how many went", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_STREAM);
    Recorder reading, writing;
    std::array<std::byte, 64> into{};
    loop.reactor.read(reading.operation, ours.get(), into);
    loop.turn();
    CHECK(reading.operation.in_flight());
    const std::string_view text = "hello";
    loop.reactor.write(writing.operation, theirs.get(), std::as_bytes(std::span(text)));
    REQUIRE(loop.until([&] { return reading.results.size() == 1; }));
    CHECK(reading.results == std::vector<int>{5});
    CHECK(writing.results == std::vector<int>{5});
    CHECK(std::memcmp(into.data(), "hello", 5) == 0);
}

TEST_CASE("a poll completes when the socket is ready and not before", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_STREAM);
    Recorder recorder;
    loop.reactor.poll(recorder.operation, ours.get(), POLLIN);
    loop.turns(3);
    CHECK(recorder.results.empty());
    send_text(theirs, "x");
    REQUIRE(loop.until([&] { return !recorder.results.empty(); }));
    CHECK((recorder.results.front() & POLLIN) != 0);
    CHECK_FALSE(recorder.operation.in_flight());
}

TEST_CASE("a connect says when the socket is connected, or why it is not", "[reactor]") {
    Loop loop;
    const TemporaryDirectory directory;
    const std::string path = directory / "socket";
    const sockaddr_un address = unix_address(path).value();
    const auto* const name = reinterpret_cast<const sockaddr*>(&address);
    const Fd client = unix_socket(SOCK_STREAM);
    Recorder connected;
    loop.reactor.connect(connected.operation, client.get(), name, sizeof address);
    REQUIRE(loop.until([&] { return !connected.results.empty(); }));
    CHECK(connected.results[0] == -ENOENT);
    const Fd listener = listen_on(path, 0600);
    loop.reactor.connect(connected.operation, client.get(), name, sizeof address);
    REQUIRE(loop.until([&] { return connected.results.size() == 2; }));
    CHECK(connected.results[1] == 0);
}

TEST_CASE("a request that is cancelled ends as cancelled, also before it was submitted",
          "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_STREAM);
    Recorder recorder;
    std::array<std::byte, 64> into{};
    const bool submitted = GENERATE(false, true);
    loop.reactor.read(recorder.operation, ours.get(), into);
    if (submitted) loop.turn();
    loop.reactor.cancel(recorder.operation);
    CHECK(recorder.operation.in_flight());
    REQUIRE(loop.until([&] { return !recorder.operation.in_flight(); }));
    CHECK(recorder.results == std::vector<int>{-ECANCELED});
    loop.reactor.cancel(recorder.operation);  // nothing to cancel is no mistake
    loop.turn();
    CHECK(recorder.results.size() == 1);
}

TEST_CASE("without traffic the loop sleeps", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    Recorder recorder;
    loop.reactor.receive_frames(recorder.operation, ours.get());
    loop.turn();
    CHECK(loop.wake_ups(100ms) == 0);
    bring_home(loop, recorder);
}

TEST_CASE("a loop that lingers sees what comes meanwhile, and then sleeps", "[reactor]") {
    Loop loop;
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    Recorder recorder;
    loop.reactor.receive_frames(recorder.operation, ours.get());
    loop.turn();
    loop.reactor.linger(10ms);
    checked(static_cast<int>(::send(theirs.get(), "now", 3, 0)));
    REQUIRE(loop.until([&] { return !recorder.received.empty(); }));
    CHECK(loop.wake_ups(100ms) == 0);
    bring_home(loop, recorder);
}

TEST_CASE("a timer rings once, not before its time", "[timer]") {
    Loop loop;
    Alarm alarm{loop};
    const TimePoint deadline = loop.clock.now() + 20ms;
    alarm.timer.arm(deadline);
    CHECK(alarm.timer.armed());
    REQUIRE(loop.until([&] { return alarm.rings == 1; }));
    CHECK(loop.reactor.now() >= deadline);
    CHECK_FALSE(alarm.timer.armed());
    CHECK(alarm.timer.idle());
    CHECK(loop.wake_ups(30ms) == 0);
    CHECK(alarm.rings == 1);
}

TEST_CASE("a timer obeys its latest deadline, be it earlier or later", "[timer]") {
    Loop loop;
    Alarm alarm{loop};
    const bool submitted = GENERATE(false, true);
    SECTION("earlier") {
        alarm.timer.arm(loop.clock.now() + 1h);
        if (submitted) loop.turn();
        alarm.timer.arm(loop.clock.now() + 5ms);
        REQUIRE(loop.until([&] { return alarm.rings == 1; }));
    }
    SECTION("later") {
        alarm.timer.arm(loop.clock.now() + 1ms);
        if (submitted) loop.turn();
        const TimePoint deadline = loop.clock.now() + 40ms;
        alarm.timer.arm(deadline);
        REQUIRE(loop.until([&] { return alarm.rings == 1; }));
        CHECK(loop.reactor.now() >= deadline);
    }
    SECTION("a hundred times within a turn") {
        for (int i = 0; i < 100; ++i) alarm.timer.arm(loop.clock.now() + std::chrono::hours{i + 1});
        alarm.timer.arm(loop.clock.now());
        REQUIRE(loop.until([&] { return alarm.rings == 1; }));
    }
    bring_home(loop, alarm);
}

TEST_CASE("a timer that was disarmed does not ring and can be armed again", "[timer]") {
    Loop loop;
    Alarm alarm{loop};
    alarm.timer.arm(loop.clock.now() + 5ms);
    alarm.timer.disarm();
    CHECK_FALSE(alarm.timer.armed());
    loop.wake_ups(20ms);
    CHECK(alarm.rings == 0);
    CHECK(alarm.timer.idle());

    alarm.timer.arm(loop.clock.now() + 1h);
    loop.turn();
    alarm.timer.disarm();
    alarm.timer.arm(loop.clock.now() + 5ms);
    REQUIRE(loop.until([&] { return alarm.rings == 1; }));

    // The same deadline again, while the cancelled one is still in the kernel's hands.
    const TimePoint deadline = loop.clock.now() + 10ms;
    alarm.timer.arm(deadline);
    loop.turn();
    alarm.timer.disarm();
    alarm.timer.arm(deadline);
    REQUIRE(loop.until([&] { return alarm.rings == 2; }));
    bring_home(loop, alarm);
}

TEST_CASE("timers ring in the order of their deadlines", "[timer]") {
    Loop loop;
    Alarm late{loop};
    Alarm early{loop};
    const TimePoint now = loop.clock.now();
    late.timer.arm(now + 30ms);
    early.timer.arm(now + 10ms);
    REQUIRE(loop.until([&] { return early.rings == 1; }));
    CHECK(late.rings == 0);
    REQUIRE(loop.until([&] { return late.rings == 1; }));
}

TEST_CASE("a retired object lives until the kernel has let go of it", "[reactor]") {
    int gone = 0;
    {
        Loop loop;
        auto [ours, theirs] = socket_pair(SOCK_STREAM);
        auto reading = std::make_unique<Reading>(loop.reactor, std::move(ours), gone);
        Reading& still_there = *reading;
        loop.turn();
        loop.reactor.retire(std::move(reading));
        loop.turns(3);
        CHECK(gone == 0);
        CHECK(loop.reactor.retirements() == 1);
        CHECK_FALSE(loop.reactor.has_retired(0));
        CHECK(loop.reactor.has_retired(1));
        still_there.cancel(loop.reactor);
        REQUIRE(loop.until([&] { return gone == 1; }));
        CHECK_FALSE(loop.reactor.has_retired(1));
    }
    CHECK(gone == 1);
}

TEST_CASE("the loop's end waits for retired objects", "[reactor]") {
    int gone = 0;
    {
        Loop loop;
        auto [ours, theirs] = socket_pair(SOCK_STREAM);
        auto reading = std::make_unique<Reading>(loop.reactor, std::move(ours), gone);
        loop.turn();
        reading->cancel(loop.reactor);
        loop.reactor.retire(std::move(reading));
        CHECK(gone == 0);
    }
    CHECK(gone == 1);
}

TEST_CASE("the loop's end does not wait for what has nothing in flight", "[reactor]") {
    FramePool pool{1};
    FramePool large_pool{1, large_room_bytes};
    const SteadyClock clock;
    Reactor reactor{pool, large_pool, clock};
    struct Idle : Retirable {
        bool idle() const override { return true; }
    };
    reactor.retire(std::make_unique<Idle>());
}

TEST_CASE("an object may retire its parts when it is destroyed", "[reactor]") {
    int gone = 0;
    {
        Loop loop;
        for (int i = 0; i < 20; ++i) {
            auto [ours, theirs] = socket_pair(SOCK_STREAM);
            loop.reactor.retire(std::make_unique<Parent>(
                loop.reactor, std::make_unique<Reading>(loop.reactor, std::move(ours), gone)));
        }
        REQUIRE(loop.until([&] { return gone == 20; }));
    }
}

TEST_CASE("where io_uring is forbidden the start says so, and what to do", "[reactor]") {
    const int error = GENERATE(EPERM, ENOSYS, ENOMEM, EINVAL);
    // In a process of its own: a system call filter cannot be taken off again.
    const pid_t child = ::fork();
    if (child == 0) {
        std::string line;
        try {
            refuse_io_uring(error);
            FramePool pool{1};
            FramePool large_pool{1, large_room_bytes};
            const SteadyClock clock;
            const Reactor reactor{pool, large_pool, clock};
        } catch (const SetupError& refused) {
            line = refused.line();
        }
        const std::string_view remedy = error == EINVAL   ? "Linux 6.1"
                                        : error == ENOMEM ? "ulimit -l"
                                                          : "kernel.io_uring_disabled=0";
        ::_exit(line.find("io_uring") != line.npos && line.find(remedy) != line.npos ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("run turns until it is told to stop", "[reactor]") {
    Loop loop;
    struct Stopper {
        explicit Stopper(Loop& loop)
            : reactor(loop.reactor), timer(Timer::calling<&Stopper::on_time>(loop.reactor, this)) {}
        void on_time() noexcept { reactor.stop(); }
        Reactor& reactor;
        Timer timer;
    } stopper{loop};
    stopper.timer.arm(loop.clock.now() + 5ms);
    loop.reactor.run();
    CHECK_FALSE(stopper.timer.armed());
}
