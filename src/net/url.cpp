#include "net/url.h"

#include <charconv>

namespace eventlog::net {
namespace {

std::string part_of(CURLU* url, CURLUPart which, unsigned flags) {
    char* found = nullptr;
    std::string copy = curl_url_get(url, which, &found, flags) == CURLUE_OK && found != nullptr ? found : "";
    curl_free(found);
    return copy;
}

}  // namespace

Url::Url(const std::string& text) : url_(curl_url(), curl_url_cleanup) {
    if (url_ && curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        url_.reset();
}

std::string Url::part(CURLUPart which) const {
    return part_of(url_.get(), which, 0);
}

bool Url::has_credentials() const {
    return !part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty();
}

int Url::port() const {
    std::string text = part_of(url_.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    int port = 0;
    std::from_chars(text.data(), text.data() + text.size(), port);
    return port;
}

std::string Url::with_path(std::string_view path) {
    std::string text(path);
    curl_url_set(url_.get(), CURLUPART_PATH, text.c_str(), 0);
    return part(CURLUPART_URL);
}

}  // namespace eventlog::net
