using System.Globalization;
using System.Text;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Runs;

/// <summary>The run trees whose content was erased, though they are kept: <c>emptied/ROOT</c>.</summary>
internal static class EmptiedRuns
{
    private const string Prefix = "emptied/";

    /// <summary>Gets the key of the record of a tree.</summary>
    /// <param name="runId">A run of the tree.</param>
    public static string KeyOf(string runId) => Prefix + ChildName.RootOf(runId);

    /// <summary>Gets the value of the record.</summary>
    /// <param name="at">When the content was erased.</param>
    public static byte[] Write(DateTimeOffset at) =>
        Encoding.ASCII.GetBytes($"\"{at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}\"");

    /// <summary>Gets when the content of a run was erased (UTC); <see langword="null"/> if it was not.</summary>
    /// <param name="records">The store.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static async Task<DateTimeOffset?> FindAsync(IRecordStore records, string runId,
        CancellationToken cancellationToken) =>
        await records.GetAsync(KeyOf(runId), cancellationToken).ConfigureAwait(false) is { } record
        && DateTimeOffset.TryParse(
            Encoding.ASCII.GetString(record.Value.Span).Trim('"'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset at)
            ? at : null;
}
