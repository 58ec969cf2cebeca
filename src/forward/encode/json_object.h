// Writes one JSON object member by member.
#pragma once

#include <string>
#include <string_view>

#include "jsonb/canonical.h"

namespace eventlog::forward {

// Keys must be plain ASCII without characters that JSON escapes.
class JsonObject {
  public:
    explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;

    // Begins a member. The caller appends the value to the string that is returned.
    std::string& member(std::string_view key) {
        if (!first_) out_ += ',';
        first_ = false;
        out_.append("\"").append(key).append("\":");
        return out_;
    }
    void text(std::string_view key, std::string_view value) { jsonb::append_quoted(member(key), value); }
    // Writes a text that needs no escapes.
    void plain(std::string_view key, std::string_view value) {
        member(key).append("\"").append(value).append("\"");
    }
    // Writes a text, or nothing if the text is absent.
    void given(std::string_view key, std::string_view value) {
        if (value.data() != nullptr) text(key, value);
    }
    void close() { out_ += '}'; }

  private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace eventlog::forward
