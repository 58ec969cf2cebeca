// NDJSON: one row of eventlog.events a line, as ClickHouse's JSONEachRow and other bulk loaders read it.
#include "forward/encode/format.h"

namespace eventlog::forward {

namespace {

std::optional<std::string> append(std::string& out, const event::StoredRow& row, const EncodeOptions&) {
    event::append_canonical(out, row);
    return std::nullopt;
}

Verdict judge(long status, std::string_view) {
    return judge_status(status);
}

}  // namespace

constinit const Format kNdjson = {
    .name = "ndjson",
    .content_type = "application/x-ndjson",
    .prefix = "",
    .separator = "\n",
    .suffix = "\n",
    .api_key_header = "X-ClickHouse-Key",
    .default_path = "/",
    .gzip_by_default = false,
    .append = append,
    .judge = judge,
};

}  // namespace eventlog::forward
