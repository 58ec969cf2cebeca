// The key in an event's envelope, metadata -> '_eventLog', that marks the event as erased.
#pragma once

#define EVENTLOG_ERASED_MARK "erased"
