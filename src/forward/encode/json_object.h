// Writes one JSON object member by member.
#pragma once

#include <string>
#include <string_view>

#include "jsonb/canonical.h"

namespace eventlog::forward {

// Keys are plain ASCII without anything to escape.
class JsonObject {
  public:
    explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;

    // Begins a member, whose value the caller appends to what it returns.
    std::string& member(std::string_view key) {
        if (!first_) out_ += ',';
        first_ = false;
        out_.append("\"").append(key).append("\":");
        return out_;
    }
    void text(std::string_view key, std::string_view value) { jsonb::append_quoted(member(key), value); }
    // A text that needs no escapes.
    void plain(std::string_view key, std::string_view value) {
        member(key).append("\"").append(value).append("\"");
    }
    // A text, left out where it is absent.
    void given(std::string_view key, std::string_view value) {
        if (value.data() != nullptr) text(key, value);
    }
    void close() { out_ += '}'; }

  private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace eventlog::forward
