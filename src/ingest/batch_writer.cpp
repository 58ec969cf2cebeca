#include "ingest/batch_writer.h"

#include "ingest/pipeline.h"

namespace eventlog::ingest {
namespace {

// Tells which event of a batch an error concerns, regardless of the code that raises it.
class EventIndex {
  public:
    EventIndex() {
        callback_.callback = [](void* index) {
            errcontext("event %d of the batch", *static_cast<int*>(index));
        };
        callback_.arg = &index_;
        callback_.previous = error_context_stack;
        error_context_stack = &callback_;
    }
    ~EventIndex() { error_context_stack = callback_.previous; }
    EventIndex(const EventIndex&) = delete;
    EventIndex& operator=(const EventIndex&) = delete;

    void advance() { index_++; }

    // Runs one event's work and adds the index to the DETAIL and CONTEXT of any error that it throws.
    template <typename Work>
    void run(Work&& work) {
        try {
            work();
        } catch (pg::Error& error) {
            if (!error.detail.empty()) error.detail += ' ';
            error.detail += "The event's index is " + std::to_string(index_) + ".";
            error.context = "event " + std::to_string(index_) + " of the batch";
            throw;
        } catch (pg::ServerError& error) {
            ErrorData* data = error.data;
            int index = index_;
            data->detail = pg::call([data, index] {
                return psprintf("%s%sThe event's index is %d.", data->detail != nullptr ? data->detail : "",
                                data->detail != nullptr ? " " : "", index);
            });
            throw;
        }
    }

  private:
    int index_ = 0;
    ErrorContextCallback callback_{};
};

}  // namespace

void write_batch(const NextEvent& next, const TakeId& take_id) {
    MemoryContext outer = CurrentMemoryContext;
    MemoryContext each = pg::call(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "eventlog event", ALLOCSET_DEFAULT_SIZES); });
    store::Insertion insertion = begin();
    EventIndex index;
    bool more = true;
    while (more) {
        MemoryContextSwitchTo(each);
        index.run([&] {
            event::Event event;
            size_t metadata_bytes = 0;
            more = next(event, metadata_bytes);
            if (more) take_id(write(insertion, event, metadata_bytes));
        });
        pg::call([each] { MemoryContextReset(each); });
        index.advance();
    }
    MemoryContextSwitchTo(outer);
    end(insertion);
    pg::call([each] { MemoryContextDelete(each); });
}

}  // namespace eventlog::ingest
