#include "forward/options.h"

#include <charconv>
#include <memory>

#include <curl/curl.h>

#include "event/formats.h"
#include "event/normalise.h"
#include "ids/ulid.h"

namespace eventlog::forward {
namespace {

// Reads a value; the sentence that says what is wanted, or null when it is good.
using Reader = const char* (*)(TargetOptions& options, std::string_view value);

// A URL that libcurl has parsed.
class Url {
  public:
    explicit Url(const std::string& text) : url_(curl_url(), curl_url_cleanup) {
        if (url_ && curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) url_.reset();
    }
    bool valid() const { return url_ != nullptr; }

    std::string part(CURLUPart which) const {
        char* found = nullptr;
        std::string copy =
            curl_url_get(url_.get(), which, &found, 0) == CURLUE_OK && found != nullptr ? found : "";
        curl_free(found);
        return copy;
    }

    std::string with_path(std::string_view path) {
        std::string text(path);
        curl_url_set(url_.get(), CURLUPART_PATH, text.c_str(), 0);
        return part(CURLUPART_URL);
    }

  private:
    std::unique_ptr<CURLU, void (*)(CURLU*)> url_;
};

const char* read_url(TargetOptions& options, std::string_view value) {
    std::string text(value);
    Url url(text);
    std::string scheme = url.valid() ? url.part(CURLUPART_SCHEME) : "";
    if ((scheme != "http" && scheme != "https") || !url.part(CURLUPART_USER).empty() ||
        !url.part(CURLUPART_PASSWORD).empty() || value.find(":///") != std::string_view::npos)
        return "An absolute http or https URL without user name and password is wanted.";
    options.url = std::move(text);
    return nullptr;
}

const char* read_format(TargetOptions& options, std::string_view value) {
    options.format = find_format(value);
    return options.format != nullptr ? nullptr : "It is not the name of a format.";
}

const char* read_events(TargetOptions& options, std::string_view value) {
    if (value != "flagged" && value != "all") return "One of \"flagged\" and \"all\" is wanted.";
    options.events = value == "all" ? Selection::all : Selection::flagged;
    return nullptr;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (size_t i = 0; i < text.size(); i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

const char* read_start_at(TargetOptions& options, std::string_view value) {
    if (value != "now" && value != "beginning" && !ids::parse_ulid(value) && !is_uuid(value))
        return "One of \"now\", \"beginning\", a ULID and a uuid is wanted.";
    options.start_at = value;
    return nullptr;
}

bool read_number(std::string_view value, int least, int most, int& number) {
    int read = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
    if (error != std::errc() || end != value.data() + value.size() || read < least || read > most)
        return false;
    number = read;
    return true;
}

const char* read_batch_events(TargetOptions& options, std::string_view value) {
    return read_number(value, 1, 10000, options.batch_events) ? nullptr
                                                              : "A whole number from 1 to 10000 is wanted.";
}

const char* read_batch_bytes(TargetOptions& options, std::string_view value) {
    return read_number(value, 1024, 67108864, options.batch_bytes)
               ? nullptr
               : "A whole number from 1024 to 67108864 is wanted.";
}

const char* read_linger_ms(TargetOptions& options, std::string_view value) {
    return read_number(value, 0, 60000, options.linger_ms) ? nullptr
                                                           : "A whole number from 0 to 60000 is wanted.";
}

const char* read_timeout_ms(TargetOptions& options, std::string_view value) {
    return read_number(value, 1, 600000, options.timeout_ms) ? nullptr
                                                             : "A whole number from 1 to 600000 is wanted.";
}

const char* read_compression(TargetOptions& options, std::string_view value) {
    if (value != "gzip" && value != "none") return "One of \"gzip\" and \"none\" is wanted.";
    options.gzip = value == "gzip";
    return nullptr;
}

const char* read_max_name_length(TargetOptions& options, std::string_view value) {
    int length = 0;
    if (!read_number(value, 1, 256, length)) return "A whole number from 1 to 256 is wanted.";
    options.encode.max_name_length = static_cast<size_t>(length);
    return nullptr;
}

const char* read_max_value_length(TargetOptions& options, std::string_view value) {
    int length = 0;
    if (!read_number(value, 0, 1048576, length))
        return "A whole number from 0 (no limit) to 1048576 is wanted.";
    options.encode.max_value_length = static_cast<size_t>(length);
    return nullptr;
}

const char* read_user_principal(TargetOptions& options, std::string_view value) {
    if (event::trim(value).empty() || event::characters(value) > 64)
        return "A text of 1 to 64 characters is wanted.";
    options.encode.user_principal = event::trim(value);
    return nullptr;
}

const char* read_user_id(TargetOptions& options, std::string_view value) {
    if (value != "principal" && value != "actor") return "One of \"principal\" and \"actor\" is wanted.";
    options.encode.user_is_actor = value == "actor";
    return nullptr;
}

const char* read_api_key(TargetOptions& options, std::string_view value) {
    for (char c : value)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return "A key without control characters is wanted.";
    if (value.empty()) return "A key without control characters is wanted.";
    options.api_key = value;
    return nullptr;
}

struct Option {
    std::string_view name;
    OptionHome home;
    Reader read;
};

constexpr Option kOptions[] = {
    {"url", OptionHome::server, read_url},
    {"format", OptionHome::server, read_format},
    {"events", OptionHome::server, read_events},
    {"start_at", OptionHome::server, read_start_at},
    {"batch_events", OptionHome::server, read_batch_events},
    {"batch_bytes", OptionHome::server, read_batch_bytes},
    {"linger_ms", OptionHome::server, read_linger_ms},
    {"timeout_ms", OptionHome::server, read_timeout_ms},
    {"compression", OptionHome::server, read_compression},
    {"max_name_length", OptionHome::server, read_max_name_length},
    {"max_value_length", OptionHome::server, read_max_value_length},
    {"user_principal", OptionHome::server, read_user_principal},
    {"user_id", OptionHome::server, read_user_id},
    {"api_key", OptionHome::user_mapping, read_api_key},
};

std::string names_of(OptionHome home) {
    std::string names;
    for (const Option& option : kOptions) {
        if (option.home != home) continue;
        if (!names.empty()) names += ", ";
        names += option.name;
    }
    return names;
}

}  // namespace

OptionProblem set_option(TargetOptions& options, OptionHome home, std::string_view name,
                         std::string_view value) {
    for (const Option& option : kOptions) {
        if (option.home != home || option.name != name) continue;
        const char* wanted = option.read(options, value);
        if (wanted == nullptr) return {};
        std::string hint = option.read == read_format ? "Formats are: " + format_names() + "." : "";
        return {OptionFault::bad_value, wanted, std::move(hint)};
    }
    return {OptionFault::unknown_name, "", "Valid options here are: " + names_of(home) + "."};
}

std::string endpoint_of(const TargetOptions& options) {
    Url url(options.url);
    if (!url.valid() || url.part(CURLUPART_PATH) != "/") return options.url;
    return url.with_path(options.format->default_path);
}

std::string_view missing_option(const TargetOptions& options) {
    if (options.url.empty()) return "url";
    if (options.format == nullptr) return "format";
    return {};
}

}  // namespace eventlog::forward
