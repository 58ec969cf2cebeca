// URLs of targets, as libcurl reads them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

namespace eventlog::net {

class Url {
  public:
    // A `text` without a scheme is not a valid URL.
    explicit Url(const std::string& text);

    bool valid() const { return url_ != nullptr; }
    // Returns a part of the URL, or an empty text if it is absent.
    std::string part(CURLUPart which) const;
    bool has_credentials() const;
    // Returns the port, or the default port of the scheme if the URL has none.
    int port() const;
    std::string with_path(std::string_view path);

  private:
    std::unique_ptr<CURLU, void (*)(CURLU*)> url_;
};

}  // namespace eventlog::net
