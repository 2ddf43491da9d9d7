using AgentFunctions.Runs;

namespace AgentFunctions.Views.Runs;

/// <summary>Finds the runs that a run continues from by forks and rewinds, and the runs that continue from it.</summary>
public sealed class RunFamilies
{
    /// <summary>The most ancestors, and the most descendants.</summary>
    internal const int MaxRelatives = 200;

    private readonly RunReader _reader;
    private readonly RunStore _runs;

    internal RunFamilies(RunReader reader, RunStore runs) => (_reader, _runs) = (reader, runs);

    /// <summary>Gets the family of a run.</summary>
    /// <param name="id">The run.</param>
    /// <param name="requester">Only relatives that this caller asked for; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<RunFamily> GetAsync(string id, string? requester = null, CancellationToken cancellationToken = default)
    {
        RunRecord run = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        var ancestors = new List<RunRelative>();
        while (run.ForkedFrom is { } origin && ancestors.Count < MaxRelatives)
        {
            if (await _runs.FindAsync(origin.Run, cancellationToken).ConfigureAwait(false) is not { } above)
            {
                ancestors.Add(new RunRelative(origin.Run, run.Id, origin.Turn, origin.IsRewind, null));
                break;
            }

            if (requester is not null && above.Requester != requester)
            {
                break;
            }

            Run? shown = await _reader.FindAsync(above.Id, cancellationToken).ConfigureAwait(false);
            ancestors.Add(new RunRelative(above.Id, run.Id, origin.Turn, origin.IsRewind, shown));
            run = above;
        }

        return new RunFamily(ancestors, await BelowAsync(id, requester, cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<RunRelative>> BelowAsync(string id, string? requester, CancellationToken cancellationToken)
    {
        ILookup<string, (string Id, ForkOrigin Origin)> forks = (await ForksAsync(requester, cancellationToken)
            .ConfigureAwait(false))
            .ToLookup(static fork => fork.Origin.Run, StringComparer.Ordinal);
        var found = new List<RunRelative>();
        var open = new Queue<string>([id]);
        while (open.TryDequeue(out string? from))
        {
            foreach ((string fork, ForkOrigin origin) in forks[from].OrderByDescending(static fork => fork.Id,
                StringComparer.Ordinal))
            {
                if (found.Count == MaxRelatives)
                {
                    return found;
                }

                open.Enqueue(fork);
                Run? shown = await _reader.FindAsync(fork, cancellationToken).ConfigureAwait(false);
                found.Add(new RunRelative(fork, from, origin.Turn, origin.IsRewind, shown));
            }
        }

        return found;
    }

    private async Task<IReadOnlyList<(string Id, ForkOrigin Origin)>> ForksAsync(string? requester,
        CancellationToken cancellationToken)
    {
        var found = new List<(string Id, ForkOrigin Origin)>();
        var filter = new RunFilter { Requester = requester };
        if (_reader.Index is { } index && await index.OpenAsync(_reader, cancellationToken).ConfigureAwait(false))
        {
            foreach (RunIndexRow row in index.RowsOf(filter, null))
            {
                if (row.Run is null or { ForkedFrom: not null })
                {
                    // A row that lacks something, or has a masked requester, is judged by its record.
                    RunRecord? record = row.TellsAll
                        ? row.Run!.ToRecord(row.Id)
                        : await _runs.FindAsync(row.Id, cancellationToken).ConfigureAwait(false);
                    if (record?.ForkedFrom is { } origin && filter.Matches(record))
                    {
                        found.Add((row.Id, origin));
                    }
                }
            }

            return found;
        }

        await foreach ((RunRecord record, _) in _reader.ListWithRecordsAsync(filter, cancellationToken).ConfigureAwait(false))
        {
            if (record.ForkedFrom is { } origin)
            {
                found.Add((record.Id, origin));
            }
        }

        return found;
    }
}

/// <summary>Represents the runs that a run is related to by forks and rewinds.</summary>
/// <param name="Ancestors">The runs that it continues from, the nearest first.</param>
/// <param name="Descendants">The runs that continue from it, those that are nearest first; at most 200.</param>
public sealed record RunFamily(IReadOnlyList<RunRelative> Ancestors, IReadOnlyList<RunRelative> Descendants);

/// <summary>Represents a fork or a rewind.</summary>
/// <param name="Id">The relative.</param>
/// <param name="Of">
/// The run next to it on the way to the run that was asked about: for an ancestor the fork, for a descendant its origin.
/// </param>
/// <param name="Turn">The last turn that was taken over.</param>
/// <param name="IsRewind">Whether it was a rewind, so that the origin ended.</param>
/// <param name="Run">The relative as it stands; <see langword="null"/> if it is gone.</param>
public sealed record RunRelative(string Id, string Of, int Turn, bool IsRewind, Run? Run);
