// A wire format: how rows become a request, and how its answer is judged. A new format takes one file here
// and one line in formats.inc.
//
// Each event is encoded once. A request body can be composed of any sequence of encoded events, so that a
// batch can be split.
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

// The options of a target that the encoders use.
struct EncodeOptions {
    std::string user_principal = "service:events";
    bool user_is_actor = false;   // true for the option user_id 'actor'
    size_t max_name_length = 64;  // characters of an event name or user id
    size_t max_value_length = 0;  // characters of a metadata value; 0 for no limit

    bool operator==(const EncodeOptions&) const = default;
};

// One event, encoded for a format.
struct Encoded {
    std::string body;   // the event's part of a request body
    std::string group;  // key by which `compose` groups events; empty if it does not group them
    std::vector<std::string> headers;  // header lines of the request, if a request holds one event

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
    event::Micros now = 0;   // current time
    std::string_view token;  // the same whenever the same events are sent together
};

// The header that carries a key.
struct KeyHeader {
    std::string_view name;
    std::string_view prefix;     // before the key
    bool is_basic_user = false;  // the key is the user name of Basic authentication, without password
};

struct Format {
    std::string_view name;
    // The value of the option `mode`, or empty if the format has only one mode. The first mode is the
    // default.
    std::string_view mode;
    std::string_view content_type;
    KeyHeader key_header;
    std::string_view default_path;  // used when the url has no path
    bool gzip_by_default = false;
    bool only_flagged = false;  // whether only flagged events are sent by default
    // Whether a request without events exists, which records nothing and so can probe an endpoint.
    bool has_empty_request = true;
    // Limits of the endpoint itself; 0 means no limit.
    size_t max_events = 0;         // events per request
    size_t max_event_bytes = 0;    // of Encoded::body; a longer event becomes a dead letter
    size_t max_request_bytes = 0;  // of a body before compression
    // Encodes one event into `out`, which must be empty. If the endpoint would drop the event, returns the
    // reason as a sentence, which becomes the reason of a dead letter.
    std::optional<std::string> (*encode)(Encoded& out, const event::StoredRow& row,
                                         const EncodeOptions& options) = nullptr;
    // Appends the request body of these events. There must be at least one.
    void (*compose)(std::string& body, std::span<const EncodedView> events, const Attempt& attempt) = nullptr;
    // Judges a complete answer by its status and the first 64 KiB of its body.
    Judgement (*judge)(long status, std::string_view body) = nullptr;
    // Adds header lines to every request. Null if there are none to add.
    void (*add_headers)(std::vector<std::string>& headers, const Attempt& attempt) = nullptr;
    // Completes the url of a request. Null if the url is used as it is.
    void (*complete_url)(std::string& url, const Attempt& attempt) = nullptr;
};

// Encodes one event with Format::encode, and also refuses it if it exceeds the format's limits.
std::optional<std::string> encode_event(const Format& format, Encoded& out, const event::StoredRow& row,
                                        const EncodeOptions& options);

// The header by which ClickHouse reports an exception, even in an answer that it began with 200.
inline constexpr std::string_view kExceptionHeader = "X-ClickHouse-Exception-Code";

// A complete answer.
struct Reply {
    long status = 0;
    std::string_view body;       // its first 64 KiB
    std::string_view exception;  // value of kExceptionHeader, or empty
};

// Judges the answer to a request of that many events. The endpoint cannot leave out more events than it was
// sent, whatever number it names.
Judgement judge_answer(const Format& format, const Reply& reply, size_t events);

// Appends the prefix, the events with the separator between them, and the suffix.
void join_events(std::string& body, std::span<const EncodedView> events, std::string_view prefix,
                 std::string_view separator, std::string_view suffix);

// Returns the format of that name and mode, or null. An empty mode stands for the format's first mode.
const Format* find_format(std::string_view name, std::string_view mode = {});
// Return the names of all formats, and the modes of one format, joined by ", " for use in a HINT.
std::string format_names();
std::string mode_names(std::string_view name);

#define FORMAT(format) extern const Format format;
#include "forward/encode/formats.inc"
#undef FORMAT

}  // namespace eventlog::forward
