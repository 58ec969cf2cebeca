#include "forward/delivery/batch.h"

#include <algorithm>
#include <cassert>

#include "forward/delivery/reason.h"
#include "ids/ulid.h"

namespace eventlog::forward {

void Batch::add(const ids::Uuid& event_id, const Encoded& encoded) {
    texts_ += encoded.body;
    groups_ += encoded.group;
    events_.push_back({event_id, texts_.size(), groups_.size()});
    if (!encoded.headers.empty()) {
        headers_.resize(events_.size());
        headers_.back() = encoded.headers;
    }
}

void Batch::refuse(const ids::Uuid& event_id, std::string reason) {
    unencodable_.push_back({event_id, 0, readable_text(reason, kMaxReasonBytes), 0});
}

void Batch::freeze(size_t request_events, size_t limit) {
    assert(ranges_.empty());
    if (format_->max_events > 0) request_events = std::min(request_events, format_->max_events);
    for (size_t first = 0; first < events_.size(); first += request_events)
        push_halved(first, std::min(first + request_events, events_.size()), limit);
}

void Batch::push_halved(size_t first, size_t last, size_t limit) {
    if (last - first <= limit) {
        ranges_.push_back({first, last});
        return;
    }
    const size_t middle = first + (last - first) / 2;
    push_halved(first, middle, limit);
    push_halved(middle, last, limit);
}

std::vector<ids::Uuid> Batch::taken() const {
    assert(!pending());
    std::vector<ids::Uuid> taken;
    auto refused = refused_.begin();
    for (const Event& event : events_) {
        if (refused != refused_.end() && refused->event_id == event.id)
            ++refused;
        else
            taken.push_back(event.id);
    }
    return taken;
}

size_t Batch::range_size() const {
    return pending() ? ranges_.front().last - ranges_.front().first : 0;
}

std::string Batch::token() const {
    assert(pending());
    const Range& range = ranges_.front();
    char ends[2 * ids::kUlidLength + 1];
    ids::format_ulid(events_[range.first].id, ends);
    ends[ids::kUlidLength] = '-';
    ids::format_ulid(events_[range.last - 1].id, ends + ids::kUlidLength + 1);
    return std::string(ends, sizeof(ends)) + "-" + std::to_string(range_size());
}

EncodedView Batch::view(size_t index) const {
    const Event before = index == 0 ? Event{{}, 0, 0} : events_[index - 1];
    const Event& event = events_[index];
    return {std::string_view(texts_).substr(before.text_end, event.text_end - before.text_end),
            std::string_view(groups_).substr(before.group_end, event.group_end - before.group_end)};
}

void Batch::body(std::string& out, const Attempt& attempt) const {
    assert(pending());
    std::vector<EncodedView> views;
    views.reserve(range_size());
    for (size_t i = ranges_.front().first; i < ranges_.front().last; ++i) views.push_back(view(i));
    out.clear();
    format_->compose(out, views, attempt);
}

std::span<const std::string> Batch::headers() const {
    const size_t first = ranges_.front().first;
    if (first < headers_.size()) return headers_[first];
    return {};
}

void Batch::answered(const Judgement& judgement, long status, std::string_view reason) {
    assert(pending());
    Range& front = ranges_.front();
    ++front.attempts;
    switch (judgement.verdict) {
        case Verdict::accepted: {
            const bool is_first = accepted_ == 0;
            accepted_ += range_size();
            left_out_ += judgement.rejected;
            ranges_.pop_front();
            if (is_first) send_refused_again();
            break;
        }
        case Verdict::event_refused:
        case Verdict::too_large:
            if (range_size() > 1) {
                halve_front();
            } else {
                refused_.push_back({events_[front.first].id, status, readable_text(reason, kMaxReasonBytes),
                                    front.attempts});
                refused_at_.push_back(front.first);
                ranges_.pop_front();
            }
            break;
        case Verdict::retry:
        case Verdict::unauthorized:
        case Verdict::wrong_address:
            break;
    }
}

void Batch::send_refused_again() {
    for (size_t i = refused_.size(); i-- > 0;)
        ranges_.push_front({refused_at_[i], refused_at_[i] + 1, refused_[i].attempts});
    refused_.clear();
    refused_at_.clear();
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
