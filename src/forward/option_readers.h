// Readers of option values, one for each kind. Each stores what it has read, or returns what is wrong with
// the value of the option `name`.
#pragma once

#include "forward/options.h"

namespace eventlog::forward {

using OptionResult = std::optional<rules::Violation>;
using OptionReader = OptionResult (*)(TargetOptions& options, std::string_view name, std::string_view value);

OptionResult read_url(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_format(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_mode(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_events(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_start_at(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_compression(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_max_name_length(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_max_value_length(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_user_principal(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_user_id(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_headers(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_proxy(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_api_key(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_api_key_file(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_api_key_env(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_secret_headers(TargetOptions& options, std::string_view name, std::string_view value);
OptionResult read_signing_secret(TargetOptions& options, std::string_view name, std::string_view value);

// An integer from `least` to `most`.
OptionResult read_integer(std::string_view name, std::string_view value, int least, int most, int& number);

template <int TargetOptions::*Member, int Least, int Most>
OptionResult read_number(TargetOptions& options, std::string_view name, std::string_view value) {
    return read_integer(name, value, Least, Most, options.*Member);
}

// The absolute path of a file of the server.
OptionResult read_path(std::string_view name, std::string_view value, std::string& path);

template <std::string TargetOptions::*Member>
OptionResult read_file(TargetOptions& options, std::string_view name, std::string_view value) {
    return read_path(name, value, options.*Member);
}

}  // namespace eventlog::forward
