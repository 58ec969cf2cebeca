// NDJSON: one row of eventlog.events a line, as ClickHouse's JSONEachRow and other bulk loaders read it.
#include "forward/encode/format.h"

namespace eventlog::forward {

namespace {

std::optional<std::string> encode(Encoded& out, const event::StoredRow& row, const EncodeOptions&) {
    event::append_canonical(out.body, row);
    return std::nullopt;
}

void compose(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    join_events(body, events, "", "\n", "\n");
}

Judgement judge(long status, std::string_view) {
    return {judge_status(status), 0, {}};
}

}  // namespace

constinit const Format kNdjson = {
    .name = "ndjson",
    .mode = "",
    .content_type = "application/x-ndjson",
    .key_header = {"X-ClickHouse-Key", ""},
    .default_path = "/",
    .encode = encode,
    .compose = compose,
    .judge = judge,
};

}  // namespace eventlog::forward
