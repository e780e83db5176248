#include "switchd/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdlib>

#include "switchd/core/error.h"
#include "switchd/core/text_file.h"

namespace switchd {

namespace {

constexpr std::size_t record_bytes_max = SSL3_RT_MAX_PLAIN_LENGTH;

// What went wrong last, in the library's words.
std::string last_error() {
    const unsigned long error = ERR_get_error();
    ERR_clear_error();
    const char* const text = ERR_reason_error_string(error);
    return text ? text : "unknown error";
}

// The library's words fit only what is PEM at all.
std::string why_unusable(const std::string& path) {
    const auto text = read_text_file(path, TextSource::anything);
    if (!text) return errno_text(text.error());
    return text->find("-----BEGIN ") == std::string::npos ? "it is no PEM" : last_error();
}

// A file of which `done` says whether the library has taken it.
void require(bool done, const std::string& path, std::string_view option) {
    if (done) return;
    throw SetupError("cannot use '" + path + "' for TLS: " + why_unusable(path),
                     "name a readable PEM file with " + std::string(option));
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

void TlsStream::Free::operator()(ssl_st* stream) const {
    SSL_free(stream);
}

TlsContext::TlsContext(const TlsFiles& files) : context_(SSL_CTX_new(TLS_method())) {
    SSL_CTX* const context = context_.get();
    if (!context) throw SetupError("cannot set up TLS: " + last_error());
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // A key under a password would be asked for at the terminal.
    SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
    require(SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) == 1,
            files.certificate, "--certificate");
    require(
        SSL_CTX_use_PrivateKey_file(context, files.private_key.c_str(), SSL_FILETYPE_PEM) == 1 &&
            SSL_CTX_check_private_key(context) == 1,
        files.private_key, "--private-key");
    require(SSL_CTX_load_verify_locations(context, files.ca_certificate.c_str(), nullptr) == 1,
            files.ca_certificate, "--ca-cert");
    // Tells clients which of their certificates will do.
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files.ca_certificate.c_str()));
}

TlsStream::TlsStream(const TlsContext& context, Role role)
    : stream_(SSL_new(context.context_.get())) {
    BIO* const from_wire = BIO_new(BIO_s_mem());
    BIO* const to_wire = BIO_new(BIO_s_mem());
    if (!stream_ || !from_wire || !to_wire) std::abort();  // no memory
    SSL_set_bio(stream_.get(), from_wire, to_wire);
    if (role == Role::client) {
        SSL_set_connect_state(stream_.get());
        ERR_clear_error();
        SSL_do_handshake(stream_.get());  // the first words; what they are answered comes later
    } else {
        SSL_set_accept_state(stream_.get());
    }
}

bool TlsStream::receive(std::span<const std::byte> wire, std::vector<std::byte>& plain) {
    if (failed()) return false;
    ERR_clear_error();
    if (BIO_write(SSL_get_rbio(stream_.get()), wire.data(), static_cast<int>(wire.size())) !=
        static_cast<int>(wire.size()))
        return fail();
    std::array<std::byte, record_bytes_max> piece;
    while (true) {
        const int size = SSL_read(stream_.get(), piece.data(), static_cast<int>(piece.size()));
        if (size > 0) {
            plain.insert(plain.end(), piece.begin(), piece.begin() + size);
            continue;
        }
        switch (SSL_get_error(stream_.get(), size)) {
            case SSL_ERROR_WANT_READ: return true;
            case SSL_ERROR_ZERO_RETURN: say_goodbye(); return true;
            default: return fail();
        }
    }
}

void TlsStream::send(std::span<const std::byte> plain) {
    if (plain.empty() || failed()) return;
    ERR_clear_error();
    if (SSL_write(stream_.get(), plain.data(), static_cast<int>(plain.size())) !=
        static_cast<int>(plain.size()))
        fail();
}

void TlsStream::say_goodbye() {
    if (failed() || (SSL_get_shutdown(stream_.get()) & SSL_SENT_SHUTDOWN) != 0) return;
    ERR_clear_error();
    SSL_shutdown(stream_.get());
}

void TlsStream::take_wire(std::vector<std::byte>& into) {
    const std::size_t size = wire_size();
    const std::size_t before = into.size();
    into.resize(before + size);
    if (size > 0)
        BIO_read(SSL_get_wbio(stream_.get()), into.data() + before, static_cast<int>(size));
}

std::size_t TlsStream::wire_size() const {
    return BIO_ctrl_pending(SSL_get_wbio(stream_.get()));
}

bool TlsStream::established() const {
    return SSL_is_init_finished(stream_.get()) == 1;
}

bool TlsStream::peer_ended() const {
    return (SSL_get_shutdown(stream_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

bool TlsStream::fail() {
    const long verdict = SSL_get_verify_result(stream_.get());
    error_ = "TLS: " + last_error();
    if (verdict != X509_V_OK) error_ += std::string(": ") + X509_verify_cert_error_string(verdict);
    return false;
}

}  // namespace switchd
