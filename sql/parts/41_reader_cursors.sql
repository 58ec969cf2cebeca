CREATE VIEW eventlog.reader_cursors AS
SELECT w.kind, w.name, w.from_snapshot, w.to_snapshot, w.start_after, w.opened_at, p.last_id, p.delivered, at.done, at.reading,
       CASE WHEN at.done THEN w.to_snapshot ELSE w.from_snapshot END AS settled_until
FROM eventlog.reader_window w
JOIN eventlog.reader_position p ON p.kind = w.kind AND p.name = w.name
CROSS JOIN LATERAL (
    SELECT w.to_snapshot IS NOT NULL AND p.win = w.win AND p.done AS done,
           w.to_snapshot IS NOT NULL AND p.win = w.win AND NOT p.done AND p.last_id IS NOT NULL AS reading
) at;
COMMENT ON VIEW eventlog.reader_cursors IS 'where each reader is: what its window and its position say together';
COMMENT ON COLUMN eventlog.reader_cursors.done IS 'its window is used up';
COMMENT ON COLUMN eventlog.reader_cursors.reading IS 'it is inside its window, behind last_id';
COMMENT ON COLUMN eventlog.reader_cursors.settled_until IS 'events that this snapshot sees have been read';
