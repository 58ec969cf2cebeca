// Writes the events of a batch, all or nothing.
#pragma once

#include "pg/boundary.h"

#include "event/event.h"
#include "ids/uuid7.h"

namespace eventlog::ingest {

// Reads and checks the next event, and stores the canonical size of its metadata; returns false at the end
// of the batch. Throws pg::Error and pg::ServerError.
using NextEvent = std::function<bool(event::Event& event, size_t& metadata_bytes)>;

// Receives the id of each event, in order. Throws pg::ServerError.
using TakeId = std::function<void(const ids::Uuid& id)>;

// Writes every event of the batch. An error names the index of its event in DETAIL and CONTEXT. The memory of
// one event is freed before the next one is read.
void write_batch(const NextEvent& next, const TakeId& take_id);

}  // namespace eventlog::ingest
