using System.Globalization;
using AgentFunctions.Diagnostics;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Sqlite.Operations;

/// <summary>Looks at the room that is left where the data file is.</summary>
internal sealed class DiskReadiness(IOptions<SqliteEngineOptions> options) : IReadinessCheck
{
    private const long Least = 16L * 1024 * 1024;
    private const long Little = 256L * 1024 * 1024;

    public Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ReadinessItem>>(
        options.Value.DataFile == SqliteEngineOptions.InMemory ? [] : [Judge(Free(options.Value.DataFile))]);

    /// <summary>Judges the room that is left.</summary>
    /// <param name="free">The bytes; <see langword="null"/> if the system does not tell.</param>
    internal static ReadinessItem Judge(long? free) => free switch
    {
        null or >= Little => new ReadinessItem("disk"),
        < Least => new ReadinessItem("disk", ReadinessStatus.Failed, $"{Left(free.Value)} Make room, or move the data."),
        _ => new ReadinessItem("disk", ReadinessStatus.Degraded, $"{Left(free.Value)} Make room soon."),
    };

    private static string Left(long free) =>
        string.Create(CultureInfo.InvariantCulture, $"The disk of the data file has {free / (1024.0 * 1024):0.0} MiB left.");

    private static long? Free(string dataFile)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(dataFile))!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
