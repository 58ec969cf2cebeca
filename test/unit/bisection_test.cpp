#include "ingest/bisection.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace eventlog::ingest {
namespace {

// The attempts that it takes to write `items`, of which the capital letters cannot be written.
std::vector<std::string> attempts(std::string items) {
    std::vector<std::string> made;
    bisect(std::span(items), [&made](std::span<char> some) {
        made.emplace_back(some.begin(), some.end());
        return some.size() == 1 || made.back().find_first_of("ABCDEFGH") == std::string::npos;
    });
    return made;
}

using Attempts = std::vector<std::string>;

TEST(Bisection, TakesOneAttemptWhenNothingFails) {
    EXPECT_EQ(attempts(""), Attempts{});
    EXPECT_EQ(attempts("a"), Attempts{"a"});
    EXPECT_EQ(attempts("abc"), Attempts{"abc"});
}

TEST(Bisection, GoesDownToTheOnesThatFail) {
    EXPECT_EQ(attempts("A"), Attempts{"A"});
    EXPECT_EQ(attempts("abcDefgh"), (Attempts{"abcDefgh", "abcD", "ab", "cD", "c", "D", "efgh"}));
    EXPECT_EQ(attempts("aBC"), (Attempts{"aBC", "a", "BC", "B", "C"}));
}

}  // namespace
}  // namespace eventlog::ingest
