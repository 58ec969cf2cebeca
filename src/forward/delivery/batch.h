// A frozen batch on its way to one endpoint, and the state machine that splits it when the endpoint refuses.
//
//     Batch batch(format);
//     batch.add(event_id, encoded);         // in the log's order
//     batch.freeze(request_events);
//     while (batch.pending()) {
//         batch.body(out, attempt); ... send ...; batch.answered(judgement, status, reason);
//     }
//
// Ranges are sent front first, so events keep their order. A refused range of several events is halved and
// its halves take its place; a refused single event is set aside. When the endpoint takes a first range after
// it has refused single events only, those are sent once more: it may have been mended meanwhile. `retry`,
// `unauthorized` and `wrong_address` change nothing here: the caller waits and sends the same range again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "forward/encode/format.h"
#include "ids/uuid7.h"

namespace eventlog::forward {

struct RefusedEvent {
    ids::Uuid event_id;
    long status;         // HTTP status, 0 where the encoder refused
    std::string reason;  // what the endpoint answered (cut at kMaxReasonBytes, on a character), or the
                         // encoder's reason
    int attempts;        // requests that carried the event
};

class Batch {
  public:
    static constexpr size_t kMaxReasonBytes = 4096;

    explicit Batch(const Format& format) : format_(&format) {}

    void add(const ids::Uuid& event_id, const Encoded& encoded);
    // Sets an event aside that the encoder refused.
    void refuse(const ids::Uuid& event_id, std::string reason);
    // Call once after the last add. No request will carry more than `request_events` (1 or more), nor more
    // than the format allows; what is still longer than `limit` (1 or more) is halved until it is not, as if
    // the endpoint had answered 413.
    void freeze(size_t request_events, size_t limit = SIZE_MAX);

    const Format& format() const { return *format_; }
    // Nothing was added or set aside.
    bool empty() const { return events_.empty() && unencodable_.empty(); }
    size_t size() const { return events_.size(); }
    size_t bytes() const { return texts_.size(); }
    bool pending() const { return !ranges_.empty(); }
    // The events that an endpoint took, in order. Call when nothing is pending.
    std::vector<ids::Uuid> taken() const;
    // Events of the range to send next.
    size_t range_size() const;
    // Names the events of that range: the same whenever they are sent together, after a restart too.
    std::string token() const;
    // Writes the request body of that range.
    void body(std::string& out, const Attempt& attempt) const;
    // Header lines that its event brings.
    std::span<const std::string> headers() const;
    // Takes the endpoint's answer to that range; `reason` is what it said.
    void answered(const Judgement& judgement, long status, std::string_view reason);

    // Events that an endpoint accepted so far, those included that it says it left out.
    size_t accepted() const { return accepted_; }
    // Events that it says it left out.
    uint64_t left_out() const { return left_out_; }
    // Events set aside, in order: by the endpoint, by the encoder.
    const std::vector<RefusedEvent>& refused_by_endpoint() const { return refused_; }
    const std::vector<RefusedEvent>& refused_by_encoder() const { return unencodable_; }
    // True when nothing is pending and the endpoint refused every one of the events it was sent (one or
    // several).
    bool wholly_refused() const;

  private:
    struct Range {
        size_t first;
        size_t last;  // one past
        int attempts = 0;
    };
    struct Event {
        ids::Uuid id;
        size_t text_end;   // in texts_
        size_t group_end;  // in groups_
    };

    EncodedView view(size_t index) const;
    void send_refused_again();
    void push_halved(size_t first, size_t last, size_t limit);
    void halve_front();

    const Format* format_;
    std::string texts_;
    std::string groups_;
    std::vector<Event> events_;
    std::vector<std::vector<std::string>> headers_;  // one an event, or none at all
    std::deque<Range> ranges_;
    std::vector<RefusedEvent> refused_;
    std::vector<size_t> refused_at_;  // their places in events_
    std::vector<RefusedEvent> unencodable_;
    size_t accepted_ = 0;
    uint64_t left_out_ = 0;
};

}  // namespace eventlog::forward
