#include "forward/encode/base64.h"

#include <openssl/evp.h>

namespace eventlog::forward {

std::string base64(std::string_view bytes) {
    // EVP_EncodeBlock adds a NUL at the end.
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                    reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.pop_back();
    return text;
}

}  // namespace eventlog::forward
