#include "event/idempotency.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "jsonb/canonical.h"

namespace eventlog::event {
namespace {

// Adds each value behind its length, so that the end of one cannot be taken for the beginning of the next.
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

ScopedKey scoped_key(const IdempotencyKey& key) {
    ScopedKey scoped;
    std::copy(key.holder.begin(), key.holder.end(),
              std::copy(key.key.begin(), key.key.end(), scoped.begin()));
    return scoped;
}

Digest holder_digest(Holder kind, std::string_view name) {
    Digested digested;
    digested.add(std::optional(kind));
    digested.add(name);
    return digested.digest();
}

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
    // Minus zero counts as zero.
    digested.add(event.value ? std::optional(*event.value + 0.0) : std::nullopt);
    digested.add(event.forward_to_statsig);
    digested.add(event.metadata);
    return digested.digest();
}

rules::Violation key_reused(const Event& event, const ids::Uuid& first) {
    using rules::with;
    char id[37] = {};
    ids::format_uuid(first, id);
    return rules::violation<rules::Rule::idempotency_key_reused>(
        name_of(event, Field::idempotency_key), with<"key">(event.idempotency_key), with<"first">(id));
}

rules::Violation key_concurrent(const Event& event) {
    return rules::violation<rules::Rule::idempotency_key_concurrent>(name_of(event, Field::idempotency_key));
}

}  // namespace eventlog::event
