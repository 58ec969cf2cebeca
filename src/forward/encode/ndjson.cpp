// NDJSON: one row of eventlog.events per line, as ClickHouse's JSONEachRow and other bulk loaders read it.
#include <algorithm>

#include "forward/encode/format.h"
#include "forward/encode/url_query.h"
#include "jsonb/canonical.h"

namespace eventlog::forward {

namespace {

std::optional<std::string> encode(Encoded& out, const event::StoredRow& row, const EncodeOptions&) {
    event::append_canonical(out.body, row);
    return std::nullopt;
}

// Encodes the metadata as a string of JSON text, for columns of type String or TEXT.
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

// Returns the code of ClickHouse's exception in the body, or an empty text. The exception may follow the
// beginning of an answer without fault.
std::string_view exception_in(std::string_view body) {
    constexpr std::string_view kBefore = "Code: ";
    constexpr std::string_view kBehind = ". DB::Exception";
    constexpr std::string_view kDigits = "0123456789";
    for (size_t at = 0; (at = body.find(kBefore, at)) != std::string_view::npos;) {
        at += kBefore.size();
        const size_t end = std::min(body.find_first_not_of(kDigits, at), body.size());
        if (end > at && body.substr(end).starts_with(kBehind)) return body.substr(at, end - at);
    }
    return {};
}

// ClickHouse sends 200 before it knows whether the statement succeeds.
Judgement judge(long status, std::string_view body) {
    const Verdict verdict = judge_status(status);
    const std::string_view code = verdict == Verdict::accepted ? exception_in(body) : std::string_view();
    if (!code.empty()) return {Verdict::retry, 0, "exception " + std::string(code)};
    return {verdict, 0, {}};
}

// Replaces `{batch}` in a url by the token of the batch. Unless the url sets them itself, adds the settings
// that make an INSERT of ClickHouse read our times, refuse a request that it could store only in part, and
// answer after the rows are stored.
void complete_url(std::string& url, const Attempt& attempt) {
    constexpr std::string_view kBatch = "{batch}";
    for (size_t at = 0; (at = url.find(kBatch, at)) != std::string::npos; at += attempt.token.size())
        url.replace(at, kBatch.size(), attempt.token);
    UrlQuery query(url);
    const std::string statement = query.value_of("query").value_or("");
    if (!is_clickhouse_insert(statement)) return;
    query.add_missing("date_time_input_format", "best_effort");
    query.add_missing("input_format_skip_unknown_fields", "0");
    // Versions of ClickHouse before 21.11 know neither setting.
    if (query.value_of("async_insert") || statement.find("async_insert") != std::string::npos)
        query.add_missing("wait_for_async_insert", "1");
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
