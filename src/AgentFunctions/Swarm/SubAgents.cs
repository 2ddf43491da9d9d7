using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Swarm;

/// <summary>
/// The sub-agents of a run as it sees them: by the names that it was told, in the order in which it asked for them.
/// </summary>
internal sealed class SubAgents(RunStore runs, RunReader reader, TimeProvider time)
{
    /// <summary>How long a run that has reported may take until it is seen to have ended.</summary>
    private static readonly TimeSpan EndGrace = TimeSpan.FromMinutes(1);

    /// <summary>The sub-agents that a call has waited for, with the ends that their lead has heard of.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="names">Only these; <see langword="null"/> or none for all.</param>
    /// <param name="allowance">Says which ones are at work.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<SubAgent>> ListAwaitedAsync(
        string runId, IReadOnlyList<string>? names, SwarmAllowance allowance, CancellationToken cancellationToken)
    {
        var atWork = (allowance.AtWork ?? []).ToHashSet(StringComparer.Ordinal);
        SubAgent[] found = [.. await ListAsync(runId, names, cancellationToken).ConfigureAwait(false)];
        for (int index = 0; index < found.Length; index++)
        {
            if (found[index] is { Run: not null, IsEnded: false } child && !atWork.Contains(child.Name))
            {
                found[index] = await EndOfAsync(child, cancellationToken).ConfigureAwait(false);
            }
        }

        return found;
    }

    /// <summary>The sub-agents of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="names">Only these; <see langword="null"/> or none for all.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.SubAgentNotFound"/>.</exception>
    public async Task<IReadOnlyList<SubAgent>> ListAsync(string runId, IReadOnlyList<string>? names,
        CancellationToken cancellationToken)
    {
        var found = new List<SubAgent>();
        if (names is { Count: > 0 })
        {
            foreach (string name in names)
            {
                found.Add(await GetAsync(runId, name, cancellationToken).ConfigureAwait(false));
            }

            return found;
        }

        await foreach (RunRecord record in runs.ListDescendantsAsync(runId, cancellationToken).ConfigureAwait(false))
        {
            if (record.Parent == runId)
            {
                found.Add(await ReadAsync(record, cancellationToken).ConfigureAwait(false));
            }
        }

        return [.. found.OrderBy(static child => child.Turn).ThenBy(static child => child.Call)
            .ThenBy(static child => child.Item)];
    }

    /// <summary>A sub-agent of a run.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.SubAgentNotFound"/>.</exception>
    public async Task<SubAgent> GetAsync(string runId, string name, CancellationToken cancellationToken)
    {
        RunRecord? record = ChildName.TryParse(name, out _, out _, out _)
            ? await runs.FindAsync(ChildName.RunId(runId, name), cancellationToken).ConfigureAwait(false)
            : null;
        return record is null
            ? throw new AgentException(ErrorCode.SubAgentNotFound,
                $"There is no sub-agent '{name}'; use a name that {SwarmToolNames.Spawn} told you.")
            : await ReadAsync(record, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SubAgent> EndOfAsync(SubAgent child, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(EndGrace, time);
        using var grace = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await reader.WaitForEndAsync(child.RunId, grace.Token).ConfigureAwait(false);
            return await ReadAsync(child.Record, grace.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return child;
        }
    }

    private async Task<SubAgent> ReadAsync(RunRecord record, CancellationToken cancellationToken) =>
        new(record, await reader.ReadAsync(record, true, cancellationToken).ConfigureAwait(false));
}

/// <summary>A sub-agent as its lead sees it.</summary>
/// <param name="Record">What it was started with.</param>
/// <param name="Run">Where it stands; <see langword="null"/> while it waits for its turn.</param>
internal sealed record SubAgent(RunRecord Record, Run? Run)
{
    public string RunId => Record.Id;

    public string Name => ChildName.NameOf(Record.Id);

    public int Turn => Record.Origin?.Turn ?? 0;

    public int Call => Record.Origin?.Call ?? 0;

    public int? Item => Record.Origin?.Item;

    public bool IsEnded => Run?.IsEnded == true;

    public string StatusName => JsonNamingPolicy.CamelCase.ConvertName((Run?.Status ?? RunStatus.Queued).ToString());

    public string Answer => Run?.Result?.Text ?? "";

    /// <summary>The answer, with how it came to be where it is not a whole one, and the files that belong to it.</summary>
    public string Words
    {
        get
        {
            string how = Run?.Status is null or RunStatus.Completed ? "" : $"[It ended as {StatusName}: {Run.Error?.Message}]\n";
            string files = Run?.Result?.Artifacts is { Count: > 0 } names
                ? $"\n[Artifacts: {string.Join(", ", names.Take(20))}]"
                : "";
            string cut = Run?.Result?.Note is { } note ? $"[{note}]\n" : "";
            return how + cut + Answer + files;
        }
    }

    public bool IsOf(int turn, int call) => Turn == turn && Call == call;
}
