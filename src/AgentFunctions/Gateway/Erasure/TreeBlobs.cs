using AgentFunctions.Records;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Deletes the content that only one tree uses.</summary>
internal sealed class TreeBlobs(IBlobStore blobs, ContentRefs refs)
{
    /// <summary>Takes a tree's use of a content back, and deletes the content if nobody else uses it.</summary>
    /// <param name="hash">The hash of the content.</param>
    /// <param name="root">The root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the work.</param>
    /// <returns>How many contents were deleted.</returns>
    public async Task<int> DropAsync(string hash, string root, CancellationToken cancellationToken)
    {
        await refs.RemoveAsync(hash, root, cancellationToken).ConfigureAwait(false);
        if (await refs.AnyAsync(hash, cancellationToken).ConfigureAwait(false)
            || await blobs.GetAsync(hash, cancellationToken).ConfigureAwait(false) is not { } content)
        {
            return 0;
        }

        await blobs.DeleteAsync(hash, cancellationToken).ConfigureAwait(false);
        if (await refs.AnyAsync(hash, cancellationToken).ConfigureAwait(false))
        {
            // Somebody has begun to keep the same meanwhile, and may have found it there.
            await blobs.PutAsync(content, cancellationToken).ConfigureAwait(false);
            return 0;
        }

        return 1;
    }
}
