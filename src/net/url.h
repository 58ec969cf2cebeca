// URLs of targets, as libcurl reads them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

namespace eventlog::net {

class Url {
  public:
    // `text` without a scheme is no URL.
    explicit Url(const std::string& text);

    bool valid() const { return url_ != nullptr; }
    // A part, or an empty text.
    std::string part(CURLUPart which) const;
    bool has_credentials() const;
    // The port, the scheme's own where none is given.
    int port() const;
    std::string with_path(std::string_view path);

  private:
    std::unique_ptr<CURLU, void (*)(CURLU*)> url_;
};

}  // namespace eventlog::net
