-- Numbers that an endpoint made up. No more events can have been left out than were sent.
UPDATE eventlog.targets t SET left_out = p.delivered
FROM eventlog.reader_position p
WHERE p.kind = 'target' AND p.name = t.name AND t.left_out > p.delivered;
