using AgentFunctions.Durability;
using AgentFunctions.Loop;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>The phases of an erasure in their order.</summary>
internal sealed class ErasePhases(IEnumerable<IErasePhase> phases, ErasureNotices notices)
{
    /// <summary>
    /// Gets the order. From <see cref="MarkPhase"/> on nobody sees the tree. What later phases look up goes last: the records of
    /// the runs.
    /// </summary>
    public static IReadOnlyList<string> All { get; } =
        [EndPhase.Name, MarkPhase.Name, IndexPhase.Name, KeyPhase.Name, InstancesPhase.Name, RefsPhase.Name, WorkspacePhase.Name,
            SharedPhase.Name, RecordsPhase.Name, DonePhase.Name];

    /// <summary>Gets the order if only what was said and done goes, and the tree is kept.</summary>
    public static IReadOnlyList<string> OfContent { get; } = [EmptyPhase.Name, RefsPhase.Name, ContentPhase.Name,
        WorkspacePhase.Name, ReclaimPhase.Name];

    private readonly Dictionary<string, IErasePhase> _phases = phases.ToDictionary(static phase => phase.Name,
        StringComparer.Ordinal);

    /// <summary>Does a step of a phase.</summary>
    /// <param name="context">The step.</param>
    /// <param name="input">What is to be done.</param>
    public async Task<EraseProgress> RunAsync(ActivityContext context, EraseInput input)
    {
        EraseProgress progress = await _phases[input.Phase].RunAsync(input, context.CancellationToken).ConfigureAwait(false);
        if (progress.Waits is { } obstacle)
        {
            await notices.WaitsAsync(input, obstacle, context.CancellationToken).ConfigureAwait(false);
        }

        // Where a phase ended is not where the next one begins.
        return progress.HasMore ? progress : progress with { Cursor = null };
    }
}
