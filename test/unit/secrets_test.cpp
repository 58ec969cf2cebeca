#include "forward/secrets.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const SecretTexts& texts) {
    return {texts.begin(), texts.end()};
}

TargetOptions options_with(KeySource source, std::string key, const Format& format) {
    TargetOptions options;
    options.format = &format;
    options.key_source = source;
    options.key = std::move(key);
    return options;
}

Format format_with(KeyHeader header) {
    Format format{};
    format.key_header = header;
    return format;
}

TEST(Secrets, PutsTheKeyIntoTheFormatsHeader) {
    const Format plain = format_with({"X-Key", ""});
    const Format bearer = format_with({"Authorization", "Bearer "});
    const Format basic = format_with({"Authorization", "", true});
    Credentials found;
    std::string problem;
    ASSERT_TRUE(fetch_credentials(options_with(KeySource::option, "k1", plain), found, problem));
    EXPECT_EQ(lines_of(found.headers), Lines{"X-Key: k1"});
    ASSERT_TRUE(fetch_credentials(options_with(KeySource::option, "k1", bearer), found, problem));
    EXPECT_EQ(lines_of(found.headers), Lines{"Authorization: Bearer k1"});
    ASSERT_TRUE(fetch_credentials(options_with(KeySource::option, "k1", basic), found, problem));
    EXPECT_EQ(lines_of(found.headers), Lines{"Authorization: Basic azE6"});
    EXPECT_EQ(without_secrets(found.secrets, "k1 azE6 k2"), "*** *** k2");
    ASSERT_TRUE(fetch_credentials(options_with(KeySource::none, "", plain), found, problem));
    EXPECT_EQ(lines_of(found.headers), Lines{});
}

TEST(Secrets, GivesProxiesTheirOwn) {
    const Format format = format_with({"X-Key", ""});
    TargetOptions options = options_with(KeySource::none, "", format);
    options.secret_headers = {"Authorization: Bearer abc", "Proxy-Authorization: Basic def",
                              "X-Api-Key: ghi"};
    Credentials found;
    std::string problem;
    ASSERT_TRUE(fetch_credentials(options, found, problem));
    EXPECT_EQ(lines_of(found.headers), (Lines{"Authorization: Bearer abc", "X-Api-Key: ghi"}));
    EXPECT_EQ(lines_of(found.proxy_headers), Lines{"Proxy-Authorization: Basic def"});
    EXPECT_EQ(without_secrets(found.secrets, "Bearer abc, abc, def, ghi, X-Api-Key"),
              "***, ***, ***, ***, X-Api-Key");
}

TEST(Secrets, FindsThemHoweverJsonSpellsThem) {
    SecretTexts secrets;
    secrets.add("k/\xC3\xA9\"1");
    EXPECT_EQ(without_secrets(secrets, "<k/\xC3\xA9\"1>"), "<***>");
    EXPECT_EQ(without_secrets(secrets, R"({"a":"k\/\u00e9\"1"})"), R"({"a":"***"})");
    EXPECT_EQ(without_secrets(secrets, R"(\u006b\u002F\u00E9\u0022\u0031k)"), "***k");
    EXPECT_EQ(without_secrets(secrets, R"(\u006c\u002F\u00E9\u0022\u0031)"),
              R"(\u006c\u002F\u00E9\u0022\u0031)");
    SecretTexts emoji;
    emoji.add("\xF0\x9F\x94\x91 Bearer a\\b");
    EXPECT_EQ(without_secrets(emoji, R"(\ud83d\udd11 Bearer a\\b, )"), "***, ");
    EXPECT_EQ(without_secrets(emoji, "\xF0\x9F\x94\x91 Bearer a\\b, "), "***, ");
}

TEST(Secrets, HidesTheBeginningOfOneThatTheEndOfTheTextCuts) {
    SecretTexts secrets;
    secrets.add("key-4711");
    for (const char* end : {"k", "key-471", "\\u006bey-", "key\\u002", "key\\"})
        EXPECT_EQ(without_secrets(secrets, "x " + std::string(end), true), "x ***") << end;
    EXPECT_EQ(without_secrets(secrets, "x key-471", false), "x key-471");
    EXPECT_EQ(without_secrets(secrets, "x key-472", true), "x key-472");
    EXPECT_EQ(without_secrets(secrets, "x key-4711 k.", true), "x *** k.");
}

TEST(Secrets, ReadsAFileOrSaysWhyNot) {
    char path[] = "/tmp/eventlog_key_XXXXXX";
    ASSERT_GE(close(mkstemp(path)), 0);
    const Format format = format_with({"X-Key", ""});
    const auto problem_with = [&](const std::string& content) {
        std::ofstream(path, std::ios::binary) << content;
        Credentials found;
        std::string problem = "of the last call";
        const bool good = fetch_credentials(options_with(KeySource::file, path, format), found, problem);
        EXPECT_EQ(good, problem.empty());
        EXPECT_EQ(lines_of(found.headers).size(), good ? 1u : 0u);
        return problem.substr(std::min(problem.size(), problem.find("api_key_file ") + 13));
    };
    EXPECT_EQ(problem_with("k1\r\n \n"), "");
    EXPECT_EQ(problem_with(std::string(kMaxKeyBytes, 'x')), "");
    EXPECT_EQ(problem_with(std::string(kMaxKeyBytes + 1, 'x')), "has more than 65536 bytes");
    EXPECT_EQ(problem_with(" \n"), "is empty");
    for (const char* content : {"k1\nk2", "k1\rk2", "k\x01", "k\x7f"})
        EXPECT_EQ(problem_with(content), "holds a control character, or more than one line");
    EXPECT_EQ(problem_with(std::string("k\0k", 3)), "holds a control character, or more than one line");
    unlink(path);
    Credentials found;
    std::string problem;
    EXPECT_FALSE(fetch_credentials(options_with(KeySource::file, path, format), found, problem));
    EXPECT_EQ(problem, "file \"" + std::string(path) +
                           "\" of option api_key_file cannot be read: No such file or directory");
}

TEST(Secrets, ReadsAVariableOrSaysWhyNot) {
    const Format format = format_with({"X-Key", ""});
    const TargetOptions options = options_with(KeySource::environment, "EVENTLOG_UNIT_TEST_KEY", format);
    Credentials found;
    std::string problem;
    setenv("EVENTLOG_UNIT_TEST_KEY", "k1", 1);
    EXPECT_TRUE(fetch_credentials(options, found, problem));
    EXPECT_EQ(lines_of(found.headers), Lines{"X-Key: k1"});
    setenv("EVENTLOG_UNIT_TEST_KEY", "", 1);
    EXPECT_FALSE(fetch_credentials(options, found, problem));
    EXPECT_EQ(problem, "variable \"EVENTLOG_UNIT_TEST_KEY\" of option api_key_env is empty");
    EXPECT_EQ(lines_of(found.headers), Lines{}) << "nothing of an earlier call";
    unsetenv("EVENTLOG_UNIT_TEST_KEY");
    EXPECT_FALSE(fetch_credentials(options, found, problem));
    EXPECT_EQ(
        problem,
        "variable \"EVENTLOG_UNIT_TEST_KEY\" of option api_key_env is not set in the server's environment");
}

TEST(Secrets, WipesAllThatATextHeld) {
    for (const size_t size : {4, 400}) {
        std::string text(size, 'x');
        const char* memory = text.data();
        text.resize(2);
        wipe(text);
        EXPECT_TRUE(text.empty());
        ASSERT_EQ(text.data(), memory) << "still the text's own";
        EXPECT_EQ(std::string(memory, size), std::string(size, '\0'));
    }
    std::string text = "x";
    SecretTexts texts;
    texts.add(std::move(text));
    EXPECT_TRUE(text.empty());
    SecretTexts others;
    others.add("y");
    others = std::move(texts);
    EXPECT_EQ(lines_of(others), Lines{"x"});
    EXPECT_EQ(lines_of(texts), Lines{});
}

}  // namespace
}  // namespace eventlog::forward
