#include "forward/policy/header_lines.h"

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

using Lines = std::vector<std::string>;

TEST(HeaderLines, ReadsALineEach) {
    Lines lines;
    EXPECT_EQ(parse_headers("X-Tenant: acme\r\n\n  X-Env :x", true, lines).sentence,
              "Lines \"Name: value\" are wanted, one for each header.");
    lines.clear();
    EXPECT_EQ(parse_headers("\nX-Tenant:acme corp \r\n \nX-Env:  a: b\tc\n", false, lines).sentence, "");
    EXPECT_EQ(lines, (Lines{"X-Tenant: acme corp", "X-Env: a: b\tc"}));
    EXPECT_EQ(header_name(lines[0]), "x-tenant");
}

TEST(HeaderLines, RefusesWhatIsNoHeader) {
    for (const char* text :
         {"no colon", ": value", "a b: c", "X-\xc3\xa9: c", "X-A:", "X-A: \t", "X-A: a\x01", "X-A: a\rb"}) {
        Lines lines;
        EXPECT_NE(parse_headers(text, true, lines).sentence, "") << text;
        EXPECT_TRUE(lines.empty()) << text;
    }
}

TEST(HeaderLines, RefusesWhatIsSetElsewhere) {
    for (const char* name :
         {"Content-Type", "content-length", "Host", "Transfer-Encoding", "Expect", "Connection"}) {
        Lines lines;
        EXPECT_EQ(parse_headers(std::string(name) + ": x", true, lines).sentence,
                  "Header \"" + std::string(name) + "\" is set by the extension itself.");
    }
}

TEST(HeaderLines, RefusesCredentialsWhereEveryoneCanRead) {
    for (const char* name :
         {"Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "statsig-api-key",
          "X-ClickHouse-Key", "X-Auth-Token", "Client-Secret", "X-Auth", "x-password", "X-Credentials"}) {
        Lines lines;
        const std::string line = std::string(name) + ": x";
        EXPECT_TRUE(parse_headers(line, false, lines).is_credential) << name;
        EXPECT_TRUE(lines.empty());
        EXPECT_EQ(parse_headers(line, true, lines).sentence, "") << name;
        EXPECT_EQ(lines, Lines{line});
    }
    for (const char* line : {"X-Forward: Bearer x", "X-Forward: basic eA=="}) {
        Lines lines;
        EXPECT_TRUE(parse_headers(line, false, lines).is_credential) << line;
    }
    Lines lines;
    EXPECT_EQ(parse_headers("X-ClickHouse-User: x\nX-Keyspace: y\nX-Plan: basics", false, lines).sentence,
              "");
}

}  // namespace
}  // namespace eventlog::forward
