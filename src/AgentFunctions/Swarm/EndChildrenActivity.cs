using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Swarm;

/// <summary>
/// Ends sub-agents that did not end when they were told to: held ones, for instance, which hear nothing. A step ends a bounded
/// number, and enters in the run index whom it told, so that the next one, or the same one made again after a crash, goes on with
/// the others.
/// </summary>
internal sealed class EndChildrenActivity(IOrchestrationClient orchestrations, RunStore runs, RunReader reader)
{
    /// <summary>The most runs that one step ends.</summary>
    public const int MaxAtOnce = 50;

    /// <summary>Ends some of them.</summary>
    /// <returns>Whether that were all.</returns>
    public async Task<bool> RunAsync(ActivityContext context, EndChildrenInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        for (int room = MaxAtOnce; input.RunIds.Count > 0;)
        {
            if (reader.Index is not { } index
                || !await index.OpenAsync(input.RunIds[0], reader, cancellationToken).ConfigureAwait(false))
            {
                await EndRecordedAsync(input.RunIds, cancellationToken).ConfigureAwait(false);
                return true;
            }

            // Looked at again until nobody is left: who was not ended yet may have started others.
            IReadOnlyList<RunIndexRow> left = index.ToBeTold(input.RunIds);
            if (left.Count == 0 || room == 0)
            {
                return left.Count == 0;
            }

            RunIndexRow[] some = [.. left.Take(room)];
            await EndAsync(some.Select(static row => row.Id), cancellationToken).ConfigureAwait(false);
            await index.ToldAsync(some, cancellationToken).ConfigureAwait(false);
            room -= some.Length;
        }

        return true;
    }

    /// <summary>While the index is not whole, the records say who is there.</summary>
    private async Task EndRecordedAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var found = new List<string>(ids);
        foreach (string id in ids)
        {
            found.AddRange(await runs.ListDescendantsAsync(id, cancellationToken).Select(static run => run.Id)
                .ToListAsync(cancellationToken).ConfigureAwait(false));
        }

        await EndAsync(found, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends each by its id, leads before their sub-agents: a backend's own view of who is below whom may lag.</summary>
    private async Task EndAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        foreach (IGrouping<int, string> level in ids.GroupBy(LiveRuns.DepthOf).OrderBy(static level => level.Key))
        {
            await InParallel.ForEachAsync(level, id => EndAsync(id, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task EndAsync(string runId, CancellationToken cancellationToken)
    {
        try
        {
            await orchestrations.TerminateAsync(runId, null, recursive: false, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            // It is gone.
        }
    }
}
