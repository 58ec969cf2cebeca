#include "event/idempotency.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "event/wording.h"
#include "jsonb/canonical.h"

namespace eventlog::event {
namespace {

// Values one after the other, each behind its length, so that none can run into the next.
class Digested {
  public:
    void add(std::string_view text) {
        const int64_t size = given(text) ? static_cast<int64_t>(text.size()) : kAbsent;
        bytes_.append(reinterpret_cast<const char*>(&size), sizeof(size));
        bytes_.append(text);
    }

    template <typename Value>
    void add(const std::optional<Value>& value) {
        static_assert(std::has_unique_object_representations_v<Value> || std::is_same_v<Value, double>);
        add(value ? std::string_view(reinterpret_cast<const char*>(&*value), sizeof(Value))
                  : std::string_view());
    }

    void add(const jsonb::Container& json) {
        std::string text;
        jsonb::append_canonical(text, json, jsonb::Numbers::by_value);
        add(std::string_view(text));
    }

    Digest digest() const {
        unsigned char hash[EVP_MAX_MD_SIZE];
        if (EVP_Digest(bytes_.data(), bytes_.size(), hash, nullptr, EVP_sha256(), nullptr) != 1)
            throw std::runtime_error("SHA-256 failed");
        Digest digest;
        std::copy_n(hash, digest.size(), digest.begin());
        return digest;
    }

  private:
    static constexpr int64_t kAbsent = -1;
    std::string bytes_;
};

}  // namespace

Digest key_digest(const std::optional<ids::Uuid>& tenant, std::string_view source, std::string_view key) {
    Digested digested;
    digested.add(tenant);
    digested.add(source);
    digested.add(key);
    return digested.digest();
}

Digest payload_digest(const Event& event) {
    Digested digested;
    for (std::string_view text :
         {event.event_name, event.event_type, event.actor_type, event.actor_id, event.resource_type,
          event.resource_id, event.schema_version, event.app_version, event.sofa})
        digested.add(text);
    digested.add(event.origin);
    // Minus zero is zero.
    digested.add(event.value ? std::optional(*event.value + 0.0) : std::nullopt);
    digested.add(event.forward_to_statsig);
    digested.add(event.metadata);
    return digested.digest();
}

Problem key_reused(std::string_view key, const ids::Uuid& first) {
    char id[37] = {};
    ids::format_uuid(first, id);
    return {
        .rule = Rule::idempotency_key_reused,
        .field = Field::idempotency_key,
        .message = "idempotency_key " + quote(key) + " is that of another event",
        .detail = std::string("The first event with the key is ") + id + ", and was given differently.",
        .hint = "Call again with the very fields of the first call, or give each event a key of its own."};
}

}  // namespace eventlog::event
