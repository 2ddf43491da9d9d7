using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Operations;

/// <summary>Represents the status of a data file.</summary>
public sealed record DataFileStatus
{
    /// <summary>Gets the file.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the version of its tables.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Gets the process that has it open; <see langword="null"/> if none has.</summary>
    public int? InUseBy { get; init; }

    /// <summary>Gets how large the file is, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Gets how large the log beside it is, in bytes; what is in it moves to the file in time.</summary>
    public required long WalBytes { get; init; }

    /// <summary>Gets how many bytes of the file are free; <see cref="DataFile.Compact"/> gives them back.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Gets how many orchestrations there are, by status.</summary>
    public required IReadOnlyDictionary<OrchestrationStatus, long> Instances { get; init; }

    /// <summary>Gets how many turns are on record.</summary>
    public required long Turns { get; init; }

    /// <summary>Gets how many timers wait.</summary>
    public required long Timers { get; init; }

    /// <summary>Gets when the next timer is due (UTC); <see langword="null"/> if none waits.</summary>
    public DateTimeOffset? NextTimer { get; init; }

    /// <summary>Gets how many messages between orchestrations are under way.</summary>
    public required long Messages { get; init; }

    /// <summary>Gets how many log streams there are.</summary>
    public required long Streams { get; init; }

    /// <summary>Gets how many entries the streams have together.</summary>
    public required long StreamEntries { get; init; }

    /// <summary>Gets how many records there are.</summary>
    public required long Records { get; init; }

    /// <summary>Gets how many blobs there are.</summary>
    public required long Blobs { get; init; }

    /// <summary>Gets how large the blobs are together, in bytes.</summary>
    public required long BlobBytes { get; init; }
}

/// <summary>Represents the result of a compaction.</summary>
/// <param name="BytesBefore">The size before, log included.</param>
/// <param name="BytesAfter">The size after.</param>
public sealed record DataFileCompaction(long BytesBefore, long BytesAfter);
