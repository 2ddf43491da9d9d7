namespace AgentFunctions.Tools.Workspaces;

/// <summary>One writer per file: the calls of a turn run at the same time, and two edits of one file must not lose one.</summary>
internal static class FileLocks
{
    // A fixed number of locks that paths share by their hash; two files that share one merely wait for each other.
    private static readonly SemaphoreSlim[] Stripes = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1, 1))];

    public static async Task<IDisposable> EnterAsync(string fullPath, CancellationToken cancellationToken)
    {
        uint hash = (uint)StringComparer.OrdinalIgnoreCase.GetHashCode(fullPath);
        SemaphoreSlim stripe = Stripes[hash % Stripes.Length];
        await stripe.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Holder(stripe);
    }

    private sealed class Holder(SemaphoreSlim stripe) : IDisposable
    {
        public void Dispose() => stripe.Release();
    }
}
