// A frozen batch on its way to one endpoint, and the state machine that splits it when the endpoint refuses
// it.
//
//     Batch batch(format);
//     batch.add(event_id, encoded);         // in the log's order
//     batch.freeze(request_events);
//     while (batch.pending()) {
//         batch.body(out, attempt); ... send ...; batch.answered(judgement, status, reason);
//     }
//
// Ranges are sent from the front, so events keep their order. If a range of several events is refused, its
// two halves replace it. If a single event is refused, it is set aside. If the endpoint takes its first range
// after it has refused only single events, those events are sent once more, because the endpoint may have
// been repaired in between. The verdicts `retry`, `unauthorized` and `wrong_address` change nothing here: the
// caller waits and sends the same range again.
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
    long status;         // HTTP status; 0 if the encoder refused the event
    std::string reason;  // the endpoint's answer (cut at kMaxReasonBytes, between characters), or the
                         // encoder's reason
    int attempts;        // number of requests that carried the event
};

class Batch {
  public:
    static constexpr size_t kMaxReasonBytes = 4096;

    explicit Batch(const Format& format) : format_(&format) {}

    void add(const ids::Uuid& event_id, const Encoded& encoded);
    // Sets aside an event that the encoder refused.
    void refuse(const ids::Uuid& event_id, std::string reason);
    // Ends the adding of events; it must be called exactly once. No request will hold more than
    // `request_events` (at least 1) events, nor more than the format allows. A longer range than `limit` (at
    // least 1) is halved until it fits, as if the endpoint had answered 413.
    void freeze(size_t request_events, size_t limit = SIZE_MAX);

    const Format& format() const { return *format_; }
    // Returns whether no event was added or set aside.
    bool empty() const { return events_.empty() && unencodable_.empty(); }
    size_t size() const { return events_.size(); }
    size_t bytes() const { return texts_.size(); }
    bool pending() const { return !ranges_.empty(); }
    // Returns the events that the endpoint took, in order. Call it only when nothing is pending.
    std::vector<ids::Uuid> taken() const;
    // Returns the number of events in the range to send next.
    size_t range_size() const;
    // Returns the name of that range. It is the same whenever the same events are sent together, even after a
    // restart.
    std::string token() const;
    // Writes the request body of that range.
    void body(std::string& out, const Attempt& attempt) const;
    // Returns the header lines that the range's event adds.
    std::span<const std::string> headers() const;
    // Applies the endpoint's answer to that range. `reason` is the text of the answer.
    void answered(const Judgement& judgement, long status, std::string_view reason);

    // Returns the number of events accepted so far, including those that the endpoint says it left out.
    size_t accepted() const { return accepted_; }
    // Returns the number of events that the endpoint says it left out.
    uint64_t left_out() const { return left_out_; }
    // Return the events that the endpoint or the encoder refused, in order.
    const std::vector<RefusedEvent>& refused_by_endpoint() const { return refused_; }
    const std::vector<RefusedEvent>& refused_by_encoder() const { return unencodable_; }
    // Returns whether nothing is pending and the endpoint refused every event that it was sent, be it one or
    // several.
    bool wholly_refused() const;

  private:
    struct Range {
        size_t first;
        size_t last;  // index after the last event
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
    std::vector<std::vector<std::string>> headers_;  // one entry per event, or none at all
    std::deque<Range> ranges_;
    std::vector<RefusedEvent> refused_;
    std::vector<size_t> refused_at_;  // indexes in events_
    std::vector<RefusedEvent> unencodable_;
    size_t accepted_ = 0;
    uint64_t left_out_ = 0;
};

}  // namespace eventlog::forward
