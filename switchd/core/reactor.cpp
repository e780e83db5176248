#include "switchd/core/reactor.h"

#include <liburing.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "switchd/core/error.h"

namespace switchd {

namespace {

// Requests between two submits: 64 frames to each of 64 ports fit; more is submitted in between.
constexpr unsigned requests_max = 4096;
// What does not fit waits in the kernel and is not lost.
constexpr unsigned completions_max = 8192;
// Buffers in the kernel's hands for whatever arrives next; powers of two. More would only spread
// the same traffic over more cache lines.
constexpr unsigned ordinary_lent_max = 512;
constexpr unsigned large_lent_max = 32;

// Not in liburing 2.3 yet; Linux has it from 6.7 on.
constexpr std::uint8_t opcode_read_multishot = 49;

// A completion's user data is the operation's address with the tag in the 16 bits that user-space
// addresses leave free on 64-bit Linux. Zero: nobody waits for it.
constexpr unsigned tag_shift = 48;
constexpr std::uint64_t address_mask = (std::uint64_t{1} << tag_shift) - 1;

[[noreturn]] void refuse_start(int error) {
    switch (error) {
        case EPERM:
        case EACCES:
        case ENOSYS:
            throw SetupError(
                "io_uring is forbidden here: " + errno_text(error),
                "set sysctl kernel.io_uring_disabled=0 and allow io_uring_setup in the "
                "container's seccomp profile");
        case EINVAL:
            throw SetupError("this kernel's io_uring is too old", "run Linux 6.1 or newer");
        case ENOMEM:
            throw SetupError("no memory for the io_uring",
                             "raise the locked-memory limit: ulimit -l");
        case EMFILE:
        case ENFILE:
            throw SetupError("no file descriptor for the io_uring",
                             "raise the open-files limit: ulimit -n");
        default: throw SetupError("cannot set up the io_uring: " + errno_text(error));
    }
}

// The buffers of one pool that the kernel may fill: a group of provided buffers. Their ids in it
// say which pool they are of.
class LentBuffers {
public:
    LentBuffers(FramePool& pool, std::uint16_t group, unsigned count_max)
        : pool_(pool), group_(group), count_max_(count_max) {}
    ~LentBuffers() {
        if (ring_) ::munmap(ring_, bytes());
    }
    LentBuffers(const LentBuffers&) = delete;
    LentBuffers& operator=(const LentBuffers&) = delete;

    // 0 or an errno.
    int register_with(io_uring& uring) {
        void* memory =
            ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return errno;
        ring_ = static_cast<io_uring_buf_ring*>(memory);
        io_uring_buf_ring_init(ring_);
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
        registration.ring_entries = count_max_;
        registration.bgid = group_;
        return -io_uring_register_buf_ring(&uring, &registration, 0);
    }

    void lend() {
        const int mask = static_cast<int>(count_max_) - 1;
        int added = 0;
        std::uint16_t id = 0;
        for (; count_ < count_max_ && pool_.lend(id); ++count_, ++added)
            io_uring_buf_ring_add(ring_, pool_.start(id), room_bytes(),
                                  static_cast<std::uint16_t>(id | group_ << id_bits), mask, added);
        if (added > 0) io_uring_buf_ring_advance(ring_, added);
    }
    static std::uint16_t group_of(std::uint16_t id) { return id >> id_bits; }
    Frame filled(std::uint16_t id, std::size_t bytes) {
        --count_;
        return pool_.received(id & (FramePool::buffers_max - 1), bytes);
    }

    std::uint16_t group() const { return group_; }
    unsigned room_bytes() const { return static_cast<unsigned>(pool_.room_bytes()); }

private:
    static constexpr unsigned id_bits = 15;
    static_assert(FramePool::buffers_max == 1U << id_bits);

    std::size_t bytes() const { return count_max_ * sizeof(io_uring_buf); }

    FramePool& pool_;
    std::uint16_t group_;
    unsigned count_max_;
    unsigned count_ = 0;
    io_uring_buf_ring* ring_ = nullptr;
};

}  // namespace

struct Reactor::Ring {
    Ring(FramePool& pool, FramePool& large_pool)
        : buffers{{pool, ordinary, ordinary_lent_max}, {large_pool, large, large_lent_max}} {
        io_uring_params parameters{};
        // SUBMIT_ALL: a request that fails at once does not hold back those behind it.
        parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                           IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        parameters.cq_entries = completions_max;
        if (const int error = io_uring_queue_init_params(requests_max, &uring, &parameters);
            error < 0)
            refuse_start(-error);

        for (LentBuffers& each : buffers)
            if (const int error = each.register_with(uring); error != 0) {
                io_uring_queue_exit(&uring);
                refuse_start(error);
            }
        if (io_uring_probe* probe = io_uring_get_probe_ring(&uring)) {
            reads_multishot = io_uring_opcode_supported(probe, opcode_read_multishot) != 0;
            io_uring_free_probe(probe);
        }
    }
    ~Ring() { io_uring_queue_exit(&uring); }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    io_uring uring{};
    LentBuffers buffers[2];  // by Size
    bool reads_multishot = false;
};

void Reactor::HookList::push(TurnHook& hook) {
    if (hook.queued_) return;
    hook.queued_ = true;
    hook.next_ = nullptr;
    (last_ ? last_->next_ : first_) = &hook;
    last_ = &hook;
}

void Reactor::HookList::run() {
    while (TurnHook* hook = first_) {
        first_ = hook->next_;
        if (!first_) last_ = nullptr;
        hook->queued_ = false;
        hook->function_(hook->owner_);
    }
}

Reactor::Reactor(FramePool& pool, FramePool& large_pool, const Clock& clock)
    : pool_(pool),
      clock_(clock),
      now_(clock.now()),
      ring_(std::make_unique<Ring>(pool, large_pool)) {}

Reactor::~Reactor() {
    // What was retired last still has cancelled requests in flight: a few turns bring them home.
    for (bury(); !retired_.empty();) run_once();
}

void Reactor::run() {
    for (running_ = true; running_;) run_once();
    // What the last turn asked for is still sent: a farewell, a reply.
    io_uring_submit(&ring_->uring);
}

void Reactor::run_once() {
    for (LentBuffers& each : ring_->buffers) each.lend();
    if (before_submit_.empty() && linger_until_ > now_) look_around();
    // An interrupted wait is no error: what is there is harvested. Who asked for something between
    // two turns is not kept waiting.
    io_uring_submit_and_wait(&ring_->uring, before_submit_.empty() ? 1 : 0);
    // Step 3 frees what was to be sent, so nothing may be left unsubmitted.
    while (io_uring_sq_ready(&ring_->uring) > 0 && io_uring_submit(&ring_->uring) > 0) {
    }
    now_ = clock_.now();
    harvest();
    // More completions than the queue holds: each failed send must be known before the hooks.
    while (io_uring_cq_has_overflow(&ring_->uring)) {
        io_uring_get_events(&ring_->uring);
        harvest();
    }
    after_submit_.run();
    before_submit_.run();
    bury();
}

// Others get the processor meanwhile if they want it: who is waited for may need it.
void Reactor::look_around() {
    io_uring_submit(&ring_->uring);
    while (io_uring_cq_ready(&ring_->uring) == 0 && clock_.now() < linger_until_) {
        ::sched_yield();
        io_uring_get_events(&ring_->uring);
    }
}

void Reactor::harvest() {
    io_uring* const uring = &ring_->uring;
    io_uring_cqe* cqe = nullptr;
    unsigned head = 0;
    unsigned count = 0;
    io_uring_for_each_cqe(uring, head, cqe) {
        ++count;
        Completion completion;
        completion.result = cqe->res;
        completion.more = (cqe->flags & IORING_CQE_F_MORE) != 0;
        completion.tag = static_cast<std::uint16_t>(cqe->user_data >> tag_shift);
        if (cqe->flags & IORING_CQE_F_BUFFER) {
            const auto id = static_cast<std::uint16_t>(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
            completion.frame = ring_->buffers[LentBuffers::group_of(id)].filled(
                id, static_cast<std::size_t>(std::max(cqe->res, 0)));
        }
        auto* const operation = reinterpret_cast<Operation*>(cqe->user_data & address_mask);
        if (!operation) continue;
        if (!completion.more && completion.tag == 0) --operation->in_flight_;
        operation->handler_(operation->owner_, completion);
    }
    io_uring_cq_advance(uring, count);
}

// One that goes may be what another has waited for.
void Reactor::bury() {
    for (bool more = true; more && !retired_.empty();) {
        more = false;
        for (std::size_t i = 0; i < retired_.size();) {
            if (!retired_[i].object->idle()) {
                ++i;
                continue;
            }
            // Its destructor may retire others: the list is in order before it runs.
            const std::unique_ptr<Retirable> object = std::move(retired_[i].object);
            if (i + 1 < retired_.size()) retired_[i] = std::move(retired_.back());
            retired_.pop_back();
            more = true;
        }
    }
}

void Reactor::retire(std::unique_ptr<Retirable> object) {
    retired_.push_back({std::move(object), retirements_++});
}

bool Reactor::has_retired(std::uint64_t count) const {
    return std::ranges::any_of(retired_, [&](const Retired& each) { return each.place < count; });
}

io_uring_sqe& Reactor::next_request(Operation& operation, std::uint16_t tag) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_->uring);
    while (!sqe) {
        io_uring_submit(&ring_->uring);
        sqe = io_uring_get_sqe(&ring_->uring);
    }
    // The preparing functions of liburing leave the user data alone, so it may be set first.
    sqe->user_data = reinterpret_cast<std::uint64_t>(&operation) | std::uint64_t{tag} << tag_shift;
    if (tag == 0) ++operation.in_flight_;
    return *sqe;
}

void Reactor::receive_frames(Operation& operation, int fd) {
    io_uring_sqe& sqe = next_request(operation, 0);
    io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = ring_->buffers[ordinary].group();
}

void Reactor::receive_messages(Operation& operation, int fd, msghdr& shape, Size size) {
    io_uring_sqe& sqe = next_request(operation, 0);
    io_uring_prep_recvmsg_multishot(&sqe, fd, &shape, 0);
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = ring_->buffers[size].group();
}

// A buffer begins with lengths, then comes room of the shape's size for the name and for the
// control messages.
BesideMessage Reactor::take_message(const msghdr& shape, Frame& frame) {
    const std::size_t before =
        sizeof(io_uring_recvmsg_out) + shape.msg_namelen + shape.msg_controllen;
    BesideMessage beside;
    if (frame.size() < before) {
        frame.resize(0);
        return beside;
    }
    io_uring_recvmsg_out lengths;
    std::memcpy(&lengths, frame.bytes().data(), sizeof lengths);
    const auto rest = frame.bytes().subspan(sizeof lengths);
    beside.name = rest.first(std::min<std::size_t>(lengths.namelen, shape.msg_namelen));
    beside.control = rest.subspan(shape.msg_namelen,
                                  std::min<std::size_t>(lengths.controllen, shape.msg_controllen));
    beside.cut = (lengths.flags & MSG_TRUNC) != 0;
    frame.move_front(static_cast<std::ptrdiff_t>(before));
    return beside;
}

void Reactor::send_frame(Operation& operation, int fd, std::span<const std::byte> bytes,
                         std::uint16_t tag) {
    io_uring_sqe& sqe = next_request(operation, tag);
    io_uring_prep_send(&sqe, fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void Reactor::read_large_frames(Operation& operation, int fd) {
    const LentBuffers& buffers = ring_->buffers[large];
    io_uring_sqe& sqe = next_request(operation, 0);
    io_uring_prep_read(&sqe, fd, nullptr, 0, static_cast<std::uint64_t>(-1));
    if (ring_->reads_multishot)
        sqe.opcode = opcode_read_multishot;
    else
        sqe.len = buffers.room_bytes();
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = buffers.group();
}

void Reactor::write_frame(Operation& operation, int fd, std::span<const std::byte> bytes,
                          std::uint16_t tag) {
    io_uring_sqe& sqe = next_request(operation, tag);
    io_uring_prep_write(&sqe, fd, bytes.data(), static_cast<unsigned>(bytes.size()),
                        static_cast<std::uint64_t>(-1));
    sqe.rw_flags = RWF_NOWAIT;
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void Reactor::accept(Operation& operation, int fd) {
    io_uring_prep_accept(&next_request(operation, 0), fd, nullptr, nullptr, SOCK_CLOEXEC);
}

void Reactor::connect(Operation& operation, int fd, const sockaddr* address, std::uint32_t bytes) {
    io_uring_prep_connect(&next_request(operation, 0), fd, address, bytes);
}

void Reactor::read(Operation& operation, int fd, std::span<std::byte> into) {
    // Offset -1: the file's own position, also for what cannot seek.
    io_uring_prep_read(&next_request(operation, 0), fd, into.data(),
                       static_cast<unsigned>(into.size()), static_cast<std::uint64_t>(-1));
}

void Reactor::write(Operation& operation, int fd, std::span<const std::byte> bytes) {
    io_uring_prep_write(&next_request(operation, 0), fd, bytes.data(),
                        static_cast<unsigned>(bytes.size()), static_cast<std::uint64_t>(-1));
}

void Reactor::send_message(Operation& operation, int fd, const msghdr& message) {
    io_uring_prep_sendmsg(&next_request(operation, 0), fd, &message, MSG_NOSIGNAL | MSG_WAITALL);
}

void Reactor::poll(Operation& operation, int fd, unsigned events) {
    io_uring_prep_poll_add(&next_request(operation, 0), fd, events);
}

namespace {

void store(Reactor::Timespec& timespec, TimePoint deadline) {
    const auto since = deadline.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    timespec.seconds = seconds.count();
    timespec.nanoseconds = (since - seconds).count();
}

static_assert(sizeof(Reactor::Timespec) == sizeof(__kernel_timespec));

}  // namespace

void Reactor::timeout(Operation& operation, Timespec& timespec, TimePoint deadline) {
    store(timespec, deadline);
    io_uring_prep_timeout(&next_request(operation, 0),
                          reinterpret_cast<__kernel_timespec*>(&timespec), 0, IORING_TIMEOUT_ABS);
}

void Reactor::change_timeout(Operation& operation, Timespec& timespec, TimePoint deadline) {
    store(timespec, deadline);
    const auto user_data = reinterpret_cast<std::uint64_t>(&operation);
    io_uring_sqe& sqe = next_request(operation, 0);
    --operation.in_flight_;  // the change itself is nobody's request
    io_uring_prep_timeout_update(&sqe, reinterpret_cast<__kernel_timespec*>(&timespec), user_data,
                                 IORING_TIMEOUT_ABS);
    sqe.user_data = 0;
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void Reactor::cancel(Operation& operation) {
    if (!operation.in_flight()) return;
    const auto user_data = reinterpret_cast<std::uint64_t>(&operation);
    io_uring_sqe& sqe = next_request(operation, 0);
    --operation.in_flight_;
    io_uring_prep_cancel64(&sqe, user_data, 0);
    sqe.user_data = 0;
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

}  // namespace switchd
