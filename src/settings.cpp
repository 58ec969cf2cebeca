#include "settings.h"

#include "pg/server.h"

#include "event/formats.h"
#include "event/normalise.h"
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

// A default for a text field obeys the field's own rules: no white space at the ends, no more than 256
// characters.
bool check_text(char** value, void**, GucSource) {
    if (*value == nullptr) return true;
    std::string_view text(*value);
    std::string_view trimmed = event::trim(text);
    if (event::characters(trimmed) > event::kMaxTextCharacters) {
        GUC_check_errdetail("The limit is %zu characters; found %zu.", event::kMaxTextCharacters,
                            event::characters(trimmed));
        return false;
    }
    memmove(*value, trimmed.data(), trimmed.size());
    (*value)[trimmed.size()] = '\0';
    return true;
}

bool check_traceparent(char** value, void**, GucSource) {
    if (*value == nullptr || **value == '\0' || event::trace_id_of_traceparent(*value)) return true;
    GUC_check_errdetail(
        "A W3C traceparent is wanted: version, trace id, parent id and flags in lower-case hex.");
    return false;
}

// Before the library was loaded nobody could check what the configuration says.
bool defining = false;

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
                "\"%s\" is not a host name, *.domain, address or CIDR range, with or without \":port\".";
            if (defining)
                ereport(WARNING, errmsg("eventlog.allowed_hosts cannot be read, so no host is allowed"),
                        errdetail(kWanted, entry));
            else
                GUC_check_errdetail(kWanted, entry);
        });
    });
    // A refused value would be replaced by the default, which allows nearly every host.
    return good || defining;
}

void define_text(const char* name, const char* what, char** variable, GucStringCheckHook check) {
    DefineCustomStringVariable(name, what, nullptr, variable, "", PGC_USERSET, 0, check, nullptr, nullptr);
}

// The server takes such a setting only while it preloads; a session that loads the library has no queue.
void define_queue_size() {
    // The least takes the largest envelope, however its JSON is stored.
    constexpr int kLeastKilobytes = 8192;
    if (!process_shared_preload_libraries_in_progress) return;
    DefineCustomIntVariable("eventlog.autonomous_queue_size",
                            "Memory for autonomous events that wait to be written, of all databases.",
                            nullptr, &autonomous_queue_size, 16384, kLeastKilobytes, 1024 * 1024,
                            PGC_POSTMASTER, GUC_UNIT_KB, nullptr, nullptr, nullptr);
}

}  // namespace

void define() {
    define_text("eventlog.source", "Default of an event's source: the service or module that logs.", &source,
                check_text);
    define_text("eventlog.actor_type", "Default of an event's actor_type, together with eventlog.actor_id.",
                &actor_type, check_text);
    define_text("eventlog.actor_id", "Default of an event's actor_id, together with eventlog.actor_type.",
                &actor_id, check_text);
    define_text("eventlog.app_version", "Default of an event's app_version.", &app_version, check_text);
    define_text("eventlog.traceparent", "W3C traceparent whose trace id events get by default.", &traceparent,
                check_traceparent);
    DefineCustomBoolVariable("eventlog.forward_default", "Default of log_event's forward_to_statsig.",
                             nullptr, &forward_default, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "eventlog.autonomous_timeout", "How long log_event_autonomous waits for its event to be written.",
        nullptr, &autonomous_timeout, 10000, 1, 3600000, PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);

    DefineCustomEnumVariable("eventlog.naming_policy", "What an event name must look like.", nullptr,
                             &naming_policy, static_cast<int>(event::NamingPolicy::any), kNamingPolicies,
                             PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("eventlog.max_metadata_bytes", "Largest metadata of an event, as canonical JSON.",
                            nullptr, &max_metadata_bytes, 65536, 2,
                            static_cast<int>(event::kMaxEnvelopeBytes), PGC_SUSET, GUC_UNIT_BYTE, nullptr,
                            nullptr, nullptr);
    DefineCustomIntVariable("eventlog.max_metadata_keys", "Most top-level keys of an event's metadata.",
                            nullptr, &max_metadata_keys, 256, 0, 65536, PGC_SUSET, 0, nullptr, nullptr,
                            nullptr);
    DefineCustomEnumVariable("eventlog.insert_method",
                             "How events are written: auto takes the direct way where the table allows it.",
                             nullptr, &insert_method, static_cast<int>(InsertMethod::automatic),
                             kInsertMethods, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("eventlog.page_scan_rows",
                            "Most rows that a page of list_events or find_events examines.", nullptr,
                            &page_scan_rows, 100000, 1, INT_MAX, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("eventlog.partition_width", "Time span of a partition made from now on.", nullptr,
                            &partition_width, 1440, 1, kMinutesOfYear, PGC_SUSET, GUC_UNIT_MIN, nullptr,
                            nullptr, nullptr);
    DefineCustomIntVariable("eventlog.partitions_ahead", "Partitions kept ready after the current one.",
                            nullptr, &partitions_ahead, 2, 0, 1000, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("eventlog.idempotency_window",
                            "How long a second call with an idempotency key is the first one again.", nullptr,
                            &idempotency_window, 86400, 1, kSecondsOfYear, PGC_SUSET, GUC_UNIT_S, nullptr,
                            nullptr, nullptr);
    DefineCustomIntVariable("eventlog.retention_max_size",
                            "Size of eventlog.events above which its oldest partitions are dropped; 0: none.",
                            nullptr, &retention_max_size, 0, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MB, nullptr,
                            nullptr, nullptr);
    DefineCustomBoolVariable("eventlog.retention_ignores_readers",
                             "Whether retention drops what a target or consumer has still to read.", nullptr,
                             &retention_ignores_readers, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable("eventlog.forwarding", "Whether events are sent to targets.", nullptr,
                             &forwarding, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable(
        "eventlog.databases",
        "Databases that get a worker, comma-separated; empty for every one with the extension.", nullptr,
        &databases, "", PGC_SIGHUP, GUC_LIST_INPUT, nullptr, nullptr, nullptr);
    defining = true;
    DefineCustomStringVariable(
        "eventlog.allowed_hosts",
        "Hosts that targets may name, comma-separated; empty for all but link-local and metadata addresses.",
        "Names, *.domain, addresses and CIDR ranges, each with an optional port.", &allowed_hosts, "",
        PGC_SUSET, GUC_LIST_INPUT, check_allowed_hosts, nullptr, nullptr);
    defining = false;
    define_queue_size();
    DefineCustomIntVariable(
        "eventlog.poll_interval", "How often a worker looks for events that no commit told it of.", nullptr,
        &poll_interval, 1000, 10, 600000, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "eventlog.max_retry_interval", "Longest time between two attempts to reach an endpoint.", nullptr,
        &max_retry_interval, 60000, 100, 86400000, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "eventlog.health_max_lag",
        "Age of the oldest event that waits for a target, above which health() is degraded.", nullptr,
        &health_max_lag, 300, 0, INT_MAX, PGC_SUSET, GUC_UNIT_S, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "eventlog.health_max_dead_letters", "Number of dead letters above which health() is degraded.",
        nullptr, &health_max_dead_letters, 100, 0, INT_MAX, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("eventlog.health_max_transaction_age",
                            "Age of the oldest writing transaction, above which health() is degraded.",
                            nullptr, &health_max_transaction_age, 3600, 0, INT_MAX, PGC_SUSET, GUC_UNIT_S,
                            nullptr, nullptr, nullptr);
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
