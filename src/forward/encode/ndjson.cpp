// NDJSON: one row of eventlog.events a line, as ClickHouse's JSONEachRow and other bulk loaders read it.
#include <algorithm>

#include "forward/encode/format.h"
#include "jsonb/canonical.h"

namespace eventlog::forward {

namespace {

std::optional<std::string> encode(Encoded& out, const event::StoredRow& row, const EncodeOptions&) {
    event::append_canonical(out.body, row);
    return std::nullopt;
}

// Metadata as a string of JSON text, for columns of type String or TEXT.
std::optional<std::string> encode_text(Encoded& out, const event::StoredRow& row, const EncodeOptions&) {
    constexpr std::string_view kKey = R"("metadata":)";
    event::append_canonical(out.body, row);
    const size_t at = out.body.find(kKey) + kKey.size();
    const size_t size = jsonb::canonical_size(row.metadata);
    std::string quoted;
    jsonb::append_quoted(quoted, std::string_view(out.body).substr(at, size));
    out.body.replace(at, size, quoted);
    return std::nullopt;
}

void compose(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    join_events(body, events, "", "\n", "\n");
}

Judgement judge(long status, std::string_view) {
    return {judge_status(status), 0, {}};
}

// Lower case, with spaces for what stands for them in a query.
std::string readable(std::string_view query) {
    std::string text;
    for (size_t i = 0; i < query.size(); ++i) {
        const char c = query[i];
        const bool escaped = query.substr(i).starts_with("%20");
        text += escaped || c == '+' ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (escaped) i += 2;
    }
    return text;
}

void add_setting(std::string& url, const std::string& query, std::string_view name, std::string_view value) {
    if (query.find(std::string(name) + "=") != std::string::npos) return;
    url.append("&").append(name).append("=").append(value);
}

// `{batch}` in a url is the batch's token. ClickHouse's INSERT gets what it needs to read our times, to
// refuse rows that it would store in part, and to answer when rows are stored, unless the url says otherwise.
void complete_url(std::string& url, const Attempt& attempt) {
    constexpr std::string_view kBatch = "{batch}";
    for (size_t at = 0; (at = url.find(kBatch, at)) != std::string::npos; at += attempt.token.size())
        url.replace(at, kBatch.size(), attempt.token);
    const size_t question = url.find('?');
    if (question == std::string::npos || url.find('#') != std::string::npos) return;
    const std::string query = readable(std::string_view(url).substr(question));
    if (query.find("query=insert into ") == std::string::npos ||
        query.find("format jsoneachrow") == std::string::npos)
        return;
    add_setting(url, query, "date_time_input_format", "best_effort");
    add_setting(url, query, "input_format_skip_unknown_fields", "0");
    if (query.find("&async_insert=1") != std::string::npos)
        add_setting(url, query, "wait_for_async_insert", "1");
}

}  // namespace

constinit const Format kNdjson = {
    .name = "ndjson",
    .mode = "object",
    .content_type = "application/x-ndjson",
    .key_header = {"X-ClickHouse-Key", ""},
    .default_path = "/",
    .encode = encode,
    .compose = compose,
    .judge = judge,
    .complete_url = complete_url,
};

constinit const Format kNdjsonText = {
    .name = "ndjson",
    .mode = "text",
    .content_type = "application/x-ndjson",
    .key_header = {"X-ClickHouse-Key", ""},
    .default_path = "/",
    .encode = encode_text,
    .compose = compose,
    .judge = judge,
    .complete_url = complete_url,
};

}  // namespace eventlog::forward
