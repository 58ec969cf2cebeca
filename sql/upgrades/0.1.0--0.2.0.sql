-- Parts that are new since 0.1.0 are included as they are; what older parts have changed is altered here.
\include 22_try_log_events.sql
\include 25_idempotency.sql
