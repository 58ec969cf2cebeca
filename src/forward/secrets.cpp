#include "forward/secrets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "forward/encode/answer_json.h"
#include "forward/encode/base64.h"
#include "forward/policy/header_lines.h"

namespace eventlog::forward {
namespace {

// Reads at most `most` + 1 bytes of a file. Returns the error number, or 0.
int read_start(const std::string& path, size_t most, std::string& text) {
    // With O_NONBLOCK, opening a FIFO that has no writer does not block.
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return errno;
    text.resize(most + 1);
    size_t size = 0;
    int error = 0;
    while (size < text.size()) {
        const ssize_t bytes = read(file, text.data() + size, text.size() - size);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) error = errno;
        if (bytes <= 0) break;
        size += static_cast<size_t>(bytes);
    }
    close(file);
    text.resize(size);
    return error;
}

bool check_key(const std::string& where, std::string& key, std::string& problem) {
    key.resize(key.find_last_not_of(" \t\r\n") + 1);
    if (key.empty())
        problem = where + " is empty";
    else if (key.size() > kMaxKeyBytes)
        problem = where + " has more than " + std::to_string(kMaxKeyBytes) + " bytes";
    else if (has_control(key))
        problem = where + " holds a control character, or more than one line";
    return problem.empty();
}

// Stores the key in `key`, which is left empty if the target has none.
bool fetch_key(const TargetOptions& options, std::string& key, std::string& problem) {
    switch (options.key_source) {
        case KeySource::none:
            return true;
        case KeySource::option:
            key = options.key;
            return true;
        case KeySource::file: {
            const std::string where = "file \"" + options.key + "\" of option api_key_file";
            if (int error = read_start(options.key, kMaxKeyBytes, key)) {
                problem = where + " cannot be read: " + strerror(error);
                return false;
            }
            return check_key(where, key, problem);
        }
        case KeySource::environment: {
            const std::string where = "variable \"" + options.key + "\" of option api_key_env";
            const char* value = getenv(options.key.c_str());
            if (value == nullptr) {
                problem = where + " is not set in the server's environment";
                return false;
            }
            key = value;
            return check_key(where, key, problem);
        }
    }
    return false;
}

// Adds the header line with the key. The key and the form in which it is sent become secrets.
void add_key(const KeyHeader& header, std::string& key, Credentials& credentials) {
    std::string sent;
    if (header.is_basic_user) {
        std::string user = key + ":";
        sent = base64(user);
        wipe(user);
        std::string copy = sent;
        credentials.secrets.add(std::move(copy));
    }
    std::string line(header.name);
    line.reserve(line.size() + sent.size() + key.size() + header.prefix.size() + 16);
    line += ": ";
    line += header.is_basic_user ? "Basic " : header.prefix;
    line += header.is_basic_user ? sent : key;
    wipe(sent);
    credentials.headers.add(std::move(line));
    credentials.secrets.add(std::move(key));
}

// Adds the line. Its whole value is a secret, and so is the part after the scheme in a value like `Bearer …`.
void add_line(const std::string& line, Credentials& credentials) {
    const bool for_proxy = header_name(line) == "proxy-authorization";
    (for_proxy ? credentials.proxy_headers : credentials.headers).add(std::string(line));
    const size_t value = line.find(": ") + 2;
    credentials.secrets.add(line.substr(value));
    const size_t space = line.find(' ', value);
    if (space != std::string::npos) credentials.secrets.add(line.substr(space + 1));
}

// Returns the length of the secret at the start of `text`, which may be spelled with JSON escapes, or 0. If
// the text `is_cut`, it may end within the secret.
size_t secret_size(std::string_view text, std::string_view secret, bool is_cut) {
    constexpr size_t kLongestEscape = 12;  // two code units
    if (secret.empty()) return 0;
    if (text.starts_with(secret)) return secret.size();
    size_t at = 0;
    std::string character;
    for (size_t known = 0; known < secret.size(); known += character.size()) {
        if (at == text.size()) return is_cut ? at : 0;
        size_t size = 1;
        character = text[at];
        if (text[at] == '\\') {
            character.clear();
            size = append_escaped(character, text.substr(at));
        }
        if (!secret.substr(known).starts_with(character))
            return is_cut && at > 0 && text[at] == '\\' && text.size() - at < kLongestEscape ? text.size()
                                                                                             : 0;
        at += size;
    }
    return at;
}

}  // namespace

std::string problem_of_key(const TargetOptions& options) {
    std::string key;
    std::string problem;
    fetch_key(options, key, problem);
    wipe(key);
    return problem;
}

std::string problem_of_file(std::string_view option, const std::string& path) {
    std::string start;
    const int error = read_start(path, 0, start);
    wipe(start);
    if (error == 0) return {};
    return "file \"" + path + "\" of option " + std::string(option) + " cannot be read: " + strerror(error);
}

bool fetch_credentials(const TargetOptions& options, Credentials& credentials, std::string& problem) {
    credentials = {};
    problem.clear();
    std::string key;
    const bool fetched = fetch_key(options, key, problem);
    if (fetched && !key.empty()) add_key(options.format->key_header, key, credentials);
    wipe(key);
    if (!fetched) return false;
    for (const std::string& line : options.secret_headers) add_line(line, credentials);
    return true;
}

std::string without_secrets(const SecretTexts& secrets, std::string_view text, bool is_cut) {
    constexpr std::string_view kStars = "***";
    std::string clean;
    while (!text.empty()) {
        size_t hidden = 0;
        for (const std::string& secret : secrets)
            hidden = std::max(hidden, secret_size(text, secret, is_cut));
        clean += hidden > 0 ? kStars : text.substr(0, 1);
        text.remove_prefix(std::max(hidden, size_t{1}));
    }
    return clean;
}

}  // namespace eventlog::forward
