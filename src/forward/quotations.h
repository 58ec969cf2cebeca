// Texts of endpoints that may quote events, and how they are removed when the events are erased.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "erasure/erasure.h"

// The reason of a dead letter whose event has been erased. The letter itself stays, because an event that has
// not been delivered must not be forgotten.
#define EVENTLOG_ERASED_REASON "The event has been erased."

namespace eventlog::forward {

// The last error of a target whose endpoint took a request and says that it left out some of its events, with
// the endpoint's words.
std::string left_out_error(uint64_t events, std::string_view words);

// For erasure::register_quotations.
extern const erasure::Quotation kQuotations[2];

}  // namespace eventlog::forward
