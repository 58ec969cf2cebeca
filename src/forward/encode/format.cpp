#include "forward/encode/format.h"

#include <algorithm>

namespace eventlog::forward {

namespace {

constexpr const Format* kFormats[] = {
#define FORMAT(format) &format,
#include "forward/encode/formats.inc"
#undef FORMAT
};

void add_name(std::string& names, std::string_view name) {
    if (!names.empty()) names += ", ";
    names += name;
}

}  // namespace

const Format* find_format(std::string_view name, std::string_view mode) {
    for (const Format* format : kFormats) {
        if (format->name == name && (mode.empty() || format->mode == mode)) return format;
    }
    return nullptr;
}

std::string format_names() {
    std::string names;
    std::string_view last;
    for (const Format* format : kFormats) {
        if (format->name != last) add_name(names, format->name);
        last = format->name;
    }
    return names;
}

std::string mode_names(std::string_view name) {
    std::string names;
    for (const Format* format : kFormats) {
        if (format->name == name && !format->mode.empty()) add_name(names, format->mode);
    }
    return names;
}

std::optional<std::string> encode_event(const Format& format, Encoded& out, const event::StoredRow& row,
                                        const EncodeOptions& options) {
    if (auto reason = format.encode(out, row, options)) return reason;
    if (format.max_event_bytes == 0 || out.body.size() <= format.max_event_bytes) return std::nullopt;
    return "The event has " + std::to_string(out.body.size()) +
           " bytes in the endpoint's format, which takes " + std::to_string(format.max_event_bytes) + ".";
}

Judgement judge_answer(const Format& format, const Reply& reply, size_t events) {
    Judgement judgement = format.judge(reply.status, reply.body);
    if (judgement.verdict == Verdict::accepted && !reply.exception.empty())
        judgement = {Verdict::retry, 0, "exception " + std::string(reply.exception)};
    judgement.rejected = std::min<uint64_t>(judgement.rejected, events);
    return judgement;
}

void join_events(std::string& body, std::span<const EncodedView> events, std::string_view prefix,
                 std::string_view separator, std::string_view suffix) {
    size_t bytes = prefix.size() + suffix.size();
    for (const EncodedView& event : events) bytes += event.body.size() + separator.size();
    body.reserve(body.size() + bytes);
    body += prefix;
    for (const EncodedView& event : events) {
        if (&event != events.data()) body += separator;
        body += event.body;
    }
    body += suffix;
}

}  // namespace eventlog::forward
