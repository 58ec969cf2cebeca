#include "forward/encode/webhook_signature.h"

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

// The vector of the specification.
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(WebhookSignature, SignsTheVector) {
    std::vector<std::string> headers{"before: it"};
    ASSERT_TRUE(add_signature(headers, signing_key(kSecret).value(), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                              1614265330, R"({"test": 2432232314})"));
    EXPECT_EQ(headers,
              (std::vector<std::string>{
                  "before: it", "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
                  "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}));
}

TEST(WebhookSignature, TakesASecretWithoutItsPrefix) {
    EXPECT_EQ(signing_key(kSecret.substr(6)), signing_key(kSecret));
    EXPECT_EQ(signing_key(kSecret)->size(), 24u);
}

TEST(WebhookSignature, TakesKeysOf24To64Bytes) {
    const auto key_of = [](size_t bytes) {
        // Base64 of so many zero bytes.
        std::string text((bytes * 8 + 5) / 6, 'A');
        text.append((4 - text.size() % 4) % 4, '=');
        return signing_key("whsec_" + text);
    };
    EXPECT_FALSE(key_of(23));
    for (size_t bytes = 24; bytes <= 64; ++bytes) {
        ASSERT_TRUE(key_of(bytes)) << bytes;
        EXPECT_EQ(key_of(bytes)->size(), bytes);
    }
    EXPECT_FALSE(key_of(65));
    EXPECT_FALSE(key_of(66));
}

TEST(WebhookSignature, RefusesWhatIsNoBase64) {
    for (const char* secret :
         {"", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La===a",
          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL ==", "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw==="})
        EXPECT_FALSE(signing_key(secret)) << secret;
}

}  // namespace
}  // namespace eventlog::forward
