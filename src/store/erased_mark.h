// The key of an event's envelope, metadata -> '_eventLog', that says that the event has been erased.
#pragma once

#define EVENTLOG_ERASED_MARK "erased"
