#include "forward/delivery/batch.h"

#include <algorithm>
#include <cassert>

#include "forward/delivery/reason.h"

namespace eventlog::forward {

void Batch::add(const ids::Uuid& event_id, std::string_view text) {
    texts_ += text;
    ends_.push_back(texts_.size());
    ids_.push_back(event_id);
}

void Batch::refuse(const ids::Uuid& event_id, std::string reason) {
    unencodable_.push_back({event_id, 0, readable_text(reason, kMaxReasonBytes), 0});
}

void Batch::freeze(size_t request_events) {
    assert(ranges_.empty());
    for (size_t first = 0; first < ids_.size(); first += request_events)
        ranges_.push_back({first, std::min(first + request_events, ids_.size())});
}

size_t Batch::range_size() const {
    return pending() ? ranges_.front().last - ranges_.front().first : 0;
}

void Batch::body(std::string& out) const {
    assert(pending());
    const Range& range = ranges_.front();
    size_t from = range.first == 0 ? 0 : ends_[range.first - 1];
    const size_t text_bytes = ends_[range.last - 1] - from;
    const size_t separator_bytes = (range_size() - 1) * format_->separator.size();

    out.clear();
    out.reserve(format_->prefix.size() + text_bytes + separator_bytes + format_->suffix.size());
    out += format_->prefix;
    for (size_t i = range.first; i < range.last; ++i) {
        if (i != range.first) out += format_->separator;
        out.append(texts_, from, ends_[i] - from);
        from = ends_[i];
    }
    out += format_->suffix;
}

void Batch::answered(Verdict verdict, long status, std::string_view reason) {
    assert(pending());
    Range& front = ranges_.front();
    ++front.attempts;
    switch (verdict) {
        case Verdict::accepted:
            accepted_ += range_size();
            ranges_.pop_front();
            break;
        case Verdict::event_refused:
        case Verdict::too_large:
            if (range_size() > 1) {
                halve_front();
            } else {
                refused_.push_back(
                    {ids_[front.first], status, readable_text(reason, kMaxReasonBytes), front.attempts});
                ranges_.pop_front();
            }
            break;
        case Verdict::retry:
        case Verdict::unauthorized:
        case Verdict::wrong_address:
            break;
    }
}

void Batch::halve_front() {
    Range second_half = ranges_.front();
    Range& first_half = ranges_.front();
    const size_t middle = first_half.first + range_size() / 2;
    first_half.last = middle;
    second_half.first = middle;
    ranges_.insert(ranges_.begin() + 1, second_half);
}

bool Batch::wholly_refused() const {
    return !pending() && accepted_ == 0 && !refused_.empty();
}

}  // namespace eventlog::forward
