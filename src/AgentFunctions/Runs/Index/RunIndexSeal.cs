using System.Buffers.Text;
using System.Text;
using AgentFunctions.Keys;

namespace AgentFunctions.Runs.Index;

/// <summary>
/// Seals the texts of the index under the key of their run tree. The logs of the index are shared by many trees and are never
/// rewritten, so a text in them goes with its key.
/// </summary>
internal sealed class RunIndexSeal(TreeKeys keys)
{
    /// <summary>Gets an entry as it is stored.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<RunIndexEntry> CloseAsync(RunIndexEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Run?.Goal is null && entry.End?.Message is null)
        {
            return entry;
        }

        TreeKey? key = await keys.TryGetAsync(TreeKeys.RootOf(entry.Id), cancellationToken).ConfigureAwait(false);
        return entry with
        {
            Run = entry.Run is { Goal: { } goal } run
                ? run with { Goal = null, SealedGoal = Close(key, goal, entry.Id), HasMore = key is null ? true : run.HasMore }
                : entry.Run,
            End = entry.End is { Message: { } message } end
                ? end with
                {
                    Message = null,
                    SealedMessage = Close(key, message, entry.Id),
                    HasMore = key is null
                    ? true
                    : end.HasMore
                }
                : entry.End,
        };
    }

    /// <summary>Gets what is known of a start with its goal; if that cannot be read, the record has to be asked.</summary>
    public async ValueTask<IndexedRun> OpenAsync(string id, IndexedRun run, CancellationToken cancellationToken) =>
        run.SealedGoal is { } text
        ? await OpenAsync(id, text, cancellationToken).ConfigureAwait(false) is { } goal
            ? run with { Goal = goal, SealedGoal = null }
            : run with { HasMore = true }
        : run;

    /// <summary>
    /// Gets what is known of an end with its message; if that cannot be read, the orchestration has to be asked.
    /// </summary>
    public async ValueTask<IndexedEnd> OpenAsync(string id, IndexedEnd end, CancellationToken cancellationToken) =>
        end.SealedMessage is { } text
        ? await OpenAsync(id, text, cancellationToken).ConfigureAwait(false) is { } message
            ? end with { Message = message, SealedMessage = null }
            : end with { HasMore = true }
        : end;

    private static string? Close(TreeKey? key, string text, string id) =>
        key is null ? null : Base64Url.EncodeToString(key.Seal(Encoding.UTF8.GetBytes(text), Place(id)));

    private async ValueTask<string?> OpenAsync(string id, string text, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.FindAsync(TreeKeys.RootOf(id), cancellationToken).ConfigureAwait(false) is { } key
                && key.Open(Base64Url.DecodeFromChars(text), Place(id)) is { } plain ? Encoding.UTF8.GetString(plain) : null;
        }
        catch (Exception e) when (e is FormatException or AgentException { Code: ErrorCode.DataFileUnusable })
        {
            return null;
        }
    }

    private static byte[] Place(string id) => Encoding.UTF8.GetBytes($"index\n{id}");
}
