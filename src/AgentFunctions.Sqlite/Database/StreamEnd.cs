namespace AgentFunctions.Sqlite.Database;

/// <summary>Where a stream ends.</summary>
/// <param name="Id">The number of the stream in the file.</param>
/// <param name="Length">The position that the next entry will get.</param>
internal readonly record struct StreamEnd(long Id, long Length);
