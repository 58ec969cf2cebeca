// A wire format: how rows become a request, and what an answer to it means. A new format is one file here
// and one line in formats.inc.
//
// Each event is encoded once; a request body is composed of any run of encoded events, so that a batch can be
// split.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/stored_row.h"
#include "forward/encode/verdict.h"

namespace eventlog::forward {

// What the encoders need of a target's options.
struct EncodeOptions {
    std::string user_principal = "service:events";
    bool user_is_actor = false;   // option user_id 'actor'
    size_t max_name_length = 64;  // characters of an event name or user id
    size_t max_value_length = 0;  // characters of a metadata value; 0: no limit

    bool operator==(const EncodeOptions&) const = default;
};

// One event in a format's terms.
struct Encoded {
    std::string body;                  // its part of a request body
    std::string group;                 // what `compose` gathers events by; empty where it does not
    std::vector<std::string> headers;  // header lines of its request, where a request holds one event

    void clear() {
        body.clear();
        group.clear();
        headers.clear();
    }
};

struct EncodedView {
    std::string_view body;
    std::string_view group;
};

// One attempt to send a request.
struct Attempt {
    event::Micros now = 0;   // the clock
    std::string_view token;  // the same whenever the same events are sent together
};

// How a key is sent.
struct KeyHeader {
    std::string_view name;
    std::string_view prefix;     // before the key
    bool is_basic_user = false;  // the key is the user name of Basic authentication, without password
};

struct Format {
    std::string_view name;
    std::string_view
        mode;  // value of the option `mode`; empty: the format has but one. The first is the default
    std::string_view content_type;
    KeyHeader key_header;
    std::string_view default_path;  // used when the url has no path
    bool gzip_by_default = false;
    // The endpoint's own limits; 0: none.
    size_t max_events = 0;         // events of a request
    size_t max_event_bytes = 0;    // of Encoded::body; a longer event is a dead letter
    size_t max_request_bytes = 0;  // of a body before compression
    // Encodes one event into `out`, which is clear; or returns why the endpoint would drop it (a dead
    // letter's reason, a sentence).
    std::optional<std::string> (*encode)(Encoded& out, const event::StoredRow& row,
                                         const EncodeOptions& options) = nullptr;
    // Appends the request body of these events, of which there is at least one.
    void (*compose)(std::string& body, std::span<const EncodedView> events, const Attempt& attempt) = nullptr;
    // Judges a complete answer by status and body (its first 64 KiB).
    Judgement (*judge)(long status, std::string_view body) = nullptr;
    // Adds header lines to every request; null: none.
    void (*add_headers)(std::vector<std::string>& headers, const Attempt& attempt) = nullptr;
    // Completes the url of a request; null: it is sent to as it is.
    void (*complete_url)(std::string& url, const Attempt& attempt) = nullptr;
};

// Encodes one event within the format's limits: like Format::encode, which it calls.
std::optional<std::string> encode_event(const Format& format, Encoded& out, const event::StoredRow& row,
                                        const EncodeOptions& options);

// Appends prefix, the events joined by separator, suffix.
void join_events(std::string& body, std::span<const EncodedView> events, std::string_view prefix,
                 std::string_view separator, std::string_view suffix);

// The format of that name and mode, or null. An empty mode is the format's first.
const Format* find_format(std::string_view name, std::string_view mode = {});
// The names of all formats, and the modes of one, joined by ", ", for a HINT.
std::string format_names();
std::string mode_names(std::string_view name);

#define FORMAT(format) extern const Format format;
#include "forward/encode/formats.inc"
#undef FORMAT

}  // namespace eventlog::forward
