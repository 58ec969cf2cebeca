// Readers of option values, one for each kind of value. Each stores the value that it has read, or returns a
// fault with a sentence that says what was expected.
#pragma once

#include "forward/options.h"

namespace eventlog::forward {

using OptionReader = OptionProblem (*)(TargetOptions& options, std::string_view value);

OptionProblem read_url(TargetOptions& options, std::string_view value);
OptionProblem read_format(TargetOptions& options, std::string_view value);
OptionProblem read_mode(TargetOptions& options, std::string_view value);
OptionProblem read_events(TargetOptions& options, std::string_view value);
OptionProblem read_start_at(TargetOptions& options, std::string_view value);
OptionProblem read_compression(TargetOptions& options, std::string_view value);
OptionProblem read_max_name_length(TargetOptions& options, std::string_view value);
OptionProblem read_max_value_length(TargetOptions& options, std::string_view value);
OptionProblem read_user_principal(TargetOptions& options, std::string_view value);
OptionProblem read_user_id(TargetOptions& options, std::string_view value);
OptionProblem read_headers(TargetOptions& options, std::string_view value);
OptionProblem read_proxy(TargetOptions& options, std::string_view value);
OptionProblem read_api_key(TargetOptions& options, std::string_view value);
OptionProblem read_api_key_file(TargetOptions& options, std::string_view value);
OptionProblem read_api_key_env(TargetOptions& options, std::string_view value);
OptionProblem read_secret_headers(TargetOptions& options, std::string_view value);
OptionProblem read_signing_secret(TargetOptions& options, std::string_view value);

// Reads an integer between `least` and `most`.
OptionProblem read_whole_number(std::string_view value, int least, int most, int& number);

template <int TargetOptions::*Member, int Least, int Most>
OptionProblem read_number(TargetOptions& options, std::string_view value) {
    return read_whole_number(value, Least, Most, options.*Member);
}

// Reads the absolute path of a file on the server.
OptionProblem read_path(std::string_view value, std::string& path);

template <std::string TargetOptions::*Member>
OptionProblem read_file(TargetOptions& options, std::string_view value) {
    return read_path(value, options.*Member);
}

// Returns the problem of an invalid value.
inline OptionProblem wanted(std::string sentence, std::string hint = "") {
    return {OptionFault::bad_value, std::move(sentence), std::move(hint)};
}

}  // namespace eventlog::forward
