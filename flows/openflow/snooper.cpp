#include "flows/openflow/snooper.h"

#include "flows/openflow/connection_set.h"
#include "flows/openflow/hello.h"

namespace switchd::openflow {

Snooper::Snooper(ConnectionSet& controllers, OutputListener* listener)
    : controllers_(controllers), listener_(listener), followed_(controllers.best_to_snoop()) {
    controllers_.add(*this);
    if (!followed_) return;
    Writer writer = out_.writer();
    encode_hello(writer, all_versions, 0);
}

Snooper::~Snooper() {
    controllers_.remove(*this);
}

void Snooper::overhear(const Connection& connection, ByteSpan messages) {
    if (&connection != followed_ || out_.size() + messages.size() > output_bytes_max) return;
    out_.writer().bytes(messages);
    if (listener_) listener_->output_ready();
}

void Snooper::connection_gone(const Connection& connection) {
    if (&connection != followed_) return;
    followed_ = nullptr;
    if (listener_) listener_->output_ready();
}

}  // namespace switchd::openflow
