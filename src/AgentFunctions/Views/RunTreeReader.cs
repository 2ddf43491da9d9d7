using AgentFunctions.Runs;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Views;

/// <summary>Reads trees of runs.</summary>
public sealed class RunTreeReader
{
    private readonly RunStore _runs;
    private readonly RunReader _reader;

    internal RunTreeReader(RunStore runs, RunReader reader)
    {
        _runs = runs;
        _reader = reader;
    }

    /// <summary>Gets a run with all runs below it, without their results.</summary>
    /// <param name="id">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>.</exception>
    public async Task<RunTree> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        RunRecord top = await _runs.GetAsync(id, cancellationToken).ConfigureAwait(false);
        Run run = await _reader.ReadAsync(top, false, cancellationToken).ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.RunNotFound, $"There is no run '{id}'.");
        IReadOnlyList<(RunRecord Record, Run? Run)> below = await BelowAsync(id, cancellationToken).ConfigureAwait(false);
        return Branch(top, run, below.ToLookup(static found => found.Record.Parent!));
    }

    private async Task<IReadOnlyList<(RunRecord Record, Run? Run)>> BelowAsync(string id, CancellationToken cancellationToken)
    {
        if (_reader.Index is { } index && await index.OpenAsync(id, _reader, cancellationToken).ConfigureAwait(false))
        {
            return await index.BelowAsync(_reader, id, cancellationToken).ConfigureAwait(false);
        }

        List<RunRecord> records = await _runs.ListDescendantsAsync(id, cancellationToken).ToListAsync(cancellationToken)
            .ConfigureAwait(false);
        return await InParallel.SelectAsync(
            records, async record => (record, await _reader.ReadAsync(record, false, cancellationToken).ConfigureAwait(false)),
            cancellationToken)
            .ConfigureAwait(false);
    }

    private RunTree Branch(RunRecord record, Run run, ILookup<string, (RunRecord Record, Run? Run)> byLead)
    {
        var children = new List<RunTree>();
        foreach ((RunRecord child, Run? childRun) in byLead[record.Id]
            .OrderBy(static child => child.Record.Origin?.Turn).ThenBy(static child => child.Record.Origin?.Call)
            .ThenBy(static child => child.Record.Origin?.Item))
        {
            children.Add(Branch(child, childRun ?? NotStarted(child, run), byLead));
        }

        return new RunTree(_reader.ViewOf(run), record.Origin?.Name, children);
    }

    /// <summary>One that waits for its turn; it never comes where the lead has ended.</summary>
    private static Run NotStarted(RunRecord record, Run lead) =>
        Run.Of(record) with { Status = lead.IsEnded ? RunStatus.Cancelled : RunStatus.Queued };
}
