using AgentFunctions.Loop;

namespace AgentFunctions.Runs;

/// <summary>Shows whole trees of runs.</summary>
public sealed class RunTreeReader(RunStore runs, RunReader reader)
{
    /// <summary>A run with all below it; results are left out.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<RunTree> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        RunRecord top = await runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        Run run = await reader.ReadAsync(top, false, cancellationToken).ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.RunNotFound, $"There is no run '{id}'.");
        var below = new List<RunRecord>();
        await foreach (RunRecord record in runs.ListDescendantsAsync(id, cancellationToken).ConfigureAwait(false))
        {
            below.Add(record);
        }

        return await BranchAsync(top, run, below.ToLookup(static record => record.Parent!), cancellationToken).ConfigureAwait(false);
    }

    private async Task<RunTree> BranchAsync(RunRecord record, Run run, ILookup<string, RunRecord> byLead, CancellationToken cancellationToken)
    {
        var children = new List<RunTree>();
        foreach (RunRecord child in byLead[record.Id]
            .OrderBy(static child => child.Origin?.Turn).ThenBy(static child => child.Origin?.Call).ThenBy(static child => child.Origin?.Item))
        {
            Run childRun = await reader.ReadAsync(child, false, cancellationToken).ConfigureAwait(false) ?? NotStarted(child, run);
            children.Add(await BranchAsync(child, childRun, byLead, cancellationToken).ConfigureAwait(false));
        }

        return new RunTree(reader.ViewOf(run), record.Origin?.Name, children);
    }

    /// <summary>One that waits for its turn; it never comes where the lead has ended.</summary>
    private static Run NotStarted(RunRecord record, Run lead) => new()
    {
        Id = record.Id,
        Agent = record.Agent,
        Model = record.Model,
        Goal = record.Goal,
        Labels = record.Labels,
        Priority = record.Priority,
        Parent = record.Parent,
        Status = lead.IsEnded ? RunStatus.Cancelled : RunStatus.Queued,
        CreatedAt = record.CreatedAt,
        UpdatedAt = record.CreatedAt,
    };
}
