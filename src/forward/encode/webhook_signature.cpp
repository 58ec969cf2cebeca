#include "forward/encode/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "forward/encode/base64.h"

namespace eventlog::forward {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr size_t kShortestKey = 24;
constexpr size_t kLongestKey = 64;

bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::optional<std::string> signing_key(std::string_view secret) {
    if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
    const size_t end = secret.find_last_not_of('=') + 1;
    const size_t padding = secret.size() - end;
    if (secret.empty() || secret.size() % 4 != 0 || padding > 2 || secret.size() > 4 * kLongestKey ||
        !std::all_of(secret.begin(), secret.begin() + static_cast<ptrdiff_t>(end), is_base64))
        return std::nullopt;
    std::string key(secret.size() / 4 * 3, '\0');
    const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                       reinterpret_cast<const unsigned char*>(secret.data()),
                                       static_cast<int>(secret.size()));
    if (length < 0) return std::nullopt;
    // EVP_DecodeBlock counts the padding as bytes.
    key.resize(static_cast<size_t>(length) - padding);
    if (key.size() < kShortestKey || key.size() > kLongestKey) return std::nullopt;
    return key;
}

bool add_signature(std::vector<std::string>& headers, std::string_view key, std::string_view id,
                   int64_t unix_seconds, std::string_view body) {
    const std::string timestamp = std::to_string(unix_seconds);
    std::string content;
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(id).append(".").append(timestamp).append(".").append(body);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest,
             &size) == nullptr)
        return false;
    headers.push_back("webhook-id: " + std::string(id));
    headers.push_back("webhook-timestamp: " + timestamp);
    headers.push_back("webhook-signature: v1," + base64({reinterpret_cast<const char*>(digest), size}));
    return true;
}

}  // namespace eventlog::forward
