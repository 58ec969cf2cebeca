#include "settings.h"

#include "pg/server.h"

#include "event/characters.h"
#include "event/trace_context.h"
#include "event/normalise.h"
#include "jsonb/utf8.h"
#include "pg/boundary.h"

namespace eventlog::settings {

char* source;
char* actor_type;
char* actor_id;
char* app_version;
char* traceparent;
bool forward_default = false;
int autonomous_timeout = 10000;
int naming_policy = static_cast<int>(event::NamingPolicy::any);
int max_metadata_bytes = 65536;
int max_metadata_keys = 256;
int insert_method = static_cast<int>(InsertMethod::automatic);
int page_scan_rows = 100000;
int partition_width = 1440;
int partitions_ahead = 2;
int idempotency_window = 86400;
int retention_max_size = 0;
bool retention_ignores_readers = false;
bool sealing = true;
bool allow_drop = false;
bool forwarding = true;
char* databases;
char* allowed_hosts;
int autonomous_queue_size = 16384;
int poll_interval = 1000;
int max_retry_interval = 60000;
int health_max_lag = 300;
int health_max_dead_letters = 100;
int health_max_transaction_age = 3600;

namespace {

constexpr int kMinutesOfYear = 366 * 24 * 60;
constexpr int kSecondsOfYear = kMinutesOfYear * 60;

const config_enum_entry kNamingPolicies[] = {
    {"any", static_cast<int>(event::NamingPolicy::any), false},
    {"dotted", static_cast<int>(event::NamingPolicy::dotted), false},
    {"strict", static_cast<int>(event::NamingPolicy::strict), false},
    {nullptr, 0, false},
};

const config_enum_entry kInsertMethods[] = {
    {"auto", static_cast<int>(InsertMethod::automatic), false},
    {"executor", static_cast<int>(InsertMethod::executor), false},
    {nullptr, 0, false},
};

// True while the settings are being defined. Settings may hold values that nobody could check before the
// library was loaded, and the server only warns of those that it cannot take.
bool defining = false;

// Returns whether the server raises an error for a value that a check refuses. Otherwise it warns and goes on
// without the value, as it does for a value that is stored in the catalog.
bool is_refused_with_error(GucSource source) {
    const bool stored = source >= PGC_S_GLOBAL && source <= PGC_S_DATABASE_USER;
    return !defining && !stored && !InitializingParallelWorker;
}

// A default for a text field obeys the rules of the field itself: it has no white space at its ends and at
// most 256 characters.
bool check_text(char** value, void**, GucSource source) {
    if (*value == nullptr) return true;
    std::string_view text(*value);
    std::string_view trimmed = event::trim(text);
    if (event::characters(trimmed) > event::kMaxTextCharacters) {
        GUC_check_errdetail("The limit is %zu characters, but the value has %zu.", event::kMaxTextCharacters,
                            event::characters(trimmed));
        return false;
    }
    // A bad text is kept where it could only be dropped, so that log calls are refused and not given another
    // default.
    if (!jsonb::is_utf8(trimmed) && is_refused_with_error(source)) {
        GUC_check_errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE);
        GUC_check_errdetail("The value is not valid UTF-8.");
        return false;
    }
    memmove(*value, trimmed.data(), trimmed.size());
    (*value)[trimmed.size()] = '\0';
    return true;
}

bool check_traceparent(char** value, void**, GucSource) {
    if (*value == nullptr || **value == '\0' || event::trace_id_of_traceparent(*value)) return true;
    GUC_check_errdetail(
        "Expected a W3C traceparent: version, trace id, parent id and flags in lower-case hexadecimal "
        "digits.");
    return false;
}

bool check_allowed_hosts(char** value, void**, GucSource) {
    if (*value == nullptr) return true;
    bool good = false;
    pg::enter([value, &good] {
        std::string bad_entry;
        good = net::HostPolicy::parse(*value, bad_entry).has_value();
        if (good) return;
        const char* entry = bad_entry.c_str();
        pg::call([entry] {
            constexpr const char* kWanted =
                "Entry \"%s\" is not a host name, *.domain, address or CIDR range, with or without "
                "\":port\".";
            if (defining)
                ereport(WARNING, errmsg("eventlog.allowed_hosts is invalid, so no host is allowed"),
                        errdetail(kWanted, entry));
            else
                GUC_check_errdetail(kWanted, entry);
        });
    });
    // If the value were refused, the server would use the default, which allows nearly every host.
    return good || defining;
}

// Each setting's default is the value that its variable has before the setting is defined.

void define_bool(const char* name, const char* what, bool& variable, GucContext context) {
    DefineCustomBoolVariable(name, what, nullptr, &variable, variable, context, 0, nullptr, nullptr, nullptr);
}

struct Range {
    int least;
    int most;
};

void define_int(const char* name, const char* what, int& variable, Range range, GucContext context,
                int unit = 0) {
    DefineCustomIntVariable(name, what, nullptr, &variable, variable, range.least, range.most, context, unit,
                            nullptr, nullptr, nullptr);
}

void define_enum(const char* name, const char* what, int& variable, const config_enum_entry* values) {
    DefineCustomEnumVariable(name, what, nullptr, &variable, variable, values, PGC_SUSET, 0, nullptr, nullptr,
                             nullptr);
}

// Defines a default for a text field of events; every user may set it.
void define_text(const char* name, const char* what, char*& variable, GucStringCheckHook check) {
    DefineCustomStringVariable(name, what, nullptr, &variable, "", PGC_USERSET, 0, check, nullptr, nullptr);
}

void define_list(const char* name, const char* what, const char* elements, char*& variable,
                 GucContext context, GucStringCheckHook check) {
    DefineCustomStringVariable(name, what, elements, &variable, "", context, GUC_LIST_INPUT, check, nullptr,
                               nullptr);
}

void define_session_defaults() {
    define_text("eventlog.source", "Sets the default source of events: the service or module that logs them.",
                source, check_text);
    define_text("eventlog.actor_type",
                "Sets the default actor_type of events, together with eventlog.actor_id.", actor_type,
                check_text);
    define_text("eventlog.actor_id",
                "Sets the default actor_id of events, together with eventlog.actor_type.", actor_id,
                check_text);
    define_text("eventlog.app_version", "Sets the default app_version of events.", app_version, check_text);
    define_text("eventlog.traceparent",
                "Sets the W3C traceparent from which events take their default trace_id.", traceparent,
                check_traceparent);
    define_bool("eventlog.forward_default", "Sets the default of forward_to_statsig.", forward_default,
                PGC_USERSET);
}

void define_logging() {
    define_enum("eventlog.naming_policy", "Sets the policy that event names must follow.", naming_policy,
                kNamingPolicies);
    define_int("eventlog.max_metadata_bytes",
               "Sets the maximum size of an event's metadata as canonical JSON.", max_metadata_bytes,
               {2, static_cast<int>(event::kMaxEnvelopeBytes)}, PGC_SUSET, GUC_UNIT_BYTE);
    define_int("eventlog.max_metadata_keys",
               "Sets the maximum number of top-level keys in an event's metadata.", max_metadata_keys,
               {0, 65536}, PGC_SUSET);
    define_enum("eventlog.insert_method",
                "Selects how events are written; auto bypasses the executor if the table allows it.",
                insert_method, kInsertMethods);
    define_int("eventlog.idempotency_window",
               "Sets the time within which a call with the same idempotency key returns the first event.",
               idempotency_window, {1, kSecondsOfYear}, PGC_SUSET, GUC_UNIT_S);
    define_int("eventlog.autonomous_timeout",
               "Sets the maximum time that log_event_autonomous() waits for its event to be written.",
               autonomous_timeout, {1, 3600000}, PGC_USERSET, GUC_UNIT_MS);
    // The server takes such a setting only while it preloads; a session that loads the library has no queue.
    // The least takes the largest envelope, however its JSON is stored.
    if (process_shared_preload_libraries_in_progress)
        define_int("eventlog.autonomous_queue_size",
                   "Sets the memory for autonomous events of all databases that are waiting to be written.",
                   autonomous_queue_size, {8192, 1024 * 1024}, PGC_POSTMASTER, GUC_UNIT_KB);
}

void define_storage() {
    define_int("eventlog.partition_width", "Sets the time span of new partitions.", partition_width,
               {1, kMinutesOfYear}, PGC_SUSET, GUC_UNIT_MIN);
    define_int("eventlog.partitions_ahead", "Sets the number of partitions that are created in advance.",
               partitions_ahead, {0, 1000}, PGC_SUSET);
    define_int(
        "eventlog.retention_max_size",
        "Sets the size of eventlog.events above which its oldest partitions are dropped; 0 means no limit.",
        retention_max_size, {0, INT_MAX}, PGC_SUSET, GUC_UNIT_MB);
    define_bool("eventlog.retention_ignores_readers",
                "Allows retention to drop events that a target or consumer has not read.",
                retention_ignores_readers, PGC_SUSET);
    define_bool("eventlog.sealing", "Seals partitions whose time is over, which retention requires.", sealing,
                PGC_SUSET);
    define_bool("eventlog.allow_drop", "Allows the extension to be dropped while the log holds events.",
                allow_drop, PGC_SUSET);
    define_int("eventlog.page_scan_rows",
               "Sets the maximum number of rows that list_events() and find_events() examine for a page.",
               page_scan_rows, {1, INT_MAX}, PGC_SUSET);
}

void define_forwarding() {
    define_bool("eventlog.forwarding", "Enables sending of events to targets.", forwarding, PGC_SUSET);
    define_list(
        "eventlog.databases",
        "Lists the databases that get a worker; an empty list means every database with the extension.",
        nullptr, databases, PGC_SIGHUP, nullptr);
    define_list("eventlog.allowed_hosts",
                "Lists the hosts that targets may name; an empty list allows all but link-local and metadata "
                "addresses.",
                "Entries are host names, *.domain, addresses and CIDR ranges, each with an optional port.",
                allowed_hosts, PGC_SUSET, check_allowed_hosts);
    define_int("eventlog.poll_interval",
               "Sets the interval at which a worker looks for events that no commit has notified it of.",
               poll_interval, {10, 600000}, PGC_SIGHUP, GUC_UNIT_MS);
    define_int("eventlog.max_retry_interval",
               "Sets the maximum time between two attempts to reach an endpoint.", max_retry_interval,
               {100, 86400000}, PGC_SIGHUP, GUC_UNIT_MS);
}

void define_health() {
    define_int("eventlog.health_max_lag",
               "Sets the age of the oldest unsent event above which health() reports a degraded state.",
               health_max_lag, {0, INT_MAX}, PGC_SUSET, GUC_UNIT_S);
    define_int("eventlog.health_max_dead_letters",
               "Sets the number of dead letters above which health() reports a degraded state.",
               health_max_dead_letters, {0, INT_MAX}, PGC_SUSET);
    define_int(
        "eventlog.health_max_transaction_age",
        "Sets the age of the oldest writing transaction above which health() reports a degraded state.",
        health_max_transaction_age, {0, INT_MAX}, PGC_SUSET, GUC_UNIT_S);
}

}  // namespace

void define() {
    defining = true;
    define_session_defaults();
    define_logging();
    define_storage();
    define_forwarding();
    define_health();
    defining = false;
    MarkGUCPrefixReserved("eventlog");
}

event::Limits limits() {
    return {.metadata_bytes = static_cast<size_t>(max_metadata_bytes),
            .metadata_keys = static_cast<size_t>(max_metadata_keys),
            .naming_policy = static_cast<event::NamingPolicy>(naming_policy)};
}

net::HostPolicy host_policy() {
    std::string bad_entry;
    return net::HostPolicy::parse(text_of(allowed_hosts), bad_entry).value_or(net::HostPolicy::of_nobody());
}

std::string_view text_of(const char* setting) {
    return setting == nullptr || *setting == '\0' ? std::string_view() : std::string_view(setting);
}

}  // namespace eventlog::settings
