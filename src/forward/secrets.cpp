#include "forward/secrets.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace eventlog::forward {
namespace {

// Reads a file up to `most` bytes and one more; the error number, or 0.
int read_start(const std::string& path, size_t most, std::string& text) {
    // Not a FIFO, which nobody may write to.
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
    else if (key.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
        problem = where + " has more than one line";
    if (!problem.empty()) key.clear();
    return problem.empty();
}

}  // namespace

bool fetch_key(const TargetOptions& options, std::string& key, std::string& problem) {
    key.clear();
    problem.clear();
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

std::string without_secrets(const std::vector<std::string>& secrets, std::string text) {
    constexpr std::string_view kStars = "***";
    for (const std::string& secret : secrets) {
        if (secret.empty()) continue;
        for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kStars.size())
            text.replace(at, secret.size(), kStars);
    }
    return text;
}

}  // namespace eventlog::forward
