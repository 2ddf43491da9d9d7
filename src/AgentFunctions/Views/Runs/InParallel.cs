namespace AgentFunctions.Views.Runs;

/// <summary>Does many things with stores and orchestrations at once, a bounded number at a time.</summary>
internal static class InParallel
{
    private const int MaxAtOnce = 16;

    /// <summary>Reads a value for each item.</summary>
    /// <returns>The values in the order of their items.</returns>
    public static async Task<TResult[]> SelectAsync<T, TResult>(IReadOnlyList<T> items, Func<T, Task<TResult>> read,
        CancellationToken cancellationToken)
    {
        var results = new TResult[items.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, items.Count, options,
            async (index, _) => results[index] = await read(items[index]).ConfigureAwait(false)).ConfigureAwait(false);
        return results;
    }

    /// <summary>Does something with each item.</summary>
    public static Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> act, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
        items, new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancellationToken },
        async (item, _) => await act(item).ConfigureAwait(false));
}
