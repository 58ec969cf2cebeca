// A wire format: how rows become a request body, and what an answer to it means. One file a format;
// `find_format` reads the only table.
//
// The body of a request is prefix + events joined by separator + suffix, so that any run of encoded events
// can be sent on its own when a batch is split.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "event/stored_row.h"

namespace eventlog::forward {

// What the encoders need of a target's options.
struct EncodeOptions {
    std::string user_principal = "service:events";
    bool user_is_actor = false;   // option user_id 'actor'
    size_t max_name_length = 64;  // characters of an event name or user id
    size_t max_value_length = 0;  // characters of a metadata value; 0: no limit

    bool operator==(const EncodeOptions&) const = default;
};

// What an answer says of the events sent.
enum class Verdict : uint8_t {
    accepted,
    retry,          // 408, 429, 5xx, a lost connection, a 2xx that is no success: again later, unchanged
    event_refused,  // 400, 422: one of the events is at fault
    too_large,      // 413: fewer events a request
    unauthorized,   // 401, 403: the credentials are at fault
    wrong_address,  // 3xx, 404, 405, 410, 415 and any other status: the target is at fault
};

struct Format {
    std::string_view name;
    std::string_view content_type;
    std::string_view prefix;
    std::string_view separator;
    std::string_view suffix;
    std::string_view api_key_header;  // the header that carries the mapping's api_key, "Authorization:
                                      // Bearer" style excluded
    std::string_view default_path;    // used when the url has no path
    bool gzip_by_default;
    // Appends one event; or leaves `out` as it was and returns why the endpoint would drop it (a dead
    // letter's reason).
    std::optional<std::string> (*append)(std::string& out, const event::StoredRow& row,
                                         const EncodeOptions& options);
    // Judges a complete answer by status and body.
    Verdict (*judge)(long status, std::string_view body);
};

// The verdict of the HTTP status alone (the contract's rules; a format's judge refines 2xx by the body).
Verdict judge_status(long status);

// The format of that name, or null.
const Format* find_format(std::string_view name);
// The names of all formats, joined by ", ", for a HINT.
std::string format_names();

extern const Format kStatsig;
extern const Format kNdjson;

}  // namespace eventlog::forward
