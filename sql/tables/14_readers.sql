-- Snapshots have a row of their own, so that the frequent change of a position does not copy them.
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
COMMENT ON TABLE eventlog.reader_window IS 'what each reader of the log is reading';
COMMENT ON COLUMN eventlog.reader_window.win IS 'number of the window: a fence against a second reader';
COMMENT ON COLUMN eventlog.reader_window.to_snapshot IS 'end of the open window; NULL between windows';
COMMENT ON COLUMN eventlog.reader_window.start_after IS 'events up to this id are not read';
COMMENT ON COLUMN eventlog.reader_window.start_snapshot IS 'from_snapshot of the first window: what it sees is not read';
COMMENT ON COLUMN eventlog.reader_window.opened_at IS 'when the open window was stored';

CREATE TABLE eventlog.reader_position (
    kind      text NOT NULL,
    name      text NOT NULL,
    win       bigint NOT NULL DEFAULT 0,
    last_id   uuid,
    done      boolean NOT NULL DEFAULT false,
    delivered bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 50);
COMMENT ON TABLE eventlog.reader_position IS 'how far each reader is in its window';
COMMENT ON COLUMN eventlog.reader_position.win IS 'the window that last_id and done speak of; they mean nothing for a later one';
COMMENT ON COLUMN eventlog.reader_position.last_id IS 'last event read';
COMMENT ON COLUMN eventlog.reader_position.done IS 'the window is used up: the next one begins at its to_snapshot';
COMMENT ON COLUMN eventlog.reader_position.delivered IS 'events delivered since the reader was made';

SELECT pg_catalog.pg_extension_config_dump('eventlog.reader_window', '');
SELECT pg_catalog.pg_extension_config_dump('eventlog.reader_position', '');

CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.reader_window
    FOR EACH ROW EXECUTE FUNCTION eventlog.replace_reader_row();
CREATE TRIGGER replace_row BEFORE INSERT ON eventlog.reader_position
    FOR EACH ROW EXECUTE FUNCTION eventlog.replace_reader_row();
ALTER TABLE eventlog.reader_window ENABLE ALWAYS TRIGGER replace_row;
ALTER TABLE eventlog.reader_position ENABLE ALWAYS TRIGGER replace_row;
