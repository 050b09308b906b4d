import StreamingCore

extension Migration {
    /// Who of the transcode workers reads which partition.
    static let partitionLeases = Migration(version: 4, name: "0004_partition_leases", sql: partitionLeasesSQL)

    private static let partitionLeasesSQL = #"""
        -- Who of the transcode workers reads which partition of stream-frames. Times are this server's own.

        -- Workers that share partitions among themselves.
        CREATE TABLE lease_groups (
            name text PRIMARY KEY,
            -- Until then nobody's silence counts: no worker at all was heard before.
            settled_at timestamptz NOT NULL DEFAULT '-infinity'
        );

        -- A row is rewritten several times a second: the room left in each page keeps that from growing the table.
        CREATE TABLE lease_workers (
            group_name text NOT NULL,
            -- Another one for every start of a process.
            name text NOT NULL,
            seen_at timestamptz NOT NULL,
            -- How long it may be silent.
            lease_milliseconds bigint NOT NULL,
            is_leaving boolean NOT NULL,
            PRIMARY KEY (group_name, name)
        ) WITH (fillfactor = 50);

        CREATE TABLE partition_leases (
            group_name text NOT NULL,
            partition bigint NOT NULL,
            -- NULL when it is free. Not a reference: the row of a worker that is gone is removed.
            worker text,
            -- Rises with every claim: at least the time of the claim in milliseconds since 1970.
            fence bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (group_name, partition)
        ) WITH (fillfactor = 50);

        -- Whether a partition that a worker has may be claimed by another.
        CREATE FUNCTION lease_is_over(of_group text, of_worker text, moment timestamptz) RETURNS boolean
            LANGUAGE sql STABLE
        AS $$
            SELECT of_worker IS NULL OR (
                NOT EXISTS (
                    SELECT FROM lease_workers w WHERE w.group_name = of_group AND w.name = of_worker
                        AND w.seen_at + w.lease_milliseconds * interval '1 millisecond' > moment)
                AND NOT EXISTS (SELECT FROM lease_groups g WHERE g.name = of_group AND g.settled_at > moment))
        $$;

        -- Says that a worker lives, gives back its releases, gives it those of its claims that are free or whose worker
        -- is silent, and returns a row for each worker (without a partition) and for each partition that somebody has.
        --
        -- Who only renews locks nothing but its own row and does not wait for the disk. Changes are made one after the
        -- other.
        CREATE FUNCTION beat_partition_leases(
            of_group text, of_worker text, leaves boolean, lease bigint, settling bigint, partition_count bigint,
            claims bigint[], releases bigint[])
            RETURNS TABLE (
                worker text, remaining bigint, is_leaving boolean, partition bigint, fence bigint, settled boolean)
            LANGUAGE plpgsql
        AS $$
        #variable_conflict use_column
        DECLARE
            moment timestamptz := clock_timestamp();
            newest CONSTANT timestamptz := (SELECT max(w.seen_at) FROM lease_workers w WHERE w.group_name = of_group);
            settles timestamptz;
        BEGIN
            IF newest IS NULL THEN
                INSERT INTO lease_groups (name) VALUES (of_group) ON CONFLICT DO NOTHING;
            ELSIF newest < pg_postmaster_start_time() OR newest + lease * 2 / 3 * interval '1 millisecond' < moment THEN
                -- All were silent. It may be that they could not be heard.
                UPDATE lease_groups g SET settled_at = moment + settling * interval '1 millisecond'
                WHERE g.name = of_group;
            END IF;
            INSERT INTO lease_workers AS w (group_name, name, seen_at, lease_milliseconds, is_leaving)
            VALUES (of_group, of_worker, moment, lease, leaves)
            ON CONFLICT (group_name, name) DO UPDATE SET seen_at = excluded.seen_at,
                lease_milliseconds = excluded.lease_milliseconds, is_leaving = excluded.is_leaving;

            IF leaves OR cardinality(releases) > 0
                OR (SELECT count(*) FROM partition_leases p WHERE p.group_name = of_group) < partition_count
                OR EXISTS (
                    SELECT FROM partition_leases p WHERE p.group_name = of_group AND p.partition = ANY (claims)
                        AND p.worker IS DISTINCT FROM of_worker AND lease_is_over(of_group, p.worker, moment))
            THEN
                PERFORM pg_advisory_xact_lock(hashtextextended('sluice partition_leases ' || of_group, 0));
                moment := clock_timestamp();
                INSERT INTO partition_leases AS p (group_name, partition)
                SELECT of_group, number FROM generate_series(0, partition_count - 1) AS number ON CONFLICT DO NOTHING;
                UPDATE partition_leases p SET worker = NULL
                WHERE p.group_name = of_group AND p.partition = ANY (releases) AND p.worker = of_worker;
                UPDATE partition_leases p SET worker = of_worker,
                    fence = greatest(p.fence + 1, floor(extract(epoch FROM moment) * 1000)::bigint)
                WHERE p.group_name = of_group AND p.partition = ANY (claims) AND p.worker IS DISTINCT FROM of_worker
                    AND NOT leaves AND lease_is_over(of_group, p.worker, moment);
                -- Those that are gone; one that comes back at this very moment stays.
                DELETE FROM lease_workers w WHERE w.group_name = of_group AND w.name IN (
                    SELECT gone.name FROM lease_workers gone
                    WHERE gone.group_name = of_group
                        AND (gone.name = of_worker AND leaves OR gone.seen_at < moment - interval '1 minute')
                        AND NOT EXISTS (
                            SELECT FROM partition_leases p WHERE p.group_name = of_group AND p.worker = gone.name)
                    FOR UPDATE SKIP LOCKED);
            ELSE
                -- What an outage takes of renewals is no loss: nobody's silence counts after it.
                PERFORM set_config('synchronous_commit', 'off', true);
            END IF;

            settles := (SELECT g.settled_at FROM lease_groups g WHERE g.name = of_group);
            RETURN QUERY
            SELECT w.name,
                floor(extract(epoch FROM w.seen_at - moment) * 1000)::bigint + w.lease_milliseconds, w.is_leaving,
                NULL::bigint, NULL::bigint, settles <= moment
            FROM lease_workers w WHERE w.group_name = of_group ORDER BY w.name COLLATE "C";
            RETURN QUERY
            SELECT p.worker, NULL::bigint, NULL::boolean, p.partition, p.fence, settles <= moment
            FROM partition_leases p
            WHERE p.group_name = of_group AND p.worker IS NOT NULL AND p.partition < partition_count
            ORDER BY p.partition;
        END
        $$;

        """#
}
