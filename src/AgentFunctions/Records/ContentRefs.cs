using System.Security.Cryptography;
using AgentFunctions.Core;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>
/// Which run trees use a content: <c>refs/HASH/ROOT</c>. Equal content is kept once, so it goes with the last tree that uses it.
/// </summary>
internal sealed class ContentRefs(IRecordStore records)
{
    /// <summary>What the names of references begin with.</summary>
    public const string Prefix = "refs/";

    /// <summary>Notes that a run uses a content: before the content is kept, so that nobody takes it away in between.</summary>
    /// <param name="hash">The hash of the content.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task AddAsync(string hash, string runId, CancellationToken cancellationToken) =>
        records.PutAsync(Key(hash, ChildName.RootOf(runId)), ReadOnlyMemory<byte>.Empty, default, cancellationToken);

    /// <summary>Forgets that a tree uses a content.</summary>
    /// <param name="hash">The hash of the content.</param>
    /// <param name="root">The root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task RemoveAsync(string hash, string root, CancellationToken cancellationToken) =>
        records.DeleteAsync(Key(hash, root), default, cancellationToken);

    /// <summary>Determines whether any tree uses a content.</summary>
    /// <param name="hash">The hash of the content.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<bool> AnyAsync(string hash, CancellationToken cancellationToken)
    {
        await foreach (StoredRecord _ in records.ListAsync($"{Prefix}{hash}/", null, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        return false;
    }

    /// <summary>Determines whether another tree uses a content.</summary>
    /// <param name="hash">The hash of the content.</param>
    /// <param name="root">The root of the tree that is not meant.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<bool> OthersAsync(string hash, string root, CancellationToken cancellationToken)
    {
        await foreach (StoredRecord other in records.ListAsync($"{Prefix}{hash}/", null, cancellationToken).ConfigureAwait(false))
        {
            if (other.Key != Key(hash, root))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gets the hash under which a content is kept.</summary>
    /// <param name="content">The content.</param>
    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Key(string hash, string root) => $"{Prefix}{hash}/{root}";
}
