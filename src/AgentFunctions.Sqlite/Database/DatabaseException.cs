using SQLitePCL;

namespace AgentFunctions.Sqlite.Database;

/// <summary>SQLite refused an operation; the writer and the readers turn it into an <see cref="AgentException"/>.</summary>
internal sealed class DatabaseException(int resultCode, string message) : Exception(message)
{
    /// <summary>Gets the extended result code.</summary>
    public int ResultCode { get; } = resultCode;

    /// <summary>Gets the primary result code, such as <c>SQLITE_FULL</c>.</summary>
    public int PrimaryCode => ResultCode & 0xFF;

    /// <summary>Gets whether there is no room on the disk.</summary>
    public bool IsFull => PrimaryCode == raw.SQLITE_FULL;

    /// <summary>Gets whether the file itself is damaged, or is none of SQLite's.</summary>
    public bool IsDamage => PrimaryCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>The error as callers see it.</summary>
    /// <param name="dataFile">The file, for the message.</param>
    public AgentException ToAgentException(string dataFile) => IsDamage
        ? new(ErrorCode.DataFileUnusable, $"The data file '{dataFile}' is damaged ({Message}); restore it from a copy.", this)
        : new(
            ErrorCode.EngineUnavailable,
            $"The data file '{dataFile}' cannot be written or read now: {Message}. Nothing was recorded; mend the cause and repeat.",
            this);
}
