#include "forward/quotations.h"

namespace eventlog::forward {
namespace {

#define LEFT_OUT "the endpoint took a request and left out "
#define BEFORE_WORDS ": "

}  // namespace

constinit const erasure::Quotation kQuotations[2] = {
    {"deadLetters",
     "UPDATE eventlog.dead_letters SET reason = '" EVENTLOG_ERASED_REASON
     "', body = NULL WHERE event_id = ANY ($1)",
     true},
    {nullptr,
     "UPDATE eventlog.targets SET last_error = split_part(last_error, '" BEFORE_WORDS "', 1)"
     " WHERE last_error LIKE '" LEFT_OUT "%" BEFORE_WORDS "%'",
     false},
};

std::string left_out_error(uint64_t events, std::string_view words) {
    std::string error = LEFT_OUT + std::to_string(events) + " of its events" BEFORE_WORDS;
    error += words;
    return error;
}

}  // namespace eventlog::forward
