ALTER TABLE eventlog.targets
    ADD COLUMN redriven_at timestamptz,
    ADD COLUMN redriven bigint,
    ADD COLUMN rewound_at timestamptz,
    ADD COLUMN rewound_until pg_snapshot,
    ADD COLUMN rewound_sent bigint;
