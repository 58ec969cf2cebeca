#include "ids/ulid.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace eventlog::ids {
namespace {

constexpr Uuid kExample = {0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3,
                           0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
constexpr std::string_view kExampleText = "01FWHE4YDGFK1SHH6W1G60EECF";

std::string text_of(const Uuid& id) {
    std::string out(kUlidLength, '?');
    format_ulid(id, out.data());
    return out;
}

TEST(Ulid, Example) {
    EXPECT_EQ(text_of(kExample), kExampleText);
    EXPECT_EQ(parse_ulid(kExampleText), kExample);
}

TEST(Ulid, LeastAndGreatest) {
    Uuid greatest;
    greatest.fill(0xFF);
    EXPECT_EQ(text_of(Uuid{}), "00000000000000000000000000");
    EXPECT_EQ(text_of(greatest), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    EXPECT_EQ(parse_ulid("00000000000000000000000000"), Uuid{});
    EXPECT_EQ(parse_ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), greatest);
}

TEST(Ulid, MoreThan128Bits) {
    for (const char first : std::string_view("89AZz"))
        EXPECT_FALSE(parse_ulid(first + std::string(25, '0')).has_value()) << first;
}

TEST(Ulid, LowerCaseAndAliases) {
    EXPECT_EQ(parse_ulid("01fwhe4ydgfk1shh6w1g60eecf"), kExample);
    EXPECT_EQ(parse_ulid("OiFWHE4YDGFKLSHH6WIG6oEECF"), kExample);
    EXPECT_EQ(parse_ulid("olFWHE4YDGFKISHH6WlG6OEECF"), kExample);
    EXPECT_EQ(parse_ulid("I" + std::string(25, '0')), parse_ulid("1" + std::string(25, '0')));
}

TEST(Ulid, Refused) {
    EXPECT_FALSE(parse_ulid("").has_value());
    EXPECT_FALSE(parse_ulid(kExampleText.substr(1)).has_value());
    EXPECT_FALSE(parse_ulid(std::string(kExampleText) + "0").has_value());
    for (const char byte : {'u', 'U', '-', ' ', '\0', '@', '[', '`', '{', '/', ':', '\x80', '\xff'}) {
        for (size_t place = 0; place < kUlidLength; ++place) {
            std::string text(kExampleText);
            text[place] = byte;
            EXPECT_FALSE(parse_ulid(text).has_value()) << int{byte} << " at " << place;
        }
    }
}

TEST(Ulid, RoundTripAndOrder) {
    std::mt19937_64 random(13);
    Uuid before{};
    for (int i = 0; i < 10000; ++i) {
        Uuid id;
        for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
        ASSERT_EQ(parse_ulid(text_of(id)), id);
        ASSERT_EQ(text_of(before) < text_of(id), before < id);
        before = id;
    }
}

}  // namespace
}  // namespace eventlog::ids
