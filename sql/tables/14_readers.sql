-- Snapshots are in a table of their own, so that the frequent update of a position does not copy them.
CREATE TABLE eventlog.reader_window (
    kind           text NOT NULL CHECK (kind IN ('target', 'consumer')),
    name           text NOT NULL,
    win            bigint NOT NULL DEFAULT 0,
    from_snapshot  pg_snapshot NOT NULL,
    to_snapshot    pg_snapshot,
    start_after    uuid,
    start_snapshot pg_snapshot NOT NULL,
    opened_at      timestamptz,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.reader_window IS 'the window of the log that each reader is reading';
COMMENT ON COLUMN eventlog.reader_window.kind IS 'kind of the reader: target or consumer';
COMMENT ON COLUMN eventlog.reader_window.name IS 'name of the target or consumer';
COMMENT ON COLUMN eventlog.reader_window.win IS
    'number of the window, which fences off a second process that reads for the same reader';
COMMENT ON COLUMN eventlog.reader_window.from_snapshot IS 'start of the window: events that this snapshot sees are before it';
COMMENT ON COLUMN eventlog.reader_window.to_snapshot IS 'end of the open window; NULL between windows';
COMMENT ON COLUMN eventlog.reader_window.start_after IS 'events up to this identifier are never read';
COMMENT ON COLUMN eventlog.reader_window.start_snapshot IS 'from_snapshot of the first window: events that it sees are never read';
COMMENT ON COLUMN eventlog.reader_window.opened_at IS 'time at which the open window was stored';

CREATE TABLE eventlog.reader_position (
    kind      text NOT NULL,
    name      text NOT NULL,
    win       bigint NOT NULL DEFAULT 0,
    last_id   uuid,
    done      boolean NOT NULL DEFAULT false,
    delivered bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.reader_position IS 'the position of each reader in its window';
COMMENT ON COLUMN eventlog.reader_position.kind IS 'kind of the reader: target or consumer';
COMMENT ON COLUMN eventlog.reader_position.name IS 'name of the target or consumer';
COMMENT ON COLUMN eventlog.reader_position.win IS
    'number of the window to which last_id and done apply; they mean nothing for a later window';
COMMENT ON COLUMN eventlog.reader_position.last_id IS 'last event that was read';
COMMENT ON COLUMN eventlog.reader_position.done IS 'whether the window is used up, so that the next one begins at its to_snapshot';
COMMENT ON COLUMN eventlog.reader_position.delivered IS 'number of events delivered since the reader was created';

SELECT pg_catalog.pg_extension_config_dump('eventlog.reader_window', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.reader_position', '');

CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.reader_window
    FOR EACH ROW EXECUTE FUNCTION eventlog_internal.replace_reader_row();
CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.reader_position
    FOR EACH ROW EXECUTE FUNCTION eventlog_internal.replace_reader_row();
ALTER TABLE eventlog.reader_window ENABLE ALWAYS TRIGGER replace_row;
ALTER TABLE eventlog.reader_position ENABLE ALWAYS TRIGGER replace_row;
