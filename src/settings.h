// The extension's settings (eventlog.*), in the variables that the server keeps up to date.
#pragma once

#include <string_view>

#include "event/validate.h"
#include "net/host_policy.h"

namespace eventlog::settings {

enum class InsertMethod : int { automatic, executor };

// Session defaults, which every user may set. A null pointer or an empty text means that none is set.
extern char* source;
extern char* actor_type;
extern char* actor_id;
extern char* app_version;
extern char* traceparent;
extern bool forward_default;

extern int autonomous_timeout;  // milliseconds

// Settings that only a superuser may change.
extern int naming_policy;       // event::NamingPolicy
extern int max_metadata_bytes;  // bytes
extern int max_metadata_keys;
extern int insert_method;  // InsertMethod
extern int page_scan_rows;
extern int partition_width;  // minutes
extern int partitions_ahead;
extern int idempotency_window;  // seconds
extern int retention_max_size;  // megabytes; 0 for no limit
extern bool retention_ignores_readers;
extern bool sealing;
extern bool allow_drop;
extern bool forwarding;
extern char* databases;  // names, comma-separated; empty for all
extern char* allowed_hosts;
extern int autonomous_queue_size;  // kilobytes; fixed at server start
extern int poll_interval;          // milliseconds
extern int max_retry_interval;     // milliseconds

// Thresholds of eventlog.health(), which reads them through SQL.
extern int health_max_lag;  // seconds
extern int health_max_dead_letters;
extern int health_max_transaction_age;  // seconds

// Declares all settings. _PG_init calls it once.
void define();

event::Limits limits();

// Returns the policy that eventlog.allowed_hosts describes.
net::HostPolicy host_policy();

// Returns the text of a setting, or a view without data if the setting is not set.
std::string_view text_of(const char* setting);

}  // namespace eventlog::settings
