// The options of a target: what CREATE SERVER … FOREIGN DATA WRAPPER eventlog and its user mapping take. One
// table serves the validator and the worker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forward/encode/format.h"

namespace eventlog::forward {

enum class Selection : uint8_t { flagged, all };

struct TargetOptions {
    std::string url;
    const Format* format = nullptr;
    Selection events = Selection::flagged;
    std::string start_at = "now";
    int batch_events = 500;
    int batch_bytes = 1048576;
    int linger_ms = 0;
    int timeout_ms = 30000;
    int max_in_flight = 1;
    std::optional<bool> gzip;  // not given: the format's default
    EncodeOptions encode;
    std::string api_key;  // from the user mapping

    bool operator==(const TargetOptions&) const = default;
    bool compresses() const { return gzip.value_or(format->gzip_by_default); }
};

// Where an option may stand.
enum class OptionHome : uint8_t { server, user_mapping };

enum class OptionFault : uint8_t { none, unknown_name, bad_value };

struct OptionProblem {
    OptionFault fault = OptionFault::none;
    std::string detail;  // a sentence
    std::string hint;    // a sentence
};

// Reads one option into `options`.
OptionProblem set_option(TargetOptions& options, OptionHome home, std::string_view name,
                         std::string_view value);

// The address that requests go to: the url, with the format's default path where it has none.
std::string endpoint_of(const TargetOptions& options);

// The first option that a complete server definition lacks, or an empty text.
std::string_view missing_option(const TargetOptions& options);

}  // namespace eventlog::forward
