namespace AgentFunctions.Sqlite.Database;

/// <summary>The tables, and how an older file becomes a present one.</summary>
internal static class Schema
{
    /// <summary>"AgFn": tells our files from other programs' databases.</summary>
    public const int ApplicationId = 0x4167466E;

    // One script per version, applied in order and never edited once released.
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE instances (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of creation, never used twice
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            status INTEGER NOT NULL,
            pending INTEGER NOT NULL,               -- 1: a start must look at it (a first turn or activities in flight)
            created INTEGER NOT NULL,               -- times are UTC ticks
            updated INTEGER NOT NULL,
            start_at INTEGER,
            execution BLOB NOT NULL,
            execution_at INTEGER NOT NULL,
            parent INTEGER,
            parent_id TEXT,
            parent_execution BLOB,
            parent_task INTEGER,
            custom_status TEXT,
            failure TEXT,
            output TEXT,
            input TEXT) STRICT;
        CREATE INDEX instances_pending ON instances (seq) WHERE pending = 1;
        CREATE INDEX instances_parent ON instances (parent) WHERE parent IS NOT NULL;

        -- One row per turn. Appended in order of time, so a group of turns touches few pages.
        CREATE TABLE history (
            pos INTEGER PRIMARY KEY,
            instance INTEGER NOT NULL,
            at INTEGER NOT NULL,
            events BLOB NOT NULL) STRICT;
        CREATE INDEX history_instance ON history (instance);

        CREATE TABLE timers (
            fire_at INTEGER NOT NULL,
            instance INTEGER NOT NULL,
            task INTEGER NOT NULL,                  -- -1: the scheduled start
            PRIMARY KEY (fire_at, instance, task)) STRICT, WITHOUT ROWID;

        -- What one instance told another and the other has not yet recorded.
        CREATE TABLE inbox (
            pos INTEGER PRIMARY KEY AUTOINCREMENT,
            instance INTEGER NOT NULL,
            message BLOB NOT NULL) STRICT;

        CREATE TABLE log_streams (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE log_entries (
            pos INTEGER PRIMARY KEY,
            stream INTEGER NOT NULL,
            position INTEGER NOT NULL,
            data BLOB NOT NULL) STRICT;
        CREATE UNIQUE INDEX log_entries_stream ON log_entries (stream, position);

        CREATE TABLE records (
            key TEXT PRIMARY KEY,
            etag BLOB NOT NULL,
            value BLOB NOT NULL) STRICT;

        CREATE TABLE blobs (
            hash BLOB PRIMARY KEY,
            content BLOB NOT NULL) STRICT;

        CREATE TABLE owner (
            process INTEGER NOT NULL) STRICT;
        """,
        """
        -- Which file this is and how many commits it has had: compared with its head, which lies beside the host's keys.
        CREATE TABLE head (
            epoch TEXT NOT NULL,
            count INTEGER NOT NULL) STRICT;
        CREATE TABLE head_starts (
            number INTEGER PRIMARY KEY,
            chain TEXT NOT NULL) STRICT;
        """,
    ];

    /// <summary>Gets the version that this program writes.</summary>
    public static int Version => Migrations.Length;

    /// <summary>Brings a file to the present version.</summary>
    /// <param name="connection">A connection that may write.</param>
    /// <param name="dataFile">The file, for messages.</param>
    public static void Migrate(Connection connection, string dataFile)
    {
        int version = Verify(connection, dataFile);
        if (version == Version)
        {
            return;
        }

        connection.Execute("BEGIN IMMEDIATE");
        for (int next = version; next < Version; next++)
        {
            connection.Execute(Migrations[next]);
        }

        connection.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}; COMMIT");
    }

    /// <summary>The version of a file: 0 for an empty one.</summary>
    /// <param name="connection">A connection that may read.</param>
    /// <param name="dataFile">The file, for messages.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: not ours, or from a newer program.</exception>
    public static int Verify(Connection connection, string dataFile)
    {
        long application = connection.Scalar("PRAGMA application_id");
        long version = connection.Scalar("PRAGMA user_version");
        if (application == 0 && version == 0 && connection.Scalar("SELECT count(*) FROM sqlite_schema") == 0)
        {
            return 0;
        }

        if (application != ApplicationId)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable, $"'{dataFile}' is a database of another program; choose another data file.");
        }

        return version <= Version ? (int)version : throw new AgentException(
            ErrorCode.DataFileUnusable,
            $"'{dataFile}' has schema version {version}, this program knows up to {Version}; use the newer program.");
    }
}
